use std::path::PathBuf;
use std::sync::Arc;

use perilune_lua::Options as LuaOptions;
use perilune_wire::Ports;

use crate::capture::Descriptors;
use crate::shutdown::ShutdownPolicy;
use crate::signals::CaughtSignals;
use crate::state::StateOptions;
use crate::steward::Steward;
use crate::vitals::Vitals;

/// How a kernel shall live.
#[derive(Default)]
pub struct Options {
    /// What it is called by those who look after it, where it has a name.
    pub name: Option<String>,
    /// What is Lua's alone.
    pub lua: LuaOptions,
    /// The program that the cells are, where they are one: errors call them by its name.
    pub program: Option<String>,
    /// The process's standard output and error, where the kernel shall take them over.
    pub descriptors: Option<Descriptors>,
    /// The process whose end ends the kernel too.
    pub launcher: Option<u32>,
    /// The signals of this process, where they are meant for the kernel.
    pub signals: Option<CaughtSignals>,
    /// Where what runs is remembered; nowhere if nothing.
    pub history: Option<perilune_history::Options>,
    /// Where what is published is kept for those who come back; nowhere if nothing.
    pub journal: Option<perilune_journal::Options>,
    /// Where the language's state is kept beyond the kernel's life; nowhere if nothing.
    pub state: Option<StateOptions>,
    /// The ports that `connect_request` is told.
    pub ports: Ports,
    /// What is called on the I/O thread, once, when the language has started: from then on both
    /// threads do their work.
    pub ready: Option<Box<dyn FnOnce() + Send>>,
    /// Who does what concerns the program around the kernel; nobody if nothing.
    pub steward: Option<Arc<dyn Steward>>,
    /// Where what happens is counted, for whoever wants to read it.
    pub vitals: Arc<Vitals>,
    /// How long each phase of the end may take. Can be changed while the kernel lives.
    pub shutdown: Arc<ShutdownPolicy>,
    /// The folder for dumps of the kernel's state, made when it is needed; none are written if
    /// nothing.
    pub dumps: Option<PathBuf>,
}
