use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A JupyterLab that can be started: a program and the arguments that make it JupyterLab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JupyterLab {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl JupyterLab {
    /// One that the user has: `jupyter-lab` on PATH, else the `jupyterlab` module of `python3`.
    pub fn find() -> Option<Self> {
        let program = find_on_path("jupyter-lab")
            .map(|program| Self {
                program,
                arguments: Vec::new(),
            })
            .filter(Self::works);
        program.or_else(|| {
            let program = find_on_path("python3")?;
            let arguments = ["-m", "jupyterlab"].map(OsString::from).to_vec();
            Some(Self { program, arguments }).filter(Self::works)
        })
    }

    /// The one of a virtual environment, if it is whole.
    pub fn in_environment(environment: &Path) -> Option<Self> {
        let program = environment.join("bin/jupyter-lab");
        Some(Self {
            program,
            arguments: Vec::new(),
        })
        .filter(Self::works)
    }

    /// The command that starts it, to be given more arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }

    // A launcher script survives the Python it was made for, so it is asked.
    fn works(&self) -> bool {
        self.command()
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// The first file of this name in the folders of PATH.
pub fn find_on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}
