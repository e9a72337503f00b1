//! How values look.

mod bundle;
mod layout;
mod literal;
mod pretty;
mod summary;

pub(crate) use bundle::{bundle_from, bundle_of, bundle_of_all, representation};
pub(crate) use pretty::{Printer, Unwound, metatable};
pub(crate) use summary::summary;
