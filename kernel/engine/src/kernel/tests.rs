//! A kernel of a language that is not Lua: what the engine promises it promises to any.

mod client;
mod completions;
mod debugging;
mod endings;
mod errands;
mod interrupts;
mod turns;
mod vitals;
mod words;
