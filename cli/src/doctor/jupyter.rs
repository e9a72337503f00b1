use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use perilune_config::Configuration;
use serde_json::Value;

use super::Findings;
use super::program::is_same;
use crate::jupyter::Directories;
use crate::lab::find_on_path;

/// Whether Jupyter finds a kernelspec, and that leads here.
pub fn check_kernelspec(_: &Configuration, findings: &mut Findings) {
    let found: Vec<Kernelspec> = data_folders().iter().flat_map(|it| of_folder(it)).collect();
    if found.is_empty() {
        return findings.problem(
            "Jupyter finds no kernelspec of perilune",
            "perilune kernel install --user",
        );
    }
    for it in found {
        it.judge(findings);
    }
}

/// Whether there is a Jupyter.
pub fn check(_: &Configuration, findings: &mut Findings) {
    match find_on_path("jupyter") {
        Some(path) => findings.ok(format!("jupyter is {}", path.display())),
        None => findings.warning(
            "jupyter is not on PATH",
            "activate its environment, or let `perilune lab` install one",
        ),
    }
}

/// A kernelspec that starts perilune.
struct Kernelspec {
    file: PathBuf,
    /// What it starts.
    program: String,
}

impl Kernelspec {
    fn judge(&self, findings: &mut Findings) {
        let Self { file, program } = self;
        let place = file.display();
        let path = match Path::new(program) {
            path if path.is_absolute() => path.is_file().then(|| path.to_owned()),
            _ => find_on_path(program),
        };
        let own = env::current_exe().unwrap_or_default();
        let advice = "perilune kernel install --user";
        match path {
            None => findings.problem(
                format!("{place} starts {program}, which is not there"),
                advice,
            ),
            Some(path) if is_same(&path, &own) => {
                findings.ok(format!("{place} starts this program"))
            }
            Some(path) => findings.warning(
                format!("{place} starts another program, {}", path.display()),
                advice,
            ),
        }
    }
}

fn of_folder(data: &Path) -> Vec<Kernelspec> {
    let Ok(kernels) = fs::read_dir(data.join("kernels")) else {
        return Vec::new();
    };
    kernels
        .filter_map(Result::ok)
        .filter_map(|kernel| {
            let file = kernel.path().join("kernel.json");
            let document: Value = serde_json::from_slice(&fs::read(&file).ok()?).ok()?;
            let program = document["argv"][0].as_str()?.to_owned();
            let is_ours = document["metadata"].get("perilune").is_some()
                || Path::new(&program).file_name() == Some("perilune".as_ref());
            is_ours.then_some(Kernelspec { file, program })
        })
        .collect()
}

/// Where Jupyter looks for kernelspecs, as `jupyter --paths` has it: of the environments, those
/// that are active, and that of the `jupyter` on PATH.
fn data_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("JUPYTER_PATH")
        .map(|paths| env::split_paths(&paths).collect())
        .unwrap_or_default();
    folders.extend(Directories::of_this_user().ok().map(|it| it.data));
    let environments = ["VIRTUAL_ENV", "CONDA_PREFIX"];
    let mut prefixes: Vec<PathBuf> = environments
        .iter()
        .filter_map(env::var_os)
        .map(PathBuf::from)
        .collect();
    let program = find_on_path("jupyter");
    let prefix = program.as_deref().and_then(|it| it.parent()?.parent());
    prefixes.extend(prefix.map(Path::to_owned));
    prefixes.extend(["/usr/local", "/usr"].map(PathBuf::from));
    folders.extend(prefixes.iter().map(|prefix| prefix.join("share/jupyter")));
    let mut seen = Vec::new();
    folders.retain(|folder| {
        let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        let is_new = !seen.contains(&real);
        seen.push(real);
        is_new
    });
    folders
}
