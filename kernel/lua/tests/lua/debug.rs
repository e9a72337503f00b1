//! Code that somebody debugs.

mod lines;
mod looks;
mod script;
mod steps;
