//! Every setting, declared once.

mod table;

use std::net::{IpAddr, Ipv4Addr};

use crate::setting::{Count, FilePath, LocalAddress, LogFilter, Size, Span, choices};
use table::settings;

choices! {
    /// How a kernel's clients reach it.
    Transport {
        /// TCP ports.
        Tcp = "tcp",
        /// Unix sockets.
        Ipc = "ipc",
    }
}

choices! {
    /// How a terminal is given images.
    Images {
        /// As the terminal says that it can.
        Auto = "auto",
        /// By kitty's protocol, which Ghostty and others speak too.
        Kitty = "kitty",
        /// By iTerm2's protocol, which WezTerm and others speak too.
        Iterm2 = "iterm2",
        /// Not at all: a text says what there is.
        Off = "off",
    }
}

choices! {
    /// What a line of the log looks like.
    LogFormat {
        /// For people.
        Text = "text",
        /// An object of JSON.
        Json = "json",
    }
}

/// How large a file of the log becomes: enough for a few lines, at least.
pub type LogSize = Size<4096>;
/// How old a file of the log becomes: a minute at least.
pub type LogAge = Span<60_000>;
/// How many files of the log are kept.
pub type LogFiles = Count<1, 10_000>;

choices! {
    /// Whether a kernel begins with the state that was saved.
    Restore {
        /// It begins empty.
        Never = "never",
        /// It does if it can, and begins empty if it cannot.
        IfSaved = "if-saved",
        /// It does, or does not begin at all.
        Always = "always",
    }
}

/// How many entries a history has at least and at most.
pub type Entries = Count<1, 1_000_000_000>;
/// A number of days.
pub type Days = Count<1, 36_500>;
/// How large a journal is at most: never smaller than 1 MiB.
pub type JournalSize = Size<1_048_576>;
/// How old what is in a journal is at most: never less than a minute.
pub type JournalAge = Span<60_000>;
/// How long a part of the end may take: an hour at most.
pub type Deadline = Span<0, 3_600_000>;

