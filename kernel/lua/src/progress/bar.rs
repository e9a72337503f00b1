use std::fmt::Write;

use perilune_language::MimeBundle;
use serde_json::json;

use crate::html::escape;

/// What `perilune run` draws a bar from.
const MIME: &str = "application/vnd.perilune.progress+json";
/// How long the bar of the text is, in characters.
const LENGTH: usize = 20;

/// How far a loop is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) label: Option<String>,
    pub(super) done: f64,
    /// How much there is to do, where that is known.
    pub(super) total: Option<f64>,
    /// In seconds.
    pub(super) elapsed: f64,
    /// How much is done in a second lately, where that is known.
    pub(super) rate: Option<f64>,
    pub(super) state: State,
    /// 1 for a loop in no other, 2 for one in that, ...
    pub(super) depth: usize,
}

/// Whether a loop runs, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Running,
    /// To its end.
    Finished,
    /// By `break`, `return` or `goto`.
    Stopped,
    /// By an error.
    Failed,
    Interrupted,
}

impl State {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "finished" => Self::Finished,
            "stopped" => Self::Stopped,
            "failed" => Self::Failed,
            _ => Self::Running,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl Bar {
    pub(super) fn bundle(&self) -> MimeBundle {
        let data = json!({
            "label": self.label,
            "done": number(self.done),
            "total": self.total.map(number),
            "elapsed": round(self.elapsed),
            "rate": self.rate().map(round),
            "remaining": self.remaining().map(round),
            "state": self.state.name(),
            "depth": self.depth,
        });
        MimeBundle::plain(self.text())
            .with("text/html", self.html())
            .with(MIME, data)
    }

    /// How much of it is done, from 0 to 1.
    fn part(&self) -> Option<f64> {
        let total = self.total?;
        Some(if total > 0.0 {
            (self.done / total).clamp(0.0, 1.0)
        } else {
            1.0
        })
    }

    /// Of the whole loop once it has ended, before that lately.
    fn rate(&self) -> Option<f64> {
        let mean = (self.elapsed > 0.0 && self.done > 0.0).then(|| self.done / self.elapsed);
        match self.state {
            State::Running => self.rate.or(mean),
            _ => mean,
        }
    }

    /// In seconds.
    fn remaining(&self) -> Option<f64> {
        let left = (self.total? - self.done).max(0.0);
        let rate = self.rate().filter(|rate| *rate > 0.0)?;
        (self.state == State::Running).then_some(left / rate)
    }

    fn percent(&self) -> Option<String> {
        // 100 % is said of what is done, and of nothing that is nearly so.
        Some(format!("{}%", (self.part()? * 100.0 + 1e-9).floor()))
    }

    fn count(&self) -> String {
        match self.total {
            Some(total) => format!("{}/{}", number(self.done), number(total)),
            None => number(self.done).to_string(),
        }
    }

    /// Time and rate, and the word for an end before the end.
    fn times(&self, less: &str) -> String {
        let mut text = duration(self.elapsed);
        if let Some(remaining) = self.remaining() {
            let _ = write!(text, "{less}{}", duration(remaining));
        }
        if let Some(rate) = self.rate() {
            let _ = write!(text, ", {}", rate_text(rate));
        }
        text
    }

    fn ending(&self) -> Option<&'static str> {
        match self.state {
            State::Running | State::Finished => None,
            state => Some(state.name()),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if let Some(label) = &self.label {
            let _ = write!(text, "{}: ", label.replace(char::is_control, " "));
        }
        if let (Some(percent), Some(part)) = (self.percent(), self.part()) {
            let _ = write!(text, "{percent:>4}|{}| ", blocks(part));
        }
        let _ = write!(text, "{} [{}]", self.count(), self.times("<"));
        if let Some(ending) = self.ending() {
            let _ = write!(text, " {ending}");
        }
        text
    }

    /// The page's own bar, in the page's own colours.
    fn html(&self) -> String {
        let mut html = "<div class=\"perilune-progress\" \
                        style=\"font-variant-numeric: tabular-nums\">"
            .to_owned();
        if let Some(label) = &self.label {
            let _ = write!(html, "{} ", escape(label));
        }
        if let Some(part) = self.part() {
            let _ = write!(
                html,
                "<progress max=\"1\" value=\"{part:.4}\" style=\"width: 20em\"></progress> "
            );
        }
        if let Some(percent) = self.percent() {
            let _ = write!(html, "{percent} ");
        }
        let _ = write!(html, "{} [{}]", self.count(), self.times(" &lt; "));
        if let Some(ending) = self.ending() {
            let _ = write!(html, " <em>{ending}</em>");
        }
        html.push_str("</div>");
        html
    }
}

/// A count as JSON and people write it: whole where it is.
fn number(count: f64) -> serde_json::Number {
    if count.fract() == 0.0 && count.abs() < 9e15 {
        return (count as i64).into();
    }
    serde_json::Number::from_f64(round(count)).unwrap_or_else(|| 0.into())
}

fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// A bar of eighths.
fn blocks(part: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (part * (LENGTH * 8) as f64).floor() as usize;
    let mut text = "█".repeat(eighths / 8);
    text.push_str(EIGHTHS[eighths % 8]);
    let filled = eighths.div_ceil(8);
    text.push_str(&" ".repeat(LENGTH - filled));
    text
}

/// `mm:ss`, with hours from the first on.
fn duration(seconds: f64) -> String {
    let seconds = seconds.min(1e9).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// How much in a second, or if that is less than one, how many seconds each takes.
fn rate_text(rate: f64) -> String {
    let scaled = |number: f64| match number {
        number if number >= 99.95 => format!("{number:.0}"),
        number if number >= 9.995 => format!("{number:.1}"),
        number => format!("{number:.2}"),
    };
    match rate {
        rate if rate < 1.0 => format!("{} s each", scaled(1.0 / rate)),
        rate if rate < 9_999.5 => format!("{}/s", scaled(rate)),
        rate if rate < 999_950.0 => format!("{}k/s", scaled(rate / 1e3)),
        rate => format!("{}M/s", scaled(rate / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(done: f64, total: Option<f64>, elapsed: f64, state: State) -> Bar {
        Bar {
            label: Some("load".to_owned()),
            done,
            total,
            elapsed,
            rate: None,
            state,
            depth: 1,
        }
    }

    #[test]
    fn a_bar_says_how_far_it_is_how_fast_and_how_long_it_will_take() {
        let running = bar(45.0, Some(100.0), 3.0, State::Running);
        assert_eq!(
            running.text(),
            "load:  45%|█████████           | 45/100 [00:03<00:04, 15.0/s]"
        );
        assert_eq!(
            running.html(),
            "<div class=\"perilune-progress\" style=\"font-variant-numeric: tabular-nums\">load \
             <progress max=\"1\" value=\"0.4500\" style=\"width: 20em\"></progress> 45% 45/100 \
             [00:03 &lt; 00:04, 15.0/s]</div>"
        );
        assert_eq!(
            running.bundle().data[MIME],
            json!({
                "label": "load", "done": 45, "total": 100, "elapsed": 3.0, "rate": 15.0,
                "remaining": 3.667, "state": "running", "depth": 1,
            })
        );
    }

    #[test]
    fn an_end_before_the_end_is_named() {
        let texts = [
            State::Finished,
            State::Stopped,
            State::Failed,
            State::Interrupted,
        ]
        .map(|state| bar(1.0, Some(4.0), 2.0, state).text());
        assert_eq!(
            texts.map(|mut text| text.split_off(text.find('[').unwrap())),
            [
                "[00:02, 2.00 s each]",
                "[00:02, 2.00 s each] stopped",
                "[00:02, 2.00 s each] failed",
                "[00:02, 2.00 s each] interrupted",
            ]
        );
    }

    #[test]
    fn what_has_no_known_end_is_counted() {
        let counted = bar(12.0, None, 3.0, State::Running);
        assert_eq!(counted.text(), "load: 12 [00:03, 4.00/s]");
        assert!(!counted.html().contains("<progress"));
        assert_eq!(counted.bundle().data[MIME]["total"], json!(null));
    }

    #[test]
    fn nothing_of_nothing_is_all_of_it_and_nearly_all_is_not() {
        let text = |done, total| bar(done, Some(total), 0.0, State::Running).text();
        assert_eq!(
            text(0.0, 0.0),
            "load: 100%|████████████████████| 0/0 [00:00]"
        );
        assert!(text(999.0, 1000.0).starts_with("load:  99%|███████████████████▉|"));
        assert!(text(29.0, 100.0).starts_with("load:  29%|"));
        assert!(text(12.0, 10.0).starts_with("load: 100%|"));
    }

    #[test]
    fn times_and_rates_are_short() {
        assert_eq!(
            [59.6, 3599.0, 36_610.0].map(duration),
            ["01:00", "59:59", "10:10:10"]
        );
        assert_eq!(
            [0.25, 1.0, 99.96, 1234.0, 123_456.0, 2e7].map(rate_text),
            [
                "4.00 s each",
                "1.00/s",
                "100/s",
                "1234/s",
                "123k/s",
                "20.0M/s"
            ]
        );
    }

    #[test]
    fn a_label_is_text() {
        let labelled = Bar {
            label: Some("<b>\n\u{1b}[31m".to_owned()),
            ..bar(1.0, None, 1.0, State::Running)
        };
        assert!(labelled.html().contains("&lt;b&gt;"));
        assert!(labelled.text().starts_with("<b>  [31m: 1 ["));
    }
}
