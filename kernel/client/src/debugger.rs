use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a debugger does with the code that runs, as somebody has to know it who waits for that code.
/// Serialized, it is what `--json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event")]
pub enum DebuggerEvent {
    /// The code has stopped, and waits for whoever debugs it.
    #[serde(rename = "debugger_stopped")]
    Stopped {
        /// The cell or the file, as a person calls it, if the kernel says so.
        source: Option<String>,
        /// Its line, counted from 1, if the kernel says so.
        line: Option<u32>,
        /// Why, as the Debug Adapter Protocol has it.
        reason: String,
    },
    /// The code goes on.
    #[serde(rename = "debugger_continued")]
    Continued {
        /// Only for a step.
        #[serde(skip)]
        steps: bool,
    },
}

/// What has no place in the protocol, and perilune's kernels say beside it.
#[derive(Debug, Default, Deserialize)]
struct Beside {
    source: Option<String>,
    line: Option<u32>,
    #[serde(default)]
    steps: bool,
}

impl DebuggerEvent {
    /// Reads the content of a `debug_event`, if it is about the code's stopping.
    pub(crate) fn of_event(content: &Value) -> Option<Self> {
        let body = &content["body"];
        let beside = Beside::deserialize(&body["perilune"]).unwrap_or_default();
        match content["event"].as_str()? {
            "stopped" => Some(Self::Stopped {
                source: beside.source,
                line: beside.line,
                reason: body["reason"].as_str()?.to_owned(),
            }),
            "continued" => Some(Self::Continued {
                steps: beside.steps,
            }),
            _ => None,
        }
    }

    /// Reads in a `perilune_status_reply` where code has stopped, if it has.
    pub(crate) fn of_status(status: &Value) -> Option<Self> {
        let stopped = &status["running"]["stopped"];
        let beside = Beside::deserialize(stopped).ok()?;
        Some(Self::Stopped {
            source: beside.source,
            line: beside.line,
            reason: stopped["reason"].as_str()?.to_owned(),
        })
    }
}

impl fmt::Display for DebuggerEvent {
    /// A sentence for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped {
                source,
                line,
                reason,
            } => {
                f.write_str("a debugger has stopped the code")?;
                if let (Some(source), Some(line)) = (source, line) {
                    write!(f, " at {source}:{line}")?;
                }
                write!(f, " ({reason})")
            }
            Self::Continued { .. } => f.write_str("the code goes on"),
        }
    }
}

/// Finds out which of these events are news to somebody who waits: that code stays stopped for
/// another client is none, and neither is each step of somebody who goes through it step by step.
#[derive(Debug, Default)]
pub struct DebuggerNews(State);

#[derive(Debug, Default)]
enum State {
    #[default]
    Runs,
    Stopped(DebuggerEvent),
    /// From where it has stopped to where the step ends.
    Steps,
}

impl DebuggerNews {
    /// Takes an event, and gives it back if it is to be told.
    pub fn take(&mut self, event: DebuggerEvent) -> Option<DebuggerEvent> {
        let (state, is_news) = match (&self.0, &event) {
            (_, DebuggerEvent::Stopped { reason, .. }) => {
                let is_known = match self.0 {
                    State::Runs => false,
                    State::Stopped(_) => true,
                    State::Steps => reason == "step",
                };
                (State::Stopped(event.clone()), !is_known)
            }
            (State::Runs, _) => (State::Runs, false),
            (_, DebuggerEvent::Continued { steps: true }) => (State::Steps, false),
            (_, DebuggerEvent::Continued { steps: false }) => (State::Runs, true),
        };
        self.0 = state;
        is_news.then_some(event)
    }

