//! Code that somebody debugs.

mod lines;
mod script;
mod steps;
