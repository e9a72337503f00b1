use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use perilune_language::debug::{LineBreakpoint, LogPiece, SourceKey};

use super::rule::{Mistakes, Rule, written};
use super::{Breakpoints, Changes, log_message};
use crate::DebugError;
use crate::request::SourceBreakpoint;

/// A breakpoint on a line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: u32,
    /// As it was set, its line counted from 1.
    pub(crate) wanted: SourceBreakpoint,
    pub(crate) place: Place,
    rule: Option<Rule>,
    log: Option<Arc<[LogPiece]>>,
}

/// Where a breakpoint is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// At this line, which has code.
    Line(u32),
    /// At the line that was wanted, as far as is known, since its code is not known. For a person:
    /// why.
    Pending(String),
    /// Nowhere. For a person: why.
    Nowhere(String),
}

/// What is known of the code of a source.
#[derive(Debug, Clone)]
pub(crate) enum Code {
    /// The lines that code can stop at.
    Lines(BTreeSet<u32>),
    /// It does not compile, and why.
    Broken(String),
    /// Nothing, as it is not loaded and no file either.
    Unknown,
}

impl Line {
    /// The line that it is at, or that it was wanted at.
    pub(crate) fn line(&self) -> u32 {
        match self.place {
            Place::Line(line) => line,
            Place::Pending(_) | Place::Nowhere(_) => self.wanted.line,
        }
    }

    /// For a person: why it is not where it was wanted.
    pub(crate) fn message(&self) -> Option<&str> {
        match &self.place {
            Place::Line(_) => None,
            Place::Pending(why) | Place::Nowhere(why) => Some(why),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.place == other.place && self.wanted == other.wanted
    }

    fn wish(&self) -> Option<(u32, LineBreakpoint)> {
        let rule = self.rule.as_ref()?;
        if matches!(self.place, Place::Nowhere(_)) {
            return None;
        }
        let breakpoint = LineBreakpoint {
            id: self.id,
            condition: rule.condition.clone(),
            hits: rule.hits,
            log: self.log.clone(),
            count: Arc::clone(&rule.count),
        };
        Some((self.line(), breakpoint))
    }
}

impl Code {
    /// Where a breakpoint comes that is wanted at a line: there, or at the next one with code.
    fn place(&self, wanted: u32) -> Place {
        match self {
            Self::Lines(lines) => match lines.range(wanted..).next() {
                Some(line) => Place::Line(*line),
                None => Place::Nowhere("there is no code at this line, nor below it".to_owned()),
            },
            Self::Broken(why) => Place::Pending(why.clone()),
            Self::Unknown => Place::Pending("this code is not loaded yet".to_owned()),
        }
    }
}

/// What the language is told of the breakpoints of a source.
pub(super) fn wishes(set: &[Line]) -> BTreeMap<u32, Vec<LineBreakpoint>> {
    let mut lines = BTreeMap::<u32, Vec<_>>::new();
    for (line, breakpoint) in set.iter().filter_map(Line::wish) {
        lines.entry(line).or_default().push(breakpoint);
    }
    lines
}

/// The expressions that stand in breakpoints.
pub(crate) fn expressions(wanted: &[SourceBreakpoint]) -> Vec<String> {
    let mut expressions = Vec::new();
    for wanted in wanted {
        expressions.extend(written(wanted.condition.as_deref()).map(str::to_owned));
        let pieces = written(wanted.log_message.as_deref()).map(log_message::parse);
        if let Some(Ok(pieces)) = pieces {
            expressions.extend(log_message::expressions(&pieces).map(str::to_owned));
        }
    }
    expressions
}

impl Breakpoints {
    /// Sets those of a source, in place of all that it had. One that was there already keeps its
    /// number, and its count if it says the same as before.
    pub(crate) fn set_lines(
        &mut self,
        key: &SourceKey,
        wanted: Vec<SourceBreakpoint>,
        code: &Code,
        mistakes: &Mistakes,
    ) -> Result<Changes, DebugError> {
        self.room_for(self.of(key).len(), wanted.len())?;
        let mut former = Former::new(self.lines.remove(key).unwrap_or_default());
        let mut changes = Changes::default();
        let mut set = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let mut line = Line::new(wanted, code, mistakes);
            match former.take(&line.wanted) {
                Some(former) => {
                    line.id = former.id;
                    if let (Some(rule), Some(earlier)) = (&mut line.rule, &former.rule)
                        && line.log == former.log
                    {
                        rule.go_on_from(earlier);
                    }
                    if !line.is_same(&former) {
                        changes.changed.push(line.id);
                    }
                }
                None => {
                    line.id = Self::next_id(&mut self.newest);
                    changes.new.push(line.id);
                }
            }
            set.push(line);
        }
        changes.removed = former.left();
        if !set.is_empty() {
            self.lines.insert(SourceKey::clone(key), set);
        }
        self.wishes = None;
        Ok(changes)
    }