    /// Somebody begins to wait who has been told nothing yet. Returns where code has stopped, if it
    /// has.
    pub fn begin(&mut self) -> Option<&DebuggerEvent> {
        if let State::Steps = self.0 {
            self.0 = State::Runs;
        }
        match &self.0 {
            State::Stopped(event) => Some(event),
            State::Runs | State::Steps => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stopped(reason: &str, line: u32) -> DebuggerEvent {
        let body = json!({"reason": reason, "perilune": {"source": "cell[1]", "line": line}});
        DebuggerEvent::of_event(&json!({"event": "stopped", "body": body})).unwrap()
    }

    fn continued(steps: bool) -> DebuggerEvent {
        let beside = if steps {
            json!({"steps": true})
        } else {
            Value::Null
        };
        let body = json!({"threadId": 1, "perilune": beside});
        DebuggerEvent::of_event(&json!({"event": "continued", "body": body})).unwrap()
    }

    /// What is told of these events, in sentences.
    fn told(events: impl IntoIterator<Item = DebuggerEvent>) -> Vec<String> {
        let mut news = DebuggerNews::default();
        let told = events.into_iter().filter_map(|event| news.take(event));
        told.map(|event| event.to_string()).collect()
    }

    #[test]
    fn a_stop_is_told_with_its_place_and_its_reason() {
        assert_eq!(
            told([stopped("breakpoint", 2), continued(false)]),
            [
                "a debugger has stopped the code at cell[1]:2 (breakpoint)",
                "the code goes on"
            ]
        );
        assert_eq!(
            serde_json::to_value([stopped("pause", 3), continued(true)]).unwrap(),
            json!([
                {"event": "debugger_stopped", "source": "cell[1]", "line": 3, "reason": "pause"},
                {"event": "debugger_continued"},
            ])
        );
    }

    #[test]
    fn a_kernel_of_others_says_no_place() {
        let body = json!({"reason": "breakpoint", "threadId": 1, "allThreadsStopped": true});
        let event = DebuggerEvent::of_event(&json!({"event": "stopped", "body": body})).unwrap();
        assert_eq!(
            event.to_string(),
            "a debugger has stopped the code (breakpoint)"
        );
    }

    #[test]
    fn what_else_a_debugger_says_is_nothing_to_who_waits() {
        for nonsense in [
            json!({"event": "thread", "body": {"reason": "started", "threadId": 1}}),
            json!({"event": "stopped"}),
            json!({"event": 1}),
            json!([]),
        ] {
            assert_eq!(DebuggerEvent::of_event(&nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_stop_is_told_once_however_many_hear_of_it() {
        let events = [
            stopped("breakpoint", 2),
            stopped("breakpoint", 2),
            continued(false),
            continued(false),
        ];
        assert_eq!(told(events).len(), 2);
    }

    #[test]
    fn steps_are_no_news_until_something_else_stops_the_code() {
        let steps = |line| [continued(true), stopped("step", line)];
        let events = [stopped("breakpoint", 2)]
            .into_iter()
            .chain(steps(3))
            .chain(steps(4))
            .chain([continued(true), stopped("exception", 5), continued(false)]);
        assert_eq!(
            told(events),
            [
                "a debugger has stopped the code at cell[1]:2 (breakpoint)",
                "a debugger has stopped the code at cell[1]:5 (exception)",
                "the code goes on"
            ]
        );
    }

    #[test]
    fn who_begins_to_wait_is_told_what_has_stopped() {
        let status = |stopped: Value| json!({"running": {"msg_id": "a", "stopped": stopped}});
        assert_eq!(DebuggerEvent::of_status(&status(Value::Null)), None);
        assert_eq!(DebuggerEvent::of_status(&json!({"running": null})), None);
        let at = json!({"source": "cell[1]", "line": 2, "reason": "entry"});
        let event = DebuggerEvent::of_status(&status(at)).unwrap();
        let mut news = DebuggerNews::default();
        assert_eq!(news.begin(), None);
        assert_eq!(news.take(event.clone()), Some(event.clone()));
        assert_eq!(news.begin(), Some(&event));
        // Where a step ends is news to who did not know where it began.
        news.take(continued(true));
        assert_eq!(news.begin(), None);
        assert!(news.take(stopped("step", 3)).is_some());
    }
}
