//! Charts from typed data.
//!
//! A [`Chart`] is made of [`Column`]s, once, and then renders itself in three ways that agree:
//! [`Chart::vega_lite`] for front ends that draw, [`Chart::svg`] for those that show images, and
//! [`Chart::sketch`] for terminals and logs. Nothing here does I/O, knows a language or a protocol.
//!
//! What a chart cannot show is sorted out when it is made: values that are no numbers are errors
//! with their row, missing and infinite ones become gaps, and more points than an eye can tell
//! apart are thinned out, which the chart then says below itself.

mod chart;
mod color;
mod date;
mod scale;
mod sketch;
mod svg;
mod text;
mod value;
mod vega_lite;

pub use chart::{BarLayout, Chart, Matrix, Style, Table};
pub use color::Rgb;
pub use value::{Column, Value};

/// Why there is no chart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// A value that should be drawn is text.
    #[error(
        "row {row} of {column}: {value:?} is not a number; make it one, or leave it out for a gap"
    )]
    NotANumber {
        /// What the column is called.
        column: String,
        /// Counted from 1.
        row: usize,
        /// The text.
        value: String,
    },
    /// Columns of one table are of different lengths.
    #[error("{column} has {length} values but {other} has {other_length}; they go in pairs")]
    Lengths {
        /// What one column is called.
        column: String,
        /// How long it is.
        length: usize,
        /// What the other is called.
        other: String,
        /// How long that one is.
        other_length: usize,
    },
    /// More series than a legend can tell apart.
    #[error(
        "{column} has {count} different values, and at most {limit} can be told apart by colour; \
         use a column with fewer"
    )]
    TooManySeries {
        /// What the column is called.
        column: String,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A histogram with no bins, or too many.
    #[error("a histogram has 1 to 1000 bins, not {0}")]
    Bins(usize),
    /// Too small to read or too large for a page.
    #[error("width and height are 100 to 4000 pixels, not {0}")]
    Size(u32),
    /// The text is no colour.
    #[error("{0:?} is not a colour; write a name such as \"steelblue\", or \"#4682b4\"")]
    Color(String),
    /// The plotting library refused.
    #[error("the chart could not be drawn: {0}")]
    Drawing(String),
}
