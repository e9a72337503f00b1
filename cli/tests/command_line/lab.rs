use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::perilune::{Surroundings, ended};

/// Puts a program called `jupyter-lab` first on PATH that tells what it was started with.
fn with_jupyterlab(here: &Surroundings, command: &mut std::process::Command) {
    let script = here.write(
        "jupyter-lab",
        "#!/bin/sh\nprintf '%s\\n' \"$JUPYTER_PATH\" \"$@\"\nexit 3\n",
    );
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    // Asked for its version, it must work.
    let text = here
        .read("jupyter-lab")
        .replace("#!/bin/sh", "#!/bin/sh\n[ \"$1\" = --version ] && exit 0");
    fs::write(&script, text).unwrap();
    let path = format!("{}:/usr/bin:/bin", script.parent().unwrap().display());
    command.env("PATH", path);
}

#[test]
fn jupyterlab_is_started_on_the_notebook_with_our_kernel() {
    let here = Surroundings::new();
    let notebook = here.write("my notes.ipynb", "{}");
    let mut command = here.command([
        "lab",
        "--no-browser",
        "--port",
        "9000",
        "--notebook",
        "my notes.ipynb",
        "--",
        "--debug",
    ]);
    with_jupyterlab(&here, &mut command);
    command.env("JUPYTER_PATH", "/more");
    let ended = ended(command);
    assert_eq!(
        ended.code,
        Some(3),
        "JupyterLab's exit code is ours: {ended:?}"
    );

    let data = here.home().join(".local/share/jupyter");
    assert!(data.join("kernels/lua/kernel.json").is_file());
    let mut said = ended.stdout.lines();
    assert_eq!(
        said.next(),
        Some(format!("{}:/more", data.display()).as_str())
    );
    let notebook = fs::canonicalize(notebook).unwrap();
    assert_eq!(said.next(), notebook.to_str());
    let arguments: Vec<&str> = said
        .filter(|argument| *argument != "--allow-root")
        .collect();
    assert_eq!(
        arguments,
        [
            "--LabApp.default_url=/lab/tree/my%20notes.ipynb",
            "--no-browser",
            "--port=9000",
            "--debug"
        ]
    );
}

#[test]
fn away_from_the_source_the_tour_is_a_copy_that_users_may_change() {
    let here = Surroundings::new();
    let tour = here.home().join(".local/share/perilune/gallery/tour.ipynb");
    let start = || {
        let mut command = here.command(["lab"]);
        with_jupyterlab(&here, &mut command);
        ended(command).stdout.lines().nth(1).map(str::to_owned)
    };
    let opened = start();
    assert_eq!(opened.as_deref(), fs::canonicalize(&tour).unwrap().to_str());
    fs::write(&tour, "mine").unwrap();
    assert_eq!(start(), opened);
    assert_eq!(fs::read_to_string(&tour).unwrap(), "mine");
}

#[test]
fn without_python_the_user_is_told_how_to_get_it() {
    let here = Surroundings::new();
    let mut command = here.command(["lab"]);
    command.env("PATH", here.path("empty"));
    let ended = ended(command);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("there is no python3 on PATH"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("apt install python3"), "{ended:?}");
}

#[test]
fn a_notebook_that_is_not_there_is_an_error_before_anything_is_installed() {
    let here = Surroundings::new();
    let ended = here.run(["lab", "--notebook", "none.ipynb"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr, "perilune: there is no notebook none.ipynb\n");
    assert!(!here.home().join(".local").exists());
}
