use std::fmt;
use std::path::PathBuf;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody has set it.
    Default,
    /// The user's file, and the line in it.
    User(PathBuf, usize),
    /// The project's file, and the line in it.
    Project(PathBuf, usize),
    /// A variable of the environment.
    Environment(&'static str),
    /// An option of the command line.
    Flag(String),
}

impl Origin {
    /// The layer's name, for programs.
    pub fn layer(&self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::User(..) => "user",
            Self::Project(..) => "project",
            Self::Environment(_) => "environment",
            Self::Flag(_) => "flag",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::User(path, line) | Self::Project(path, line) => {
                write!(f, "{}:{line}", path.display())
            }
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}
