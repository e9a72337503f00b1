use std::fs;

use serde_json::{Value, json};

use crate::perilune::Surroundings;

fn kernel_json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&fs::read(path.join("kernel.json")).unwrap()).unwrap()
}

#[test]
fn install_writes_a_kernelspec_that_starts_this_very_program() {
    let here = Surroundings::new();
    let ended = here.run(["kernel", "install"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let folder = here.home().join(".local/share/jupyter/kernels/lua");
    assert_eq!(
        ended.stdout,
        format!("Installed the kernelspec in {}\n", folder.display())
    );

    let program = fs::canonicalize(env!("CARGO_BIN_EXE_perilune")).unwrap();
    assert_eq!(
        kernel_json(&folder),
        json!({
            "argv": [program, "kernel", "start", "--connection-file", "{connection_file}"],
            "display_name": "Lua",
            "language": "lua",
            "interrupt_mode": "message",
            "kernel_protocol_version": "5.5",
            "metadata": {"debugger": true, "perilune": {"installer": "perilune"}},
        })
    );
    for (name, start) in [
        ("logo-32x32.png", b"\x89PNG".as_slice()),
        ("logo-64x64.png", b"\x89PNG"),
        ("logo-svg.svg", b"<svg"),
        ("quarto_setup_cell", b"-- Quarto"),
    ] {
        assert!(
            fs::read(folder.join(name)).unwrap().starts_with(start),
            "{name}"
        );
    }
}

#[test]
fn install_can_be_repeated_and_tells_programs_what_it_did() {
    let here = Surroundings::new();
    let install = |more: &[&str]| {
        let arguments = ["kernel", "install", "--prefix", "p", "--json"];
        let ended = here.run(arguments.iter().chain(more));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        serde_json::from_str::<Value>(&ended.stdout).unwrap()
    };
    let first = install(&[]);
    assert_eq!(
        (&first["change"], &first["schema_version"]),
        (&json!("created"), &json!(1))
    );
    assert_eq!(
        first["path"],
        json!(here.path("p/share/jupyter/kernels/lua"))
    );
    assert_eq!(install(&[])["change"], "unchanged");
    let changed = install(&[
        "--display-name",
        "Moon",
        "--memory-limit",
        "1GiB",
        "--env",
        "A=b=c",
    ]);
    assert_eq!(changed["change"], "updated");
    let kernel_json = kernel_json(&here.path("p/share/jupyter/kernels/lua"));
    assert_eq!(kernel_json["argv"], changed["argv"]);
    let argv = kernel_json["argv"].as_array().unwrap();
    assert_eq!(argv[3..5], ["--memory-limit", "1073741824"]);
    assert_eq!(kernel_json["display_name"], "Moon");
    assert_eq!(kernel_json["env"], json!({"A": "b=c"}));
}

#[test]
fn the_active_environment_is_the_system_prefix() {
    let here = Surroundings::new();
    let mut command = here.command(["kernel", "install", "--sys-prefix", "--name", "Moon.1"]);
    command.env("VIRTUAL_ENV", here.path("venv"));
    assert_eq!(crate::perilune::ended(command).code, Some(0));
    assert!(
        here.path("venv/share/jupyter/kernels/moon.1/kernel.json")
            .is_file()
    );
}

#[test]
fn uninstall_removes_what_install_wrote_and_can_be_repeated() {
    let here = Surroundings::new();
    here.run(["kernel", "install", "--prefix", "p"]);
    let ended = here.run(["kernel", "uninstall", "--prefix", "p"]);
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stdout.starts_with("Removed the kernelspec in "),
        "{ended:?}"
    );
    assert!(!here.path("p/share/jupyter/kernels/lua").exists());
    let ended = here.run(["kernel", "uninstall", "--prefix", "p"]);
    assert_eq!(ended.code, Some(0));
    assert!(
        ended.stdout.starts_with("There is no kernelspec in "),
        "{ended:?}"
    );
}

#[test]
fn what_belongs_to_others_stays_unless_forced() {
    let here = Surroundings::new();
    let folder = here.path("p/share/jupyter/kernels/lua");
    fs::create_dir_all(&folder).unwrap();
    let theirs = r#"{"argv": ["ilua"], "display_name": "Lua", "language": "lua"}"#;
    fs::write(folder.join("kernel.json"), theirs).unwrap();
    for command in ["install", "uninstall"] {
        let ended = here.run(["kernel", command, "--prefix", "p"]);
        assert_eq!(ended.code, Some(1));
        assert!(
            ended.stderr.contains("is the kernelspec of another kernel"),
            "{ended:?}"
        );
        assert!(ended.stderr.contains("--force"), "{ended:?}");
        assert_eq!(
            fs::read_to_string(folder.join("kernel.json")).unwrap(),
            theirs
        );
    }
    assert_eq!(
        here.run(["kernel", "install", "--prefix", "p", "--force"])
            .code,
        Some(0)
    );
    assert_eq!(
        kernel_json(&folder)["metadata"]["perilune"]["installer"],
        "perilune"
    );
}

#[test]
fn what_pip_installed_is_left_to_pip() {
    let here = Surroundings::new();
    let folder = here.path("p/share/jupyter/kernels/lua");
    fs::create_dir_all(&folder).unwrap();
    let wheel = concat!(env!("CARGO_MANIFEST_DIR"), "/../kernelspec/wheel/data/");
    let wheel = format!("{wheel}share/jupyter/kernels/lua/kernel.json");
    fs::copy(wheel, folder.join("kernel.json")).unwrap();
    let ended = here.run(["kernel", "uninstall", "--prefix", "p"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("pip uninstall perilune"), "{ended:?}");
    assert!(folder.is_dir());
}

#[test]
fn a_folder_that_is_no_kernelspec_is_never_deleted() {
    let here = Surroundings::new();
    let folder = here.path("p/share/jupyter/kernels/lua");
    fs::create_dir_all(&folder).unwrap();
    let ended = here.run(["kernel", "uninstall", "--prefix", "p", "--force"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("has no kernel.json"), "{ended:?}");
    assert!(folder.is_dir());
}

#[test]
fn names_that_are_paths_are_wrong_usage() {
    let here = Surroundings::new();
    for name in ["../x", "a/b", "", ".hidden", "l\u{FC}a"] {
        assert_eq!(
            here.run(["kernel", "install", "--name", name]).code,
            Some(2),
            "{name:?}"
        );
    }
}
