use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::document::{self, Document, Kind};
use crate::error::{ConfigError, Place, Problem, Problems};
use crate::file;
use crate::key::{Bound, Key};
use crate::nearest::key_named;
use crate::origin::Origin;
use crate::places::{self, ProjectSearch};
use crate::setting::Given;
use crate::settings::{KEYS, Settings};
use crate::value::Value;

/// An option of the command line that sets something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The option as it was written, for errors: `--memory-limit`.
    pub flag: String,
    /// The setting's name.
    pub key: String,
    /// The value, as `config set` would take it.
    pub value: String,
}

/// Where settings come from. Reading it again gives what is set by then.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The user's file, if the user has a home.
    pub user: Option<PathBuf>,
    /// Where a project's file is sought; none to have nothing of projects.
    pub project: Option<ProjectSearch>,
    /// The environment's variables.
    pub variables: BTreeMap<OsString, OsString>,
    /// What the command line sets; of two for one setting the last counts.
    pub flags: Vec<Flag>,
}

/// All settings, and where each comes from.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The settings.
    pub settings: Settings,
    /// A project's file that is not read, since it belongs to somebody else.
    pub foreign: Option<PathBuf>,
    pub(crate) origins: BTreeMap<&'static str, Origin>,
}

impl Configuration {
    /// What nobody has set anything of.
    pub fn of_defaults() -> Self {
        Self {
            settings: Settings::default(),
            foreign: None,
            origins: BTreeMap::new(),
        }
    }

    /// Where a value comes from.
    pub fn origin(&self, key: &Key) -> &Origin {
        self.origins.get(key.name).unwrap_or(&Origin::Default)
    }

    /// A value.
    pub fn value(&self, key: &Key) -> Value {
        key.value_in(&self.settings)
    }
}

impl Sources {
    /// Those of this process, with the project of `folder`.
    pub fn of_this_process(folder: &Path) -> Self {
        Self {
            user: places::user_file(),
            project: Some(ProjectSearch::from(folder)),
            variables: std::env::vars_os()
                .filter(|(name, _)| name.to_string_lossy().starts_with("PERILUNE_"))
                .collect(),
            flags: Vec::new(),
        }
    }

    /// With what the command line says.
    #[must_use]
    pub fn with_flags(mut self, flags: Vec<Flag>) -> Self {
        self.flags = flags;
        self
    }

    /// The files that there are: the user's and the project's. A foreign project's is none.
    pub fn files(&self) -> (Option<PathBuf>, Option<PathBuf>) {
        let project = self.project.as_ref().and_then(ProjectSearch::find);
        (
            self.user.clone().filter(|path| path.exists()),
            project
                .filter(|(_, is_ours)| *is_ours)
                .map(|(path, _)| path),
        )
    }

    /// What the user's file says, without all else.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn user_alone(&self) -> Result<Configuration, ConfigError> {
        Self {
            user: self.user.clone(),
            project: None,
            variables: BTreeMap::new(),
            flags: Vec::new(),
        }
        .read()
    }

    /// Reads them all.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`] with all that is wrong in all of them, or [`ConfigError::Read`].
    pub fn read(&self) -> Result<Configuration, ConfigError> {
        let mut configuration = Configuration::of_defaults();
        let mut problems = Vec::new();
        if let Some(path) = &self.user {
            configuration.file(path, Kind::User, &mut problems)?;
        }
        match self.project.as_ref().and_then(ProjectSearch::find) {
            // The owner may be another one by now.
            Some((path, true)) => configuration.file(&path, Kind::Project, &mut problems)?,
            Some((path, false)) => configuration.foreign = Some(path),
            None => {}
        }
        self.environment(&mut configuration, &mut problems);
        for flag in &self.flags {
            configuration.flag(flag, &mut problems);
        }
        if problems.is_empty() {
            Ok(configuration)
        } else {
            Err(ConfigError::Invalid(Problems(problems)))
        }
    }

    fn environment(&self, configuration: &mut Configuration, problems: &mut Vec<Problem>) {
        for key in KEYS {
            let Some(text) = self.variables.get(&OsString::from(key.variable)) else {
                continue;
            };
            if text.is_empty() && !key.empty_is_said {
                continue;
            }
            let place = Place::Variable(key.variable);
            let origin = Origin::Environment(key.variable);
            let text = text.to_str().ok_or("it is not UTF-8");
            configuration.text(key, text, place, origin, problems);
        }
    }
}

impl Configuration {
    fn file(
        &mut self,
        path: &Path,
        kind: Kind,
        problems: &mut Vec<Problem>,
    ) -> Result<(), ConfigError> {
        let Some(file) = file::read(path)? else {
            return Ok(());
        };
        let user = nix::unistd::geteuid().as_raw();
        if kind == Kind::Project && ![0, user].contains(&file.owner) {
            self.foreign = Some(path.to_owned());
            return Ok(());
        }
        let document = Document {
            path,
            content: &file.content,
            kind,
        };
        for (key, line) in document::apply(document, &mut self.settings, problems) {
            let origin = match kind {
                Kind::User => Origin::User(path.to_owned(), line),
                Kind::Project => Origin::Project(path.to_owned(), line),
            };
            self.origins.insert(key.name, origin);
        }
        Ok(())
    }

    fn flag(&mut self, flag: &Flag, problems: &mut Vec<Problem>) {
        let place = Place::Flag(flag.flag.clone());
        match key_named(&flag.key) {
            Ok(key) => {
                let origin = Origin::Flag(flag.flag.clone());
                self.text(key, Ok(&flag.value), place, origin, problems);
            }
            Err(message) => problems.push(Problem {
                place,
                key: None,
                message,
            }),
        }
    }

    fn text(
        &mut self,
        key: &'static Key,
        text: Result<&str, &str>,
        place: Place,
        origin: Origin,
        problems: &mut Vec<Problem>,
    ) {
        let put = text
            .map_err(str::to_owned)
            .and_then(|text| (key.put)(&mut self.settings, Given::Text(text), Bound::Free));
        match put {
            Ok(()) => {
                self.origins.insert(key.name, origin);
            }
            Err(message) => problems.push(Problem {
                place,
                key: Some(key.name.to_owned()),
                message,
            }),
        }
    }
}
