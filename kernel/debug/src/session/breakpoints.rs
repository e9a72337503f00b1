use std::collections::HashSet;

use perilune_language::debug::SourceKey;

use super::Session;
use crate::body;
use crate::breakpoints::{Changes, Code, Line, Mistakes, Place, expressions, written};
use crate::event::{BreakpointEvent, Event};
use crate::request::{
    BreakpointLocations, SetBreakpoints, SetDataBreakpoints, SetExceptionBreakpoints,
    SetFunctionBreakpoints, SourceBreakpoint,
};
use crate::{DebugError, sources};

/// The ends of a range of lines are cut to so many lines, as nobody looks at more.
const MOST_LINES: usize = 100_000;

impl Session {
    /// Sets the breakpoints of a source.
    pub(super) fn set_breakpoints(
        &self,
        client: &str,
        wanted: SetBreakpoints,
    ) -> Result<body::Breakpoints, DebugError> {
        let settings = self.clients().settings(client);
        let source = settings.source_from(wanted.source);
        let key = self.sources().key(&source)?;
        let mut breakpoints = wanted.breakpoints.unwrap_or_else(|| {
            let lines = wanted.lines.unwrap_or_default().into_iter();
            lines
                .map(|line| SourceBreakpoint {
                    line,
                    ..SourceBreakpoint::default()
                })
                .collect()
        });
        for breakpoint in &mut breakpoints {
            breakpoint.line = settings.line_from(breakpoint.line);
        }
        // Who removes them needs to know no code.
        let code = if breakpoints.is_empty() {
            Code::Unknown
        } else {
            self.code(&key)
        };
        let expressions = expressions(&breakpoints);
        let mistakes = self.mistakes(expressions.iter().map(|it| Some(it.as_str())));
        let former = self.breakpoints().of(&key).to_vec();
        let changes = { self.breakpoints() }.set_lines(&key, breakpoints, &code, &mistakes)?;
        // It may have been loaded meanwhile.
        if matches!(code, Code::Unknown) {
            self.settle(&key);
        }
        self.attention.raise();
        let set = self.breakpoints().of(&key).to_vec();
        self.tell_others(client, &key, &changes, &former, &set);
        let mut told: Vec<_> = set.iter().map(|line| self.told(&key, line)).collect();
        for breakpoint in &mut told {
            breakpoint.line = breakpoint.line.map(|line| settings.line(line));
            breakpoint.source = breakpoint.source.take().map(|it| settings.source(it));
        }
        Ok(body::Breakpoints { breakpoints: told })
    }

    /// Sets all breakpoints on functions.
    pub(super) fn set_function_breakpoints(
        &self,
        wanted: SetFunctionBreakpoints,
    ) -> Result<body::Breakpoints, DebugError> {
        let wanted = wanted.breakpoints;
        let mistakes = self.mistakes(wanted.iter().map(|it| it.condition.as_deref()));
        let breakpoints = self.breakpoints().set_functions(wanted, &mistakes)?;
        self.attention.raise();
        Ok(body::Breakpoints { breakpoints })
    }

    /// Sets all breakpoints on data.
    pub(super) fn set_data_breakpoints(
        &self,
        wanted: SetDataBreakpoints,
    ) -> Result<body::Breakpoints, DebugError> {
        let wanted = wanted.breakpoints;
        let mistakes = self.mistakes(wanted.iter().map(|it| it.condition.as_deref()));
        let breakpoints = self.breakpoints().set_data(wanted, &mistakes)?;
        self.attention.raise();
        Ok(body::Breakpoints { breakpoints })
    }

    /// Sets which errors stop code.
    pub(super) fn set_exception_breakpoints(
        &self,
        wanted: SetExceptionBreakpoints,
    ) -> body::Breakpoints {
        let options = wanted.filter_options.iter().flatten();
        let mistakes = self.mistakes(options.map(|it| it.condition.as_deref()));
        let breakpoints = self.breakpoints().set_exceptions(wanted, &mistakes);
        self.attention.raise();
        body::Breakpoints { breakpoints }
    }

