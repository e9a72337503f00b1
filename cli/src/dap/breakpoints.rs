use std::collections::HashMap;

use serde_json::{Value, json};

/// What a client has asked the debugger to stop at, so that it can be asked again in another
/// process, and what the client calls it.
///
/// Each process numbers its breakpoints from 1. A client knows those of the first process by their
/// own numbers; those of a later one keep the numbers that it knows, or get new ones.
#[derive(Debug, Default)]
pub struct Breakpoints {
    /// In the order in which they were first asked for.
    requests: Vec<Asked>,
    /// The client's number of each breakpoint, by the kernel's.
    numbers: HashMap<i64, i64>,
    /// The highest number that the client has heard.
    highest: i64,
    /// Whether the kernel's numbers are not the client's.
    differs: bool,
}

/// A request that replaces what was asked before it of its kind.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `setBreakpoints` and the like.
    pub command: String,
    /// Its arguments.
    pub arguments: Value,
    /// The breakpoints' numbers, as the client knows them, in their order.
    numbers: Vec<i64>,
}

impl Breakpoints {
    /// Whether a request is one of these.
    pub fn is_about(command: &str) -> bool {
        matches!(
            command,
            "setBreakpoints"
                | "setFunctionBreakpoints"
                | "setExceptionBreakpoints"
                | "setDataBreakpoints"
        )
    }

    /// The kernel has done what was asked: keeps it, and gives the breakpoints in its response the
    /// numbers of the client.
    pub fn done(&mut self, command: &str, arguments: &Value, body: &mut Value) {
        let numbers = self.renumber_all(body);
        let asked = Asked {
            command: command.to_owned(),
            arguments: arguments.clone(),
            numbers,
        };
        let same = self
            .requests
            .iter_mut()
            .find(|it| it.command == command && it.arguments["source"] == arguments["source"]);
        match same {
            Some(same) => *same = asked,
            None => self.requests.push(asked),
        }
    }

    /// Turns to another process, which has no breakpoints yet. Returns what it is to be asked: all
    /// but breakpoints on data, which was in the process before.
    pub fn begin_anew(&mut self) -> Vec<Asked> {
        self.numbers.clear();
        self.differs = true;
        self.requests
            .retain(|asked| asked.command != "setDataBreakpoints");
        self.requests.clone()
    }

    /// The new process has done what was asked before: its breakpoints are those that the client
    /// knows. Returns them, as they are there.
    pub fn done_again(&mut self, asked: &Asked, mut body: Value) -> Vec<Value> {
        let Some(Value::Array(mut breakpoints)) = body.get_mut("breakpoints").map(Value::take)
        else {
            return Vec::new();
        };
        for (breakpoint, number) in breakpoints.iter_mut().zip(&asked.numbers) {
            if let Some(id) = breakpoint["id"].as_i64() {
                self.numbers.insert(id, *number);
                breakpoint["id"] = json!(number);
            }
        }
        breakpoints
    }

    /// Gives what an event tells the numbers of the client.
    pub fn renumber_event(&mut self, event: &str, body: &mut Value) {
        match event {
            "breakpoint" => {
                if let Some(breakpoint) = body.get_mut("breakpoint") {
                    self.renumber(breakpoint.get_mut("id"));
                }
            }
            "stopped" => {
                let ids = body.get_mut("hitBreakpointIds");
                for id in ids.and_then(Value::as_array_mut).into_iter().flatten() {
                    self.renumber(Some(id));
                }
            }
            _ => {}
        }
    }

    fn renumber_all(&mut self, body: &mut Value) -> Vec<i64> {
        let breakpoints = body.get_mut("breakpoints").and_then(Value::as_array_mut);
        breakpoints
            .into_iter()
            .flatten()
            .map(|breakpoint| self.renumber(breakpoint.get_mut("id")))
            .collect()
    }

