//! Code that somebody debugs.

mod conditions;
mod coroutines;
mod data;
mod exceptions;
mod functions;
mod lines;
mod looks;
mod pauses;
mod programs;
mod restart;
mod script;
mod sources;
mod steps;
mod users_hook;