settings! {
    /// How a kernel runs, and where it listens.
    kernel: Kernel {
        /// How much memory Lua may use, for kernels and `perilune run`. Without it, as much as there is.
        memory_limit: Option<Size> = None,
            variable "PERILUNE_KERNEL_MEMORY_LIMIT", flag "--memory-limit", at Restart, project Lower;
        /// The address to listen on, where a connection file is to be written. Messages are signed,
        /// but not encrypted.
        ip: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST),
            variable "PERILUNE_KERNEL_IP", flag "--ip", at Restart, project No;
        /// TCP ports or Unix sockets, where a connection file is to be written.
        transport: Transport = Transport::Tcp,
            variable "PERILUNE_KERNEL_TRANSPORT", flag "--transport", at Restart, project No;
    }
    /// What Lua finds.
    lua: Lua {
        /// Whether `require` finds modules in the working folder, and in a `lua_modules` in it or
        /// above.
        project: bool = true,
            variable "PERILUNE_LUA_PROJECT", flag "--no-project", at Restart, project Lower;
    }
    /// What the program tells about itself.
    log: Log {
        /// How much is logged. Without it, warn; by daemons info, and in `perilune run` error.
        level: Option<LogFilter> = None,
            variable "PERILUNE_LOG", flag "--log-level", at Reload, project No;
        /// Lines for people, or objects of JSON.
        format: LogFormat = LogFormat::Text,
            variable "PERILUNE_LOG_FORMAT", flag "--log-format", at Restart, project No;
        /// The file to log into. Without it, standard error; a daemon's is kernel.log in its folder.
        file: Option<FilePath> = None,
            variable "PERILUNE_LOG_FILE", flag "--log-file", at Restart, project No;
        /// How large that file becomes before the next is begun.
        max_size: LogSize = LogSize::of(10_000_000),
            variable "PERILUNE_LOG_MAX_SIZE", at Reload, project No;
        /// How old its first line becomes before the next is begun.
        max_age: LogAge = LogAge::of_seconds(7 * 24 * 60 * 60),
            variable "PERILUNE_LOG_MAX_AGE", at Reload, project No;
        /// How many such files are kept beside the one that is written to.
        keep: LogFiles = LogFiles::of(10),
            variable "PERILUNE_LOG_KEEP", at Reload, project No;
        /// For how long they are kept.
        keep_for: LogAge = LogAge::of_seconds(90 * 24 * 60 * 60),
            variable "PERILUNE_LOG_KEEP_FOR", at Reload, project No;
        /// Whether they are compressed.
        gzip: bool = false,
            variable "PERILUNE_LOG_GZIP", at Reload, project No;
    }
    /// How a kernel's health and figures are asked for over HTTP.
    health: Health {
        /// Where they are served, for Prometheus and supervisors. Port 0 is a free one, and on a port a
        /// token is needed. Without it, nowhere.
        listen: Option<LocalAddress> = None,
            variable "PERILUNE_HEALTH_LISTEN", flag "--health", at Restart, project No;
    }
    /// What a kernel keeps of what it told its clients, for those who come back.
    journal: Journal {
        /// Whether a journal is kept. Without, `perilune kernel attach` shows nothing that was
        /// missed.
        enabled: bool = true,
            variable "PERILUNE_JOURNAL_ENABLED", at Restart, project No;
        /// How much of it is kept on disk for each kernel; the oldest goes first.
        max_size: JournalSize = JournalSize::of(64 << 20),
            variable "PERILUNE_JOURNAL_MAX_SIZE", at Reload, project No;
        /// For how long it is kept.
        max_age: JournalAge = JournalAge::of_seconds(7 * 24 * 60 * 60),
            variable "PERILUNE_JOURNAL_MAX_AGE", at Reload, project No;
    }
    /// How long each part of a kernel's end may take. What takes longer is left behind.
    shutdown: Shutdown {
        /// For how long a cell that runs may go on to its own end when a signal ends the kernel.
        drain: Deadline = Deadline::of_seconds(0),
            variable "PERILUNE_SHUTDOWN_DRAIN", at Reload, project No;
        /// The same when a client ends it.
        drain_on_request: Deadline = Deadline::of_seconds(0),
            variable "PERILUNE_SHUTDOWN_DRAIN_ON_REQUEST", at Reload, project No;
        /// For how long a cell may go on that was interrupted then.
        interrupt: Deadline = Deadline::of_seconds(1),
            variable "PERILUNE_SHUTDOWN_INTERRUPT", at Reload, project No;
        /// How long saving what Lua holds may take.
        save: Deadline = Deadline::of_seconds(10),
            variable "PERILUNE_SHUTDOWN_SAVE", at Reload, project No;
        /// How long clients have to take what was sent to them.
        flush: Deadline = Deadline::of_seconds(1),
            variable "PERILUNE_SHUTDOWN_FLUSH", at Reload, project No;
        /// How long child processes, the history and all else have to end.
        release: Deadline = Deadline::of_seconds(2),
            variable "PERILUNE_SHUTDOWN_RELEASE", at Reload, project No;
    }
    /// What becomes of a session when its kernel ends. Only a kernel that was given a name has a place
    /// for it.
    state: State {
        /// Whether the session is saved when the kernel ends: variables, functions and what they hold.
        save: bool = true,
            variable "PERILUNE_STATE_SAVE", flag "--save", at Restart, project No;
        /// Whether a kernel begins with the session that was saved last.
        restore: Restore = Restore::Never,
            variable "PERILUNE_STATE_RESTORE", flag "--restore", at Restart, project No;
    }
    /// What is remembered of what is run in all kernels.
    history: History {
        /// Whether a history is kept on disk. Without, it ends with the kernel.
        enabled: bool = true,
            variable "PERILUNE_HISTORY_ENABLED", flag "--no-history", at Restart, project Lower;
        /// The file of it. Without it, perilune/history.sqlite in the user's state folder; an empty
        /// one is the same as history.enabled = false.
        file: Option<FilePath> = None,
            variable "PERILUNE_HISTORY", flag "--history", at Restart, project No;
        /// How many entries are kept; the oldest go first.
        entries: Entries = Entries::of(100_000),
            variable "PERILUNE_HISTORY_ENTRIES", flag "--history-entries", at Reload, project No;
        /// For how many days entries are kept. Without it, without end.
        days: Option<Days> = None,
            variable "PERILUNE_HISTORY_DAYS", flag "--history-days", at Reload, project No;
    }
    /// What `perilune repl` is like.
    repl: Repl {
        /// Whether it says at the start what it is, and at the end what goes on.
        banner: bool = true,
            variable "PERILUNE_REPL_BANNER", flag "--quiet", at Command, project No;
        /// Whether what was run before suggests how to go on, in grey.
        hints: bool = true,
            variable "PERILUNE_REPL_HINTS", at Command, project No;
        /// How images are shown.
        images: Images = Images::Auto,
            variable "PERILUNE_REPL_IMAGES", at Command, project No;
        /// Whether it shows what other clients of the kernel run.
        others: bool = false,
            variable "PERILUNE_REPL_OTHERS", flag "--others", at Command, project No;
    }
}
