//! The tests of what [`model`](crate::model) takes in a second time. They stand here because there
//! the same locks belong to another scheduler.

mod outbox;
mod running;
