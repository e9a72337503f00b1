use perilune_language::debug::Refusal;

/// Why a request was not done, in words for a person.
#[derive(Debug, thiserror::Error)]
pub enum DebugError {
    /// It is no request of the Debug Adapter Protocol.
    #[error("this is not a request of the Debug Adapter Protocol: {0}")]
    NotARequest(serde_json::Error),
    /// Nobody knows this command.
    #[error("the debugger knows no command `{0}`")]
    UnknownCommand(String),
    /// Its arguments are not what they have to be.
    #[error("`{command}` was asked with arguments that make no sense: {field}: {reason}")]
    BadArguments {
        /// The command.
        command: &'static str,
        /// The path to what is wrong: `breakpoints[2].line`.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is longer than what is taken.
    #[error("a request to the debugger may have {most} bytes; this one has {bytes}")]
    TooLong {
        /// Its bytes.
        bytes: usize,
        /// The most that are taken.
        most: usize,
    },
    /// Too much waits already.
    #[error("too many requests wait for the debugger; ask again when some are answered")]
    TooMany,
    /// There are as many clients as can be.
    #[error("{0} clients debug this kernel already; disconnect one of them")]
    TooManyClients(usize),
    /// There are as many breakpoints as can be.
    #[error("a kernel can have {0} breakpoints; remove some")]
    TooManyBreakpoints(usize),
    /// The client has not begun to debug.
    #[error("nobody debugs this kernel yet; `initialize` and `attach` come first")]
    NotStarted,
    /// What was asked for can be done only while code does not go on.
    #[error("the program is running; pause it first")]
    Running,
    /// What was asked for can be done only where code has stopped.
    #[error("no code has stopped")]
    NotStopped,
    /// Code has stopped, but not for an error.
    #[error("it was no error that has stopped the program")]
    NoException,
    /// There is no such source, or its code cannot be read.
    #[error("the code of {source_name} cannot be read{because}")]
    NoSource {
        /// What was asked for.
        source_name: String,
        /// `: ` and the reason, where there is one.
        because: String,
    },
    /// The source has no breakpoint locations since it does not compile.
    #[error("{0}")]
    NotCompiled(String),
    /// There is no such location.
    #[error("there is no location {0} any more")]
    NoLocation(i64),
    /// The frame cannot be begun again.
    #[error("this frame cannot be restarted")]
    NoRestart,
    /// Whoever asked has thought better of it.
    #[error("cancelled")]
    Cancelled,
    /// The kernel ends.
    #[error("the kernel is ending")]
    Ending,
    /// The debugger itself has failed.
    #[error("the debugger failed on this request; the kernel's log says where")]
    Failed,
    /// No thread could be had.
    #[error("the debugger could not be started: {0}")]
    NoThread(std::io::Error),
    /// The language has refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
}
