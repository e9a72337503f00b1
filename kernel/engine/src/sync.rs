//! What threads share data by. The files that do import it as `super::sync`, so that
//! [`model`](crate::model) can put a scheduler's own in its place.

pub(super) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
pub(super) use tokio::time::timeout_at;
