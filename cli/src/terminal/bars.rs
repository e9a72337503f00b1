use std::collections::HashMap;

use perilune_client::event::Display;

/// What the kernel describes a progress bar in (`kernel/lua/src/progress/bar.rs`).
const MIME: &str = "application/vnd.perilune.progress+json";
/// For how many seconds a loop within a loop has run when a log begins to tell of it, and how
/// often a log tells of a loop without a known end.
const LONG: f64 = 10.0;

/// How far a loop is, as the kernel says.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    id: String,
    /// A line for a person, bar and all.
    text: String,
    done: f64,
    total: Option<f64>,
    elapsed: f64,
    depth: u64,
    has_ended: bool,
}

impl Progress {
    /// The bar that a display is, if it is one.
    pub fn of(display: &Display) -> Option<Self> {
        let data = display.data.get(MIME)?;
        Some(Self {
            id: display.id()?.to_owned(),
            text: display.data.get("text/plain")?.as_str()?.to_owned(),
            done: data["done"].as_f64()?,
            total: data["total"].as_f64(),
            elapsed: data["elapsed"].as_f64()?,
            depth: data["depth"].as_u64()?,
            has_ended: data["state"] != "running",
        })
    }
}

/// The bars at the end of a terminal, outermost first. They stay there until the outermost loop
/// has ended.
#[derive(Debug, Default)]
pub struct Bars {
    live: Vec<Progress>,
}

impl Bars {
    /// Takes news of a bar. Returns the lines that nothing will change any more.
    pub fn take(&mut self, news: Progress) -> Vec<String> {
        let is_over = news.has_ended && news.depth == 1;
        match self.live.iter_mut().find(|bar| bar.id == news.id) {
            Some(bar) => *bar = news,
            None => {
                let place = self.live.iter().position(|bar| bar.depth > news.depth);
                self.live.insert(place.unwrap_or(self.live.len()), news);
            }
        }
        if is_over { self.end() } else { Vec::new() }
    }

    /// What they say at last.
    pub fn end(&mut self) -> Vec<String> {
        self.live.drain(..).map(|bar| bar.text).collect()
    }

    /// What they say now.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.live.iter().map(|bar| bar.text.as_str())
    }
}

/// What a log has been told of bars: a line for each tenth.
#[derive(Debug, Default)]
pub struct Logged {
    told: HashMap<String, Told>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Told {
    /// Tenths, or where the end is unknown, how often [`LONG`] has passed.
    steps: u64,
    done: f64,
    has_said: bool,
}

impl Logged {
    /// Takes news of a bar, and returns the line that it is worth, if it is worth one.
    pub fn take(&mut self, news: Progress) -> Option<String> {
        let mut told = self.told.remove(&news.id).unwrap_or_default();
        if news.done < told.done {
            // The next round of a loop around it.
            told = Told::default();
        }
        told.done = news.done;
        let steps = match news.total {
            Some(total) if total > 0.0 => (news.done / total * 10.0 + 1e-9).floor() as u64,
            Some(_) => 10,
            None => (news.elapsed / LONG).floor() as u64,
        };
        let is_long = news.depth == 1 || news.elapsed >= LONG;
        let is_news = if news.has_ended {
            // What was said to be all of it needs no end.
            (is_long || told.has_said) && !(news.total.is_some() && told.steps >= 10)
        } else {
            is_long && steps > told.steps
        };
        // What was said at 100 % is not said again when the loop ends a moment later.
        told.steps = if news.has_ended {
            steps
        } else {
            steps.max(told.steps)
        };
        told.has_said |= is_news;
        if !news.has_ended {
            self.told.insert(news.id, told);
        }
        is_news.then_some(news.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(
        id: &str,
        depth: u64,
        done: f64,
        total: Option<f64>,
        elapsed: f64,
        has_ended: bool,
    ) -> Progress {
        Progress {
            id: id.to_owned(),
            text: format!("{id} {done}"),
            done,
            total,
            elapsed,
            depth,
            has_ended,
        }
    }

    #[test]
    fn bars_stay_until_the_outermost_has_ended() {
        let mut bars = Bars::default();
        assert!(bars.take(at("a", 1, 0.0, Some(2.0), 0.0, false)).is_empty());
        assert!(bars.take(at("b", 2, 5.0, Some(5.0), 0.0, true)).is_empty());
        assert_eq!(bars.lines().collect::<Vec<_>>(), ["a 0", "b 5"]);
        assert_eq!(
            bars.take(at("a", 1, 2.0, Some(2.0), 1.0, true)),
            ["a 2", "b 5"]
        );
        assert_eq!(bars.lines().count(), 0);
    }

    #[test]
    fn a_log_has_a_line_for_each_tenth_and_the_end() {
        let mut logged = Logged::default();
        let done = [0.0, 4.0, 10.0, 11.0, 35.0, 39.0, 99.0];
        let mut lines: Vec<_> = done
            .iter()
            .filter_map(|done| logged.take(at("a", 1, *done, Some(100.0), 1.0, false)))
            .collect();
        lines.extend(logged.take(at("a", 1, 100.0, Some(100.0), 1.0, true)));
        assert_eq!(lines, ["a 10", "a 35", "a 99", "a 100"]);
    }

    #[test]
    fn a_log_tells_of_an_end_before_the_end() {
        let mut logged = Logged::default();
        assert!(
            logged
                .take(at("a", 1, 3.0, Some(100.0), 1.0, false))
                .is_none()
        );
        assert!(
            logged
                .take(at("a", 1, 3.0, Some(100.0), 1.0, true))
                .is_some()
        );
    }

    #[test]
    fn a_log_tells_of_a_loop_within_a_loop_when_it_is_long() {
        let mut logged = Logged::default();
        assert!(
            logged
                .take(at("b", 2, 5.0, Some(10.0), 1.0, false))
                .is_none()
        );
        assert!(
            logged
                .take(at("b", 2, 10.0, Some(10.0), 2.0, true))
                .is_none()
        );
        assert!(
            logged
                .take(at("b", 2, 5.0, Some(10.0), 11.0, false))
                .is_some()
        );
        assert!(
            logged
                .take(at("b", 2, 1.0, Some(10.0), 0.1, false))
                .is_none(),
            "the next round"
        );
    }

    #[test]
    fn a_log_tells_of_a_loop_without_a_known_end_now_and_then() {
        let mut logged = Logged::default();
        let times = [1.0, 9.0, 10.5, 19.0, 31.0];
        let lines = times.map(|elapsed| logged.take(at("a", 1, elapsed, None, elapsed, false)));
        assert_eq!(
            lines.map(|line| line.is_some()),
            [false, false, true, false, true]
        );
    }
}
