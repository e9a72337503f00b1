//! What the process runs in: its folder and its environment.

use std::env;
use std::path::PathBuf;

use super::call::{Answer, Call, nothing};
use super::registry::{Form, Magic};
use super::source::Code;
use crate::function::Stop;

pub(super) const MAGICS: &[Magic] = &[
    Magic {
        name: "cd",
        form: Form::Line,
        usage: "[FOLDER | -]",
        summary: "Changes the working folder.",
        help: "Without a folder it goes home, and `%cd -` goes back. The folder is the kernel's: \
               `io.open`, `!command` and all the rest see it.",
        options: &[],
        code: Code::None,
        takes_all_words: true,
        run: change_folder,
    },
    Magic {
        name: "pwd",
        form: Form::Line,
        usage: "",
        summary: "Shows the working folder.",
        help: "It is where relative paths begin.",
        options: &[],
        code: Code::None,
        takes_all_words: false,
        run: show_folder,
    },
    Magic {
        name: "env",
        form: Form::Line,
        usage: "[NAME | NAME=VALUE]",
        summary: "Shows or sets variables of the environment.",
        help: "`%env` shows all variables, without the values of those that look like secrets; \
               `%env NAME` shows one. `%env NAME=VALUE` sets one, for `os.getenv` and for \
               whatever is started from then on; `%env NAME=` takes it away.",
        options: &[],
        code: Code::None,
        takes_all_words: false,
        run: environment,
    },
];

fn change_folder(call: &Call<'_>) -> Answer {
    let here = env::current_dir().ok();
    let target = match &*call.words {
        [] => expand_home("~")?,
        [word] if word == "-" => {
            let last = call.context.magics.last_folder.borrow().clone();
            last.ok_or_else(|| Stop::Error("there was no folder before this one".to_owned()))?
        }
        [word] => expand_home(word)?,
        _ => {
            let hint = "it wants one folder; quotes keep a name with spaces together";
            return Err(Stop::Error(hint.to_owned()));
        }
    };
    env::set_current_dir(&target)
        .map_err(|error| Stop::Error(format!("{}: {error}", target.display())))?;
    if let Some(here) = here {
        call.context.magics.last_folder.replace(Some(here));
    }
    show_folder(call)
}

fn show_folder(call: &Call<'_>) -> Answer {
    let here = env::current_dir()
        .map_err(|error| Stop::Error(format!("there is no working folder: {error}")))?;
    call.say(&here.display().to_string());
    nothing()
}

/// A path in which `~` is the user's home.
pub(super) fn expand_home(path: &str) -> Result<PathBuf, Stop> {
    let Some(rest) = path.strip_prefix('~') else {
        return Ok(PathBuf::from(path));
    };
    if !(rest.is_empty() || rest.starts_with('/')) {
        return Ok(PathBuf::from(path));
    }
    let home = env::home_dir().ok_or_else(|| Stop::Error("there is no home folder".to_owned()))?;
    Ok(home.join(rest.trim_start_matches('/')))
}

fn environment(call: &Call<'_>) -> Answer {
    let words = call.words.join(" ");
    if words.is_empty() {
        return show_all(call);
    }
    let Some((name, value)) = words.split_once('=') else {
        return match env::var_os(&words) {
            Some(value) => {
                call.say(&value.to_string_lossy());
                nothing()
            }
            None if words.contains(' ') => Err(Stop::Error(format!(
                "{words:?} is no name; NAME=VALUE sets one"
            ))),
            None => Err(Stop::Error(format!(
                "{words} is not set; %env {words}=VALUE sets it"
            ))),
        };
    };
    let name = name.trim();
    if name.is_empty() || words.contains('\0') {
        return Err(Stop::Error("it wants NAME=VALUE".to_owned()));
    }
    // SAFETY: the standard library's own readers take turns with this, and those of C that this
    // process has run on this thread: no other one asks for variables. SQLite would, on its own
    // thread, for a temporary file, and is told to make none.
    unsafe {
        if value.is_empty() {
            env::remove_var(name);
        } else {
            env::set_var(name, value);
        }
    }
    nothing()
}

fn show_all(call: &Call<'_>) -> Answer {
    let mut rows: Vec<[String; 2]> = env::vars_os()
        .map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            let value = if is_secret(&name) {
                "<hidden>".to_owned()
            } else {
                value.to_string_lossy().into_owned()
            };
            [name, value]
        })
        .collect();
    rows.sort();
    call.show(super::help::table(&["name", "value"], &rows));
    nothing()
}

/// Whether a variable's value had better not be in a notebook that is passed on.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"]
        .iter()
        .any(|word| name.contains(word))
}