    /// Places those of a source anew, as its code was loaded. Returns the numbers of those that are
    /// somewhere else now.
    pub(crate) fn settle(&mut self, key: &SourceKey, code: &Code) -> Vec<u32> {
        let mut moved = Vec::new();
        for line in self.lines.get_mut(key).into_iter().flatten() {
            if line.rule.is_none() {
                continue;
            }
            let place = code.place(line.wanted.line);
            if place != line.place {
                line.place = place;
                moved.push(line.id);
            }
        }
        if !moved.is_empty() {
            self.wishes = None;
        }
        moved
    }
}

impl Line {
    /// Without a number yet.
    fn new(wanted: SourceBreakpoint, code: &Code, mistakes: &Mistakes) -> Self {
        let (condition, hits) = (&wanted.condition, &wanted.hit_condition);
        let rule = Rule::new(condition.as_deref(), hits.as_deref(), mistakes);
        let log = written(wanted.log_message.as_deref())
            .map(|message| {
                let pieces = log_message::parse(message)?;
                for expression in log_message::expressions(&pieces) {
                    mistakes.check(expression)?;
                }
                Ok(pieces)
            })
            .transpose();
        let (rule, log, place) = match (rule, log) {
            (Ok(rule), Ok(log)) => (Some(rule), log.map(Arc::from), code.place(wanted.line)),
            (Err(why), _) | (_, Err(why)) => (None, None, Place::Nowhere(why)),
        };
        Self {
            id: 0,
            wanted,
            place,
            rule,
            log,
        }
    }
}

/// Breakpoints that were set before, to be taken over by those that are set now.
struct Former {
    set: Vec<Option<Line>>,
    by_wanted: HashMap<u32, Vec<usize>>,
    by_place: HashMap<u32, Vec<usize>>,
}

impl Former {
    fn new(set: Vec<Line>) -> Self {
        let mut by_wanted = HashMap::<u32, Vec<usize>>::new();
        let mut by_place = HashMap::<u32, Vec<usize>>::new();
        for (at, line) in set.iter().enumerate() {
            by_wanted.entry(line.wanted.line).or_default().push(at);
            by_place.entry(line.line()).or_default().push(at);
        }
        Self {
            set: set.into_iter().map(Some).collect(),
            by_wanted,
            by_place,
        }
    }

    /// The one that says the same; else one that was wanted at the same line; else one that has
    /// come there, as front ends set them again where they see them.
    fn take(&mut self, wanted: &SourceBreakpoint) -> Option<Line> {
        let at = |by: &HashMap<u32, Vec<usize>>, is_it: &dyn Fn(&Line) -> bool| {
            let candidates = by.get(&wanted.line).into_iter().flatten();
            { candidates }
                .copied()
                .find(|at| self.set[*at].as_ref().is_some_and(is_it))
        };
        let found = at(&self.by_wanted, &|line| line.wanted == *wanted)
            .or_else(|| at(&self.by_wanted, &|_| true))
            .or_else(|| at(&self.by_place, &|_| true))?;
        self.set[found].take()
    }

    /// The numbers of those that nobody has taken over.
    fn left(self) -> Vec<u32> {
        self.set.into_iter().flatten().map(|line| line.id).collect()
    }
}
