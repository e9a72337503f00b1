/// How much an inspection should tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Signature and documentation.
    Brief,
    /// The source too, where it can be had.
    Full,
}

/// One thing that could be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// What replaces the text between [`Completion::start`] and [`Completion::end`].
    pub text: String,
    /// `function`, `keyword`, `module`, `field`, ...: what front ends choose an icon by.
    pub kind: &'static str,
    /// `(a, b)`, where known.
    pub signature: Option<String>,
}

/// What could stand at a cursor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// Best first.
    pub matches: Vec<Match>,
    /// The first code point that a match replaces.
    pub start: usize,
    /// One past the last code point that a match replaces.
    pub end: usize,
}

/// Whether code could be run as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// It compiles.
    Complete,
    /// More must follow; the next line starts with this indent.
    Incomplete {
        /// White space for the next line.
        indent: String,
    },
    /// No continuation can make it valid.
    Invalid,
    /// The language cannot tell.
    Unknown,
}

/// Names as they were at some moment, which any thread can complete while code runs.
pub trait Snapshot: Send + Sync {
    /// What could stand at `cursor`, a position in Unicode code points.
    fn complete(&self, code: &str, cursor: usize) -> Completion;
}
