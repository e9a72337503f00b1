use std::ffi::{CString, c_int};
use std::fmt;
use std::str::FromStr;

/// What is watched, as a [`DataBreakpoint`](perilune_language::debug::DataBreakpoint) says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Watched {
    /// A table's field.
    Field(i64),
    /// A variable of functions, by the number it has in one of them.
    Upvalue(i64, c_int),
    /// A variable of a call: how deep the call is, and the variable's number and name.
    Local(i64, usize, c_int, CString),
}

impl Watched {
    pub(super) fn id(&self) -> i64 {
        match self {
            Self::Field(id) | Self::Upvalue(id, _) | Self::Local(id, ..) => *id,
        }
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(id) => write!(f, "field:{id}"),
            Self::Upvalue(id, number) => write!(f, "upvalue:{id}:{number}"),
            Self::Local(id, depth, number, name) => {
                write!(f, "local:{id}:{depth}:{number}:{}", name.to_string_lossy())
            }
        }
    }
}

impl FromStr for Watched {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        fn number<T: FromStr>(part: Option<&str>) -> Result<T, ()> {
            part.and_then(|part| part.parse().ok()).ok_or(())
        }
        let mut parts = text.splitn(5, ':');
        let kind = parts.next();
        let id = number(parts.next())?;
        match kind {
            Some("field") => Ok(Self::Field(id)),
            Some("upvalue") => Ok(Self::Upvalue(id, number(parts.next())?)),
            Some("local") => Ok(Self::Local(
                id,
                number(parts.next())?,
                number(parts.next())?,
                CString::new(parts.next().ok_or(())?).map_err(|_| ())?,
            )),
            _ => Err(()),
        }
    }
}
