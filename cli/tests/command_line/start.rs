use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::perilune::{Running, Surroundings};

/// A connection file that chooses its ports by itself.
fn connection_file() -> Value {
    json!({
        "shell_port": 0, "iopub_port": 0, "stdin_port": 0, "control_port": 0, "hb_port": 0,
        "ip": "127.0.0.1", "transport": "tcp", "key": "secret", "kernel_name": "lua",
        "signature_scheme": "hmac-sha256", "jupyter_session": "kept",
    })
}

fn start(here: &Surroundings, arguments: &[&str]) -> Running {
    let arguments = ["kernel", "start"].iter().chain(arguments);
    Running::new(here.command(arguments).spawn().unwrap())
}

/// What the program says when it has written a connection file, and where.
fn written(kernel: &Running) -> PathBuf {
    let line = kernel.stderr_line();
    let path = line
        .trim_end()
        .strip_prefix("Connection file: ")
        .expect(&line);
    assert_eq!(
        kernel.stderr_line(),
        format!("To connect: jupyter console --existing {path}\n")
    );
    path.into()
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn without_a_connection_file_one_is_written_for_its_owner_alone_and_goes_with_the_kernel() {
    let here = Surroundings::new();
    let kernel = start(&here, &[]);
    let path = written(&kernel);
    let runtime = here.home().join(".local/share/jupyter/runtime");
    assert_eq!(path.parent(), Some(runtime.as_path()));
    assert_eq!((mode(&path), mode(&runtime)), (0o600, 0o700));
    let file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for port in [
        "shell_port",
        "iopub_port",
        "stdin_port",
        "control_port",
        "hb_port",
    ] {
        assert!(file[port].as_u64().unwrap() > 0, "{file}");
    }
    assert_eq!(
        (&file["transport"], &file["kernel_name"]),
        (&json!("tcp"), &json!("lua"))
    );

    kernel.signal(Signal::SIGTERM);
    assert_eq!(kernel.ended().code, Some(0));
    assert!(!path.exists());
}

#[test]
fn unix_sockets_stand_beside_the_connection_file_and_go_with_it() {
    let here = Surroundings::new();
    let kernel = start(&here, &["--transport", "ipc", "-f", "k.json"]);
    assert_eq!(written(&kernel), here.path("k.json"));
    let sockets = || {
        let folder = fs::read_dir(here.path("")).unwrap();
        folder
            .filter(|e| e.as_ref().unwrap().file_name() != "k.json")
            .count()
    };
    assert_eq!(sockets(), 5);
    kernel.signal(Signal::SIGTERM);
    assert_eq!(kernel.ended().code, Some(0));
    assert_eq!(sockets(), 0);
}

#[test]
fn ports_that_are_0_are_chosen_and_written_down_in_a_file_that_stays() {
    let here = Surroundings::new();
    let path = here.write("k.json", connection_file().to_string());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let kernel = start(&here, &["-f", "k.json", "--log-level", "info"]);
    let line = kernel.stderr_line();
    assert!(line.contains("the kernel listens"), "{line}");
    let file: Value = serde_json::from_str(&here.read("k.json")).unwrap();
    assert!(file["shell_port"].as_u64().unwrap() > 0);
    assert_eq!(
        (&file["key"], &file["jupyter_session"]),
        (&json!("secret"), &json!("kept"))
    );
    assert_eq!(mode(&path), 0o600);
    kernel.signal(Signal::SIGTERM);
    let ended = kernel.ended();
    assert_eq!(ended.code, Some(0));
    assert!(
        !(line + &ended.stderr).contains("secret"),
        "secrets are not logged"
    );
    assert!(path.exists());
}

#[test]
fn a_connection_file_that_others_may_read_is_worth_a_word() {
    let here = Surroundings::new();
    let path = here.write("k.json", connection_file().to_string());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let kernel = start(&here, &["-f", "k.json", "--log-level", "info"]);
    let line = kernel.stderr_line();
    assert!(
        line.contains("others may read") && line.contains("chmod 600"),
        "{line}"
    );
    assert!(kernel.stderr_line().contains("the kernel listens"));
    kernel.signal(Signal::SIGTERM);
    assert_eq!(kernel.ended().code, Some(0));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let here = Surroundings::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut file = connection_file();
    file["iopub_port"] = json!(port);
    here.write("k.json", file.to_string());
    let ended = here.run(["kernel", "start", "-f", "k.json"]);
    assert_eq!(ended.code, Some(1));
    let place = format!("tcp://127.0.0.1:{port}: it is in use by another process");
    assert!(ended.stderr.contains(&place), "{ended:?}");
}

#[test]
fn what_is_wrong_with_a_connection_file_is_said() {
    let here = Surroundings::new();
    let with = |field: &str, value: Value| {
        let mut file = connection_file();
        file[field] = value;
        file.to_string()
    };
    let cases = [
        ("{".to_owned(), "it is not a connection file: EOF"),
        ("[]".to_owned(), "it is not a connection file"),
        (
            with("signature_scheme", json!("hmac-md5")),
            "the signature scheme \"hmac-md5\" is not",
        ),
        (
            with("ip", json!("nowhere")),
            "ip \"nowhere\" is not an IP address",
        ),
        (with("transport", json!("pigeon")), "pigeon"),
        (
            with("shell_port", json!(70000)),
            "a port is a number from 0 to 65535",
        ),
    ];
    for (text, words) in cases {
        let path = here.write("k.json", &text);
        let ended = here.run(["kernel", "start", "--connection-file", "k.json"]);
        assert_eq!(ended.code, Some(1));
        let start = format!("perilune: reading {}: ", path.display());
        assert!(
            ended.stderr.starts_with(&start) && ended.stderr.contains(words),
            "{ended:?}"
        );
        assert_eq!(here.read("k.json"), text, "the file is left as it is");
    }
}

#[test]
fn a_place_that_is_no_file_is_an_error() {
    let here = Surroundings::new();
    fs::create_dir(here.path("folder")).unwrap();
    let ended = here.run(["kernel", "start", "-f", "folder"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("Is a directory"), "{ended:?}");
}

#[test]
fn a_connection_file_and_options_for_a_new_one_contradict() {
    let here = Surroundings::new();
    here.write("k.json", connection_file().to_string());
    let ended = here.run(["kernel", "start", "-f", "k.json", "--ip", "127.0.0.1"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("is there and says where to listen"),
        "{ended:?}"
    );
}

#[test]
fn a_log_level_that_is_none_is_wrong_usage() {
    let here = Surroundings::new();
    let ended = here.run(["kernel", "start", "--log-level", "a=b=c"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
}
