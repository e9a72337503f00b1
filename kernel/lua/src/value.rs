//! How values look.

mod bundle;
mod layout;
mod literal;
mod pretty;

pub(crate) use bundle::{bundle_of, bundle_of_all};
pub(crate) use literal::quoted;
pub(crate) use pretty::{Printer, Unwound, metatable};
