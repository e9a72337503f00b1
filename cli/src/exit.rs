use std::process::ExitCode;

/// The part of `--help` that is true of every command.
pub const HELP: &str = "\
Exit codes:
  0    all went well
  1    a cell failed, the command could not do its work, or `fmt --check` found something to do
  2    the command line is wrong, or `fmt` was given what it cannot format
  3    `kernel ...`, `service status`: it is not running
  4    `kernel ...`: the kernel does not answer
  5    `kernel start`: a kernel of this name is running already
  124  a cell ran longer than --timeout
  130  interrupted with Ctrl-C
  N    a script that ends itself with os.exit(N)";

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Success,
    /// A cell failed, or the command could not do its work.
    Failed,
    /// The command line is wrong, as clap says it.
    Usage,
    /// What was given to format is not what can be formatted.
    Unformattable,
    /// The kernel is not running.
    NotRunning,
    /// The kernel does not answer.
    NoAnswer,
    /// A kernel of this name is running already.
    AlreadyRunning,
    /// A cell ran longer than it may, as `timeout(1)` says it.
    TimedOut,
    /// Ctrl-C, as a shell says it.
    Interrupted,
    /// SIGTERM, as a shell says it.
    Terminated,
    /// SIGHUP, as a shell says it.
    HungUp,
    /// Nobody reads our output any more, as a shell says it.
    BrokenPipe,
    /// What the script asked for.
    Script(u8),
}

impl Exit {
    /// How a script ends that asks for this code. The system keeps its lowest eight bits.
    pub fn of_script(code: i32) -> Self {
        match code.to_le_bytes()[0] {
            0 => Self::Success,
            code => Self::Script(code),
        }
    }

    /// The first that is no success, of one thing done after the other.
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Success => other,
            exit => exit,
        }
    }

    /// The code that the parent process sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage | Self::Unformattable => 2,
            Self::NotRunning => 3,
            Self::NoAnswer => 4,
            Self::AlreadyRunning => 5,
            Self::TimedOut => 124,
            Self::Interrupted => 128 + 2,
            Self::Terminated => 128 + 15,
            Self::HungUp => 128 + 1,
            Self::BrokenPipe => 128 + 13,
            Self::Script(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
