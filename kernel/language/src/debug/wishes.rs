use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::SourceKey;

/// What should stop code. Made anew at each change, and never changed itself.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Breakpoints by source and by line, counted from 1.
    pub lines: HashMap<SourceKey, BTreeMap<u32, Vec<LineBreakpoint>>>,
    /// Breakpoints on functions.
    pub functions: Vec<FunctionBreakpoint>,
    /// Breakpoints on errors.
    pub exceptions: Exceptions,
    /// Breakpoints on changes of data.
    pub data: Vec<DataBreakpoint>,
    /// Whether the next cell stops at its first line.
    pub entry: bool,
}

/// A breakpoint on a line.
#[derive(Debug, Clone)]
pub struct LineBreakpoint {
    /// Its number, unique in a kernel.
    pub id: u32,
    /// Stops only where this expression is true.
    pub condition: Option<Arc<str>>,
    /// Stops only at some of its hits.
    pub hits: Option<HitCondition>,
    /// Says this and goes on, rather than stops.
    pub log: Option<Arc<[LogPiece]>>,
    /// How often its line was reached with its condition true. Kept when breakpoints are set anew.
    pub count: Arc<AtomicU64>,
}

/// At which of its hits a breakpoint stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitCondition {
    /// At this one.
    Equal(u64),
    /// From this one on.
    AtLeast(u64),
    /// Up to this one.
    AtMost(u64),
    /// At each of which this is a divisor.
    Multiple(u64),
}

/// A part of a logpoint's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogPiece {
    /// As it stands.
    Text(String),
    /// The value of this expression.
    Expression(String),
}

/// A breakpoint on a function, by the name that it is called or was defined by: `f`, `M.f`, `M:f`.
#[derive(Debug, Clone)]
pub struct FunctionBreakpoint {
    /// Its number, unique in a kernel.
    pub id: u32,
    /// The function's name.
    pub name: Arc<str>,
    /// Stops only where this expression is true.
    pub condition: Option<Arc<str>>,
    /// Stops only at some of its hits.
    pub hits: Option<HitCondition>,
    /// How often it was called with its condition true.
    pub count: Arc<AtomicU64>,
}

/// Which errors stop code. The inner option is a condition, an expression in which `err` is the
/// error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// Errors that somebody catches: `pcall`, `xpcall`, `coroutine.resume`.
    pub caught: Option<Option<Arc<str>>>,
    /// Errors that end their cell.
    pub uncaught: Option<Option<Arc<str>>>,
}

/// A breakpoint on a change of a variable, or of a table's field.
#[derive(Debug, Clone)]
pub struct DataBreakpoint {
    /// Its number, unique in a kernel.
    pub id: u32,
    /// What [`Paused::data_target`](super::Paused::data_target) has named.
    pub data: Arc<str>,
    /// Stops only where this expression is true.
    pub condition: Option<Arc<str>>,
    /// Stops only at some of its hits.
    pub hits: Option<HitCondition>,
    /// How often it changed with its condition true.
    pub count: Arc<AtomicU64>,
}

impl Wishes {
    /// Whether nothing is wished.
    pub fn is_empty(&self) -> bool {
        self.lines.values().all(BTreeMap::is_empty)
            && self.functions.is_empty()
            && self.data.is_empty()
            && self.exceptions == Exceptions::default()
            && !self.entry
    }
}

impl HitCondition {
    /// Whether a breakpoint stops at its hit of this number, counted from 1.
    pub fn holds(self, hit: u64) -> bool {
        match self {
            Self::Equal(number) => hit == number,
            Self::AtLeast(number) => hit >= number,
            Self::AtMost(number) => hit <= number,
            Self::Multiple(number) => hit.checked_rem(number) == Some(0),
        }
    }

    /// Counts a hit, and tells whether the breakpoint stops at it.
    pub fn count(condition: Option<Self>, count: &AtomicU64) -> bool {
        let hit = count.fetch_add(1, Ordering::Relaxed) + 1;
        condition.is_none_or(|condition| condition.holds(hit))
    }
}
