use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::de::{DeserializeOwned, Error, Unexpected};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::message::Refusal;

/// Reads what `launch` or `attach` is given.
///
/// An editor may say in many ways that something is not given: one that is written in Lua has one empty
/// table for lists and objects, and one in Lisp has one word for false and for nothing. All that
/// can be given here is off or empty where it is missing.
///
/// # Errors
///
/// Which field makes no sense, and why.
pub fn read<T: DeserializeOwned>(command: &str, arguments: &Value) -> Result<T, Refusal> {
    let mut given = match arguments {
        Value::Object(fields) => fields.clone(),
        Value::Null => serde_json::Map::new(),
        Value::Array(list) if list.is_empty() => serde_json::Map::new(),
        _ => {
            let reason = format!("{command}: its arguments are no object");
            return Err(Refusal::new(reason));
        }
    };
    given.retain(|_, value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    });
    serde_path_to_error::deserialize(Value::Object(given)).map_err(|error| {
        let field = error.path().to_string();
        Refusal::new(format!("{command}: {field}: {}", error.into_inner()))
    })
}

/// Text, also where a number or a truth was written without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = &"text";
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            Value::Bool(truth) => Ok(Self(truth.to_string())),
            Value::Null => Err(D::Error::invalid_type(Unexpected::Unit, expected)),
            Value::Array(_) => Err(D::Error::invalid_type(Unexpected::Seq, expected)),
            Value::Object(_) => Err(D::Error::invalid_type(Unexpected::Map, expected)),
        }
    }
}

/// What `launch` is given. What is not named here is some client's own, and is let be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Launch {
    /// The Lua file to run.
    pub program: Option<PathBuf>,
    /// No program, but a kernel for the cells that come by `perilune/execute`.
    pub notebook: bool,
    /// What the program finds in `arg` and `...`.
    pub args: Vec<Text>,
    /// The working folder.
    pub cwd: Option<PathBuf>,
    /// Variables of the environment: set, or taken away where null.
    pub env: BTreeMap<String, Option<Text>>,
    /// Stop at the first line.
    pub stop_on_entry: bool,
    /// Run without a debugger.
    pub no_debug: bool,
}

/// What is launched, once its arguments made sense.
#[derive(Debug, Clone)]
pub struct Launched {
    /// The program's absolute path; nothing for a kernel that waits for cells.
    pub program: Option<PathBuf>,
    /// The absolute path of the working folder.
    pub folder: PathBuf,
    /// The rest, as it was given.
    pub given: Launch,
}

impl Launch {
    /// Makes sense of it: paths are seen from the working folder, and that from this process's.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn resolve(self) -> Result<Launched, Refusal> {
        let here = std::env::current_dir()
            .map_err(|error| Refusal::new(format!("finding the working folder: {error}")))?;
        let folder = self.cwd.as_ref().map_or(here.clone(), |cwd| here.join(cwd));
        if !folder.is_dir() {
            return Err(Refusal::new(format!(
                "launch: cwd is {}, which is no folder",
                folder.display()
            )));
        }
        if let Some(name) = self.env.keys().find(|name| !is_variable(name)) {
            return Err(Refusal::new(format!(
                "launch: env has {name:?}, which is no name of a variable"
            )));
        }
        let program = match (&self.program, self.notebook) {
            (Some(program), false) if !program.as_os_str().is_empty() => {
                Some(written(&folder.join(program)))
            }
            (None, true) => None,
            (Some(_), true) => {
                return Err(Refusal::new(
                    "launch: give either program, the Lua file to run, or notebook, not both",
                ));
            }
            _ => {
                return Err(Refusal::new(
                    "launch: program is missing, the path of the Lua file to run",
                ));
            }
        };
        Ok(Launched {
            program,
            folder,
            given: self,
        })
    }
}

/// The path that a person would write, with the links it goes through, unless it goes back up.
fn written(path: &Path) -> PathBuf {
    let goes_up = path.components().any(|it| it == Component::ParentDir);
    let canonical = goes_up.then(|| path.canonicalize().ok()).flatten();
    canonical.unwrap_or_else(|| path.components().collect())
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}

/// What `attach` is given. VS Code and others send the name of the configuration as `name`, so a
/// kernel's name is elsewhere.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attach {
    kernel: Option<Text>,
    connection_file: Option<String>,
    /// Run cells there that come by `perilune/execute`.
    pub notebook: bool,
    /// The next cell stops at its first line.
    pub stop_on_entry: bool,
    /// Without a debugger.
    pub no_debug: bool,
    /// Show what cells write, whoever runs them.
    pub redirect_output: bool,
}

impl Attach {
    /// What the kernel is called, or its connection file; nothing where the one that runs is meant.
    ///
    /// # Errors
    ///
    /// When it is said in two ways.
    pub fn kernel(&self) -> Result<Option<&str>, Refusal> {
        // What is empty was not filled in.
        let kernel = self.kernel.as_ref().map(|Text(text)| text.as_str());
        let kernel = kernel.filter(|text| !text.is_empty());
        let file = self.connection_file.as_deref();
        match (kernel, file.filter(|text| !text.is_empty())) {
            (Some(_), Some(_)) => Err(Refusal::new(
                "attach: give either kernel or connectionFile, not both",
            )),
            (kernel, file) => Ok(kernel.or(file)),
        }
    }
}
