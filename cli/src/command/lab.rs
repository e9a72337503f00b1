use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use perilune_daemon::Folders;

use crate::exit::Exit;
use crate::jupyter::{Directories, Kernelspec};
use crate::kernels::Kernel;
use crate::lab::{self, JupyterLab, PrivateEnvironment};

/// `perilune lab`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Do not open a browser
    #[arg(long)]
    no_browser: bool,
    /// The port to serve on; JupyterLab takes the next free one if it is taken
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// The notebook to open, instead of the tour
    #[arg(long, value_name = "FILE")]
    notebook: Option<PathBuf>,
    /// Offer a kernel that runs already, such as a daemon, beside those that are started: a name, id
    /// or connection file. A notebook takes it by Kernel > Change Kernel, "Connect to Existing", and
    /// it lives on when JupyterLab ends
    #[arg(long, value_name = "KERNEL")]
    existing: Option<String>,
    /// More arguments for JupyterLab, after `--`
    #[arg(last = true, value_name = "ARGUMENTS")]
    more: Vec<OsString>,
}

impl Arguments {
    pub fn run(self) -> Result<Exit> {
        let notebook = match &self.notebook {
            Some(notebook) if !notebook.is_file() => {
                bail!("there is no notebook {}", notebook.display())
            }
            Some(notebook) => notebook.clone(),
            None => lab::tour()?,
        };
        let notebook = notebook
            .canonicalize()
            .with_context(|| format!("finding the absolute path of {}", notebook.display()))?;
        let data = Directories::of_this_user()?.data;
        install_kernelspec(&data)?;
        let jupyterlab = find_or_install()?;

        let mut command = jupyterlab.command();
        command.arg(&notebook);
        // The address that JupyterLab prints leads to the notebook too, not only its browser.
        if let Some(name) = notebook.file_name().and_then(|name| name.to_str()) {
            command.arg(format!(
                "--LabApp.default_url=/lab/tree/{}",
                percent_encoded(name)
            ));
        }
        if self.no_browser {
            command.arg("--no-browser");
        }
        if let Some(port) = self.port {
            command.arg(format!("--port={port}"));
        }
        if nix::unistd::geteuid().is_root() {
            eprintln!("perilune: running as root, so JupyterLab is told --allow-root");
            command.arg("--allow-root");
        }
        // Where the kernelspec is comes first, so that it is ours that `lua` means.
        command.env(
            "JUPYTER_PATH",
            with_first(&data, std::env::var_os("JUPYTER_PATH")),
        );
        if let Some(kernel) = &self.existing {
            let folder = offer(&Kernel::find(Some(kernel))?)?;
            command.arg("--ServerApp.allow_external_kernels=True");
            command.arg(format!(
                "--ServerApp.external_connection_dir={}",
                folder.display()
            ));
        }
        command.args(&self.more);
        eprintln!("Starting JupyterLab on {}", notebook.display());
        // JupyterLab takes this process's place: signals reach it, and its exit code is ours.
        let error = command.exec();
        Err(error).with_context(|| format!("starting {}", command.get_program().display()))
    }
}

/// Puts the connection file of a kernel that runs where JupyterLab finds it, and no other: it would
/// take all in its folder for kernels to offer. A link, since the kernel may write its file anew.
fn offer(kernel: &Kernel) -> Result<PathBuf> {
    // Whether it can be used at all.
    kernel.connection()?;
    let Some(file) = kernel.connection_file() else {
        bail!("{} has no connection file", kernel.name());
    };
    let folder = Folders::of_this_user()?
        .state()
        .join("lab")
        .join(kernel.name());
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("making {}", folder.display()))?;
    let link = folder.join("kernel.json");
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("removing {}", link.display()));
        }
        _ => {}
    }
    symlink(file, &link).with_context(|| format!("making {}", link.display()))?;
    Ok(folder)
}

fn install_kernelspec(data: &Path) -> Result<()> {
    let kernelspec = Kernelspec {
        program: std::env::current_exe().context("finding the path of this program")?,
        display_name: "Lua".to_owned(),
        memory_limit: None,
        env: Vec::new(),
    };
    let folder = data.join("kernels/lua");
    kernelspec.install(&folder, false)?;
    eprintln!("The kernelspec is in {}", folder.display());
    Ok(())
}

fn find_or_install() -> Result<JupyterLab> {
    if let Some(jupyterlab) = JupyterLab::find() {
        return Ok(jupyterlab);
    }
    let environment = PrivateEnvironment::of_this_user()?;
    if let Some(jupyterlab) = environment.jupyterlab() {
        return Ok(jupyterlab);
    }
    let python = lab::find_python()?;
    eprintln!(
        "JupyterLab is not on PATH; putting one into {} (a few minutes, once)",
        environment.folder().display()
    );
    environment.create(&python)
}

/// A list of folders as in PATH, with one more in front.
fn with_first(folder: &Path, others: Option<OsString>) -> OsString {
    let mut list = folder.as_os_str().to_owned();
    if let Some(others) = others.filter(|others| !others.is_empty()) {
        list.push(":");
        list.push(others);
    }
    list
}

/// A file's name as one part of a URL's path.
fn percent_encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_parts_of_addresses() {
        assert_eq!(percent_encoded("tour.ipynb"), "tour.ipynb");
        assert_eq!(
            percent_encoded("a b/\u{FC}?.ipynb"),
            "a%20b%2F%C3%BC%3F.ipynb"
        );
    }

    #[test]
    fn our_kernelspecs_come_first() {
        assert_eq!(with_first(Path::new("/a"), None), "/a");
        assert_eq!(with_first(Path::new("/a"), Some("".into())), "/a");
        assert_eq!(
            with_first(Path::new("/a"), Some("/b:/c".into())),
            "/a:/b:/c"
        );
    }
}
