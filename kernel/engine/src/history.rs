use std::time::SystemTime;

use perilune_history::{Entry, Found, Options, Query, Recorder, SessionChoice};
use perilune_wire::content::{HistoryAccess, HistoryEntry, HistoryRequest, HistoryValue};

/// The history of a kernel that has these options, and none where there are none.
pub(crate) fn recorder(options: Option<Options>) -> Recorder {
    options.map_or_else(Recorder::off, Recorder::new)
}

/// A cell that has run.
pub(crate) fn entry(line: u64, input: String, output: Option<String>) -> Entry {
    Entry {
        line,
        time: SystemTime::now(),
        input,
        output,
    }
}

/// What a request wants to know. What it calls raw makes no difference: cells are stored as they
/// were written.
pub(crate) fn query(request: &HistoryRequest) -> Query {
    let everything = Query::default();
    match request.access.clone() {
        HistoryAccess::Tail { n } => Query {
            newest: n,
            ..everything
        },
        HistoryAccess::Range {
            session,
            start,
            stop,
        } => Query {
            session: Some(SessionChoice::from_number(session.unwrap_or(0))),
            lines: Some(start.unwrap_or(0)..stop.unwrap_or(i64::MAX)),
            ..everything
        },
        HistoryAccess::Search { pattern, n, unique } => Query {
            pattern,
            newest: n,
            unique: unique.unwrap_or(false),
            ..everything
        },
    }
}

/// The entries as a reply has them.
pub(crate) fn answer(found: Vec<Found>, with_output: bool) -> Vec<HistoryEntry> {
    let answer = |Found { session, entry }| {
        let value = if with_output {
            HistoryValue::InputOutput(entry.input, entry.output)
        } else {
            HistoryValue::Input(entry.input)
        };
        HistoryEntry(session, entry.line, value)
    };
    found.into_iter().map(answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queried(request: &str) -> Query {
        query(&serde_json::from_str(request).unwrap())
    }

    #[test]
    fn a_range_is_of_this_session_unless_it_says_another() {
        let range = queried(r#"{"hist_access_type":"range","start":2,"stop":4}"#);
        assert_eq!(range.session, Some(SessionChoice::Current));
        assert_eq!(range.lines, Some(2..4));
        let range = queried(r#"{"hist_access_type":"range","session":-2}"#);
        assert_eq!(range.session, Some(SessionChoice::Before(2)));
        assert_eq!(range.lines, Some(0..i64::MAX));
        let range = queried(r#"{"hist_access_type":"range","session":7}"#);
        assert_eq!(range.session, Some(SessionChoice::Number(7)));
    }

    #[test]
    fn tail_and_search_are_of_all_sessions() {
        let tail = queried(r#"{"hist_access_type":"tail","n":2,"session":0}"#);
        assert_eq!((tail.session, tail.newest), (None, Some(2)));
        let search = r#"{"hist_access_type":"search","pattern":"a*","unique":true,"n":3}"#;
        let search = queried(search);
        assert_eq!(search.pattern.as_deref(), Some("a*"));
        assert_eq!((search.newest, search.unique), (Some(3), true));
    }

    #[test]
    fn outputs_come_when_asked_for() {
        let found = || Found {
            session: 1,
            entry: entry(4, "b".to_owned(), Some("nil".to_owned())),
        };
        let written =
            |with_output| serde_json::to_string(&answer(vec![found()], with_output)).unwrap();
        assert_eq!(written(true), r#"[[1,4,["b","nil"]]]"#);
        assert_eq!(written(false), r#"[[1,4,"b"]]"#);
    }
}
