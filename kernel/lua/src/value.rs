//! How values look.

mod bundle;
mod definition;
mod grid;
mod layout;
mod literal;
mod plotly;
mod pretty;
mod records;
mod summary;

pub(crate) use bundle::{Look, acts, bundle_from, bundle_of, bundle_of_all, representation};
pub(crate) use definition::{name_at, name_on};
pub(crate) use grid::{Cell as GridCell, Column, Grid};
pub(crate) use literal::{is_plain_key, quoted};
pub(crate) use plotly::figure_bundle;
pub(crate) use pretty::{Printer, Unwound, compare, metatable};
pub(crate) use records::{Chosen, FRAGMENT, GridError, Key, ROWS, Selection, grid_of};
pub(crate) use summary::summary;