    fn renumber(&mut self, id: Option<&mut Value>) -> i64 {
        let Some((place, id)) = id.and_then(|id| id.as_i64().map(|number| (id, number))) else {
            return 0;
        };
        let highest = &mut self.highest;
        let differs = self.differs;
        let number = *self.numbers.entry(id).or_insert_with(|| match differs {
            true => *highest + 1,
            false => id,
        });
        *highest = number.max(*highest);
        *place = json!(number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(path: &str, lines: &[u32]) -> Value {
        let lines: Vec<_> = lines.iter().map(|line| json!({"line": line})).collect();
        json!({"source": {"path": path}, "breakpoints": lines})
    }

    fn body(ids: &[i64]) -> Value {
        let breakpoints: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
        json!({"breakpoints": breakpoints})
    }

    fn set(breakpoints: &mut Breakpoints, arguments: &Value, ids: &[i64]) -> Value {
        let mut body = body(ids);
        breakpoints.done("setBreakpoints", arguments, &mut body);
        body
    }

    #[test]
    fn the_first_process_has_the_numbers_of_the_client() {
        let mut breakpoints = Breakpoints::default();
        assert_eq!(
            set(&mut breakpoints, &line("a", &[1, 2]), &[7, 9]),
            body(&[7, 9])
        );
        let mut stopped = json!({"hitBreakpointIds": [9]});
        breakpoints.renumber_event("stopped", &mut stopped);
        assert_eq!(stopped, json!({"hitBreakpointIds": [9]}));
    }

    #[test]
    fn a_later_process_keeps_the_numbers_that_the_client_knows() {
        let mut breakpoints = Breakpoints::default();
        set(&mut breakpoints, &line("a", &[1]), &[1]);
        set(&mut breakpoints, &line("a", &[1, 2]), &[1, 2]);
        set(&mut breakpoints, &line("b", &[5]), &[3]);
        let again = breakpoints.begin_anew();
        let paths: Vec<_> = again
            .iter()
            .map(|it| it.arguments["source"]["path"].clone())
            .collect();
        assert_eq!(paths, ["a", "b"]);
        assert_eq!(again[0].arguments, line("a", &[1, 2]));
        // The new process sets them in this order.
        let told = breakpoints.done_again(&again[0], body(&[1, 2]));
        assert_eq!(told, [json!({"id": 1}), json!({"id": 2})]);
        let told = breakpoints.done_again(&again[1], body(&[3]));
        assert_eq!(told, [json!({"id": 3})]);
        // One more is new to the client as well.
        assert_eq!(set(&mut breakpoints, &line("a", &[9]), &[4]), body(&[4]));
    }

    #[test]
    fn no_number_is_ever_that_of_two() {
        let mut breakpoints = Breakpoints::default();
        set(&mut breakpoints, &line("a", &[1, 2, 3]), &[1, 2, 3]);
        set(&mut breakpoints, &line("a", &[3]), &[3]);
        let again = breakpoints.begin_anew();
        assert_eq!(
            breakpoints.done_again(&again[0], body(&[1])),
            [json!({"id": 3})]
        );
        assert_eq!(set(&mut breakpoints, &line("b", &[1]), &[2]), body(&[4]));
        let mut stopped = json!({"hitBreakpointIds": [1, 2]});
        breakpoints.renumber_event("stopped", &mut stopped);
        assert_eq!(stopped, json!({"hitBreakpointIds": [3, 4]}));
        let mut event = json!({"reason": "changed", "breakpoint": {"id": 1}});
        breakpoints.renumber_event("breakpoint", &mut event);
        assert_eq!(event["breakpoint"]["id"], 3);
    }

    #[test]
    fn what_was_in_the_process_is_not_asked_for_again() {
        let mut breakpoints = Breakpoints::default();
        let mut answer = body(&[1]);
        breakpoints.done(
            "setDataBreakpoints",
            &json!({"breakpoints": []}),
            &mut answer,
        );
        breakpoints.done(
            "setExceptionBreakpoints",
            &json!({"filters": []}),
            &mut json!({}),
        );
        let again = breakpoints.begin_anew();
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].command, "setExceptionBreakpoints");
    }
}