    /// Those of the expressions that do not compile.
    fn mistakes<'a>(&self, expressions: impl Iterator<Item = Option<&'a str>>) -> Mistakes {
        Mistakes::of(expressions.filter_map(written), &*self.reader)
    }

    /// The lines of a range that code can stop at.
    pub(super) fn breakpoint_locations(
        &self,
        client: &str,
        wanted: BreakpointLocations,
    ) -> Result<body::BreakpointLocations, DebugError> {
        let settings = self.clients().settings(client);
        let key = self.sources().key(&settings.source_from(wanted.source))?;
        let lines = match self.code(&key) {
            Code::Lines(lines) => lines,
            Code::Broken(why) => return Err(DebugError::NotCompiled(why)),
            Code::Unknown => return Err(sources::no_source(&key, "")),
        };
        let first = settings.line_from(wanted.line);
        let last = settings.line_from(wanted.end_line.unwrap_or(wanted.line));
        let lines = lines.into_iter();
        let lines = lines.filter(|line| (first..=last).contains(line));
        Ok(body::BreakpointLocations {
            breakpoints: lines
                .take(MOST_LINES)
                .map(|line| body::BreakpointLocation {
                    line: settings.line(line),
                })
                .collect(),
        })
    }

    /// What is known of a source's code.
    pub(crate) fn code(&self, key: &SourceKey) -> Code {
        let known = self.sources().code(key);
        let code = match known {
            Some(code) => code,
            None => match sources::read(key) {
                Ok(code) => code.into(),
                Err(_) => return Code::Unknown,
            },
        };
        match self.reader.lines(&code) {
            Ok(lines) => Code::Lines(lines),
            Err(why) => Code::Broken(why),
        }
    }

    /// Places the breakpoints of a source anew. Returns those that are somewhere else now.
    pub(crate) fn settle(&self, key: &SourceKey) -> Vec<Line> {
        if self.breakpoints().of(key).is_empty() {
            return Vec::new();
        }
        let code = self.code(key);
        if matches!(code, Code::Unknown) {
            return Vec::new();
        }
        let mut breakpoints = self.breakpoints();
        let moved: HashSet<_> = breakpoints.settle(key, &code).into_iter().collect();
        let set = breakpoints.of(key).iter();
        let set = set.filter(|line| moved.contains(&line.id));
        set.cloned().collect()
    }

    /// A breakpoint as clients are told, with lines counted from 1.
    pub(crate) fn told(&self, key: &SourceKey, line: &Line) -> body::Breakpoint {
        body::Breakpoint {
            id: Some(line.id),
            verified: matches!(line.place, Place::Line(_)),
            message: line.message().map(str::to_owned),
            source: Some(self.sources().told(key)),
            line: Some(line.line()),
            reason: match line.place {
                Place::Line(_) => None,
                Place::Pending(_) => Some("pending"),
                Place::Nowhere(_) => Some("failed"),
            },
        }
    }

    /// Tells the others what a client has changed.
    fn tell_others(
        &self,
        client: &str,
        key: &SourceKey,
        changes: &Changes,
        former: &[Line],
        set: &[Line],
    ) {
        if !self.clients().others(client) {
            return;
        }
        let changes = [
            ("removed", &changes.removed, former),
            ("changed", &changes.changed, set),
            ("new", &changes.new, set),
        ];
        for (reason, ids, lines) in changes {
            let ids: HashSet<_> = ids.iter().copied().collect();
            for line in lines.iter().filter(|line| ids.contains(&line.id)) {
                self.tell(Event::Breakpoint(BreakpointEvent {
                    reason,
                    breakpoint: self.told(key, line),
                    client: Some(client.to_owned()),
                }));
            }
        }
    }
}
