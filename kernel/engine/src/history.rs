use std::collections::VecDeque;

use perilune_wire::content::{HistoryAccess, HistoryEntry, HistoryRequest, HistoryValue};
use wildmatch::WildMatch;

/// What was run in this kernel of late, oldest first.
pub(crate) struct History {
    entries: VecDeque<Entry>,
    bytes: usize,
}

/// Beyond either of these the oldest entry is forgotten.
const MOST_ENTRIES: usize = 1_000;
const MOST_BYTES: usize = 4 << 20;

struct Entry {
    line: u64,
    input: String,
    output: Option<String>,
}

/// This kernel is the only session there is.
const SESSION: u64 = 1;

impl History {
    pub(crate) fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
        }
    }

    pub(crate) fn add(&mut self, line: u64, input: String, output: Option<String>) {
        let entry = Entry {
            line,
            input,
            output,
        };
        self.bytes += entry.size();
        self.entries.push_back(entry);
        while self.bytes > MOST_BYTES || self.entries.len() > MOST_ENTRIES {
            let Some(forgotten) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= forgotten.size();
        }
    }

    pub(crate) fn select(&self, request: &HistoryRequest) -> Vec<HistoryEntry> {
        let found: Vec<&Entry> = match &request.access {
            HistoryAccess::Tail { n } => last(self.entries.iter().collect(), *n),
            HistoryAccess::Range {
                session,
                start,
                stop,
            } => self.range(*session, *start, *stop),
            HistoryAccess::Search { pattern, n, unique } => {
                self.search(pattern.as_deref(), *n, unique.unwrap_or(false))
            }
        };
        found
            .into_iter()
            .map(|entry| entry.answer(request.output))
            .collect()
    }

    fn range(&self, session: Option<i64>, start: Option<i64>, stop: Option<i64>) -> Vec<&Entry> {
        if !matches!(session.unwrap_or(0), 0 | 1) {
            return Vec::new();
        }
        let start = start.unwrap_or(0);
        let stop = stop.unwrap_or(i64::MAX);
        let within = |entry: &&Entry| {
            i64::try_from(entry.line).is_ok_and(|line| (start..stop).contains(&line))
        };
        self.entries.iter().filter(within).collect()
    }

    fn search(&self, pattern: Option<&str>, n: Option<usize>, unique: bool) -> Vec<&Entry> {
        let pattern = WildMatch::new(pattern.unwrap_or("*"));
        let mut seen = std::collections::HashSet::new();
        let mut found: Vec<&Entry> = self
            .entries
            .iter()
            .rev()
            .filter(|entry| pattern.matches(&entry.input))
            .filter(|entry| !unique || seen.insert(entry.input.as_str()))
            .collect();
        found.reverse();
        last(found, n)
    }
}

impl Entry {
    fn size(&self) -> usize {
        self.input.len() + self.output.as_ref().map_or(0, String::len)
    }

    fn answer(&self, with_output: bool) -> HistoryEntry {
        let input = self.input.clone();
        let value = if with_output {
            HistoryValue::InputOutput(input, self.output.clone())
        } else {
            HistoryValue::Input(input)
        };
        HistoryEntry(SESSION, self.line, value)
    }
}

fn last(mut entries: Vec<&Entry>, n: Option<usize>) -> Vec<&Entry> {
    match n {
        Some(n) => entries.split_off(entries.len().saturating_sub(n)),
        None => entries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let mut history = History::new();
        for (line, input) in [(1, "a = 1"), (2, "print(a)"), (3, "a = 1"), (4, "b")] {
            history.add(
                line,
                input.to_owned(),
                (line == 4).then(|| "nil".to_owned()),
            );
        }
        history
    }

    fn lines(request: &str) -> Vec<u64> {
        let request = serde_json::from_str(request).unwrap();
        history()
            .select(&request)
            .into_iter()
            .map(|entry| entry.1)
            .collect()
    }

    #[test]
    fn the_tail_is_the_newest_oldest_first() {
        assert_eq!(lines(r#"{"hist_access_type":"tail","n":2}"#), [3, 4]);
        assert_eq!(lines(r#"{"hist_access_type":"tail"}"#), [1, 2, 3, 4]);
    }

    #[test]
    fn a_range_ends_before_its_stop() {
        let request = r#"{"hist_access_type":"range","session":0,"start":2,"stop":4}"#;
        assert_eq!(lines(request), [2, 3]);
        assert_eq!(
            lines(r#"{"hist_access_type":"range","session":0,"start":3}"#),
            [3, 4]
        );
        assert!(lines(r#"{"hist_access_type":"range","session":-1,"start":1}"#).is_empty());
    }

    #[test]
    fn a_search_takes_patterns_and_can_leave_out_repetitions() {
        let search = |rest: &str| lines(&format!(r#"{{"hist_access_type":"search",{rest}}}"#));
        assert_eq!(search(r#""pattern":"a*""#), [1, 3]);
        assert_eq!(search(r#""pattern":"a*","unique":true"#), [3]);
        assert_eq!(search(r#""pattern":"*","n":1"#), [4]);
    }

    #[test]
    fn the_oldest_are_forgotten_when_there_are_too_many_or_they_are_too_large() {
        let mut history = History::new();
        for line in 1..=2_000 {
            history.add(line, "x".to_owned(), None);
        }
        assert_eq!(history.entries.len(), MOST_ENTRIES);
        assert_eq!(history.entries[0].line, 1_001);
        for line in 2_001..=2_009 {
            history.add(line, "y".repeat(1 << 20), None);
        }
        assert!(history.bytes <= MOST_BYTES);
        assert_eq!(history.entries.back().map(|entry| entry.line), Some(2_009));
    }

    #[test]
    fn outputs_come_when_asked_for() {
        let request =
            serde_json::from_str(r#"{"hist_access_type":"tail","n":1,"output":true}"#).unwrap();
        let found = serde_json::to_string(&history().select(&request)).unwrap();
        assert_eq!(found, r#"[[1,4,["b","nil"]]]"#);
    }
}
