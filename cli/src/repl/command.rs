mod execution;

use std::path::PathBuf;

/// What a line that begins with a dot asks of us. No Lua begins so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `.help`
    Help,
    /// `.exit`
    Exit,
    /// `.clear`
    Clear,
    /// `.vars`
    Vars,
    /// `.save FILE`, `.save! FILE`
    Save {
        /// Where to.
        file: PathBuf,
        /// Whether what is there may go.
        replaces: bool,
    },
    /// `.load FILE`
    Load(PathBuf),
}

/// What `.help` says.
pub const HELP: &str = "\
.help          this list
.exit          leave, as Ctrl-D does
.clear         clear the screen, as Ctrl-L does
.vars          your globals and the locals of earlier cells
.save FILE     write the cells that ran here as a script; .save! FILE replaces one
.load FILE     run a script or a notebook here

name?          what is known of a name; ?name too
%lsmagic       the magics, and !command runs a command
%reset         forget all variables

Tab            complete                 Ctrl-R         search what was run before
Enter          run, or go on            Alt-Enter      another line in any case
Ctrl-C         stop the cell, or begin the line anew
Ctrl-D         leave                    Ctrl-Z         suspend
";

impl Command {
    /// Whether this is meant for us: a dot and a letter. A dot and a digit is a number, and three
    /// dots are Lua's too.
    pub fn is_one(input: &str) -> bool {
        let mut characters = input.trim_start().chars();
        characters.next() == Some('.') && characters.next().is_some_and(char::is_alphabetic)
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for the user.
    pub fn read(input: &str) -> Result<Self, String> {
        let input = input.trim();
        let (name, argument) = match input.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, argument.trim()),
            None => (input, ""),
        };
        let file = || match argument {
            "" => Err(format!("{name} what? As in: {name} session.lua")),
            path => Ok(path_of(path)),
        };
        let command = match name {
            ".help" => Self::Help,
            ".exit" => Self::Exit,
            ".clear" => Self::Clear,
            ".vars" => Self::Vars,
            ".save" | ".save!" => {
                return Ok(Self::Save {
                    file: file()?,
                    replaces: name.ends_with('!'),
                });
            }
            ".load" => return Ok(Self::Load(file()?)),
            _ => return Err(format!("there is no {name}; .help lists what there is")),
        };
        match argument {
            "" => Ok(command),
            _ => Err(format!("{name} takes nothing behind it")),
        }
    }
}

/// The path that somebody typed, where `~` is their home, and quotes are no part of it.
fn path_of(text: &str) -> PathBuf {
    let quoted = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    let text = quoted('"').or_else(|| quoted('\'')).unwrap_or(text);
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_and_a_letter_are_ours_and_numbers_are_luas() {
        assert!(Command::is_one(".help"));
        assert!(Command::is_one("  .nonsense"));
        for lua in [".5 + 1", "...", "x.y", ""] {
            assert!(!Command::is_one(lua), "{lua}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |input| Command::read(input).unwrap_err();
        assert_eq!(
            wrong(".halp"),
            "there is no .halp; .help lists what there is"
        );
        assert_eq!(wrong(".save"), ".save what? As in: .save session.lua");
        assert_eq!(wrong(".exit now"), ".exit takes nothing behind it");
    }

    #[test]
    fn a_file_may_have_spaces_and_quotes() {
        let load = |input| match Command::read(input).unwrap() {
            Command::Load(path) => path,
            other => panic!("{other:?}"),
        };
        assert_eq!(load(".load my file.lua"), PathBuf::from("my file.lua"));
        assert_eq!(load(".load 'my file.lua' "), PathBuf::from("my file.lua"));
        let save = Command::read(".save! a.lua").unwrap();
        let wanted = Command::Save {
            file: PathBuf::from("a.lua"),
            replaces: true,
        };
        assert_eq!(save, wanted);
    }
}
