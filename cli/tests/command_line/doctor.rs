use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use serde_json::{Value, json};

use crate::perilune::{Running, Surroundings, ended};

/// A home in which all is well, but for what a test breaks.
struct Setup {
    here: Surroundings,
    /// The one folder of PATH.
    programs: PathBuf,
    variables: Vec<(String, String)>,
}

impl Setup {
    fn new() -> Self {
        let here = Surroundings::new();
        let programs = here.path("bin");
        fs::create_dir(&programs).unwrap();
        let setup = Self {
            here,
            programs,
            variables: Vec::new(),
        };
        symlink(
            env!("CARGO_BIN_EXE_perilune"),
            setup.programs.join("perilune"),
        )
        .unwrap();
        setup.program("jupyter", "exit 0");
        setup.program("luarocks", "exit 0");
        assert_eq!(
            setup.here.run(["kernel", "install", "--user"]).code,
            Some(0)
        );
        setup
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.programs.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn with(mut self, variable: &str, value: impl AsRef<Path>) -> Self {
        let value = value.as_ref().display().to_string();
        self.variables.push((variable.to_owned(), value));
        self
    }

    fn home(&self, path: &str) -> PathBuf {
        self.here.home().join(path)
    }

    /// A folder of the home, which may be there already.
    fn folder(&self, path: &str) -> PathBuf {
        let path = self.home(path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn command(&self) -> Command {
        let mut command = self.here.command(["doctor", "--json"]);
        command.env("PATH", &self.programs);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn document(&self) -> (Option<i32>, Value) {
        let ended = ended(self.command());
        assert_eq!(ended.stderr, "");
        (ended.code, serde_json::from_str(&ended.stdout).unwrap())
    }

    /// What is not as it should be: the check, the verdict, the message. Each has its advice.
    fn complaints(&self) -> Vec<(String, String, String)> {
        let (code, document) = self.document();
        let text = |finding: &Value, part: &str| finding[part].as_str().unwrap().to_owned();
        let found: Vec<_> = document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["verdict"] != "ok")
            .map(|finding| {
                assert!(!text(finding, "advice").is_empty());
                (
                    text(finding, "check"),
                    text(finding, "verdict"),
                    text(finding, "message"),
                )
            })
            .collect();
        let has_problem = found.iter().any(|(_, verdict, _)| verdict == "problem");
        assert_eq!(code, Some(i32::from(has_problem)), "{found:?}");
        found
    }

    /// There is this one complaint, and no other.
    #[track_caller]
    fn is_only(&self, check: &str, verdict: &str, words: &str) {
        let found = self.complaints();
        assert_eq!(found.len(), 1, "{found:#?}");
        let (of, is, message) = &found[0];
        assert_eq!((of.as_str(), is.as_str()), (check, verdict), "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_setup_that_works_has_no_complaints() {
    let setup = Setup::new();
    assert_eq!(setup.complaints(), []);
    let (_, document) = setup.document();
    assert_eq!(
        (
            &document["schema_version"],
            &document["problems"],
            &document["warnings"]
        ),
        (&json!(1), &json!(0), &json!(0))
    );
    let mut command = setup.command();
    command.args(["--color", "never"]);
    assert!(
        !setup.home(".local/state").exists(),
        "looking makes nothing"
    );
}

#[test]
fn in_words_each_finding_has_a_line_and_what_to_do() {
    let here = Surroundings::new();
    let mut command = here.command(["doctor"]);
    command.env("PATH", "/nowhere");
    let ended = ended(command);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let line = "problem  kernelspec     Jupyter finds no kernelspec of perilune\n                        \
                -> perilune kernel install --user\n";
    assert!(ended.stdout.contains(line), "{}", ended.stdout);
    assert!(
        ended.stdout.ends_with("\n1 problem, 3 warnings\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_path_without_perilune_or_with_another_one() {
    let setup = Setup::new();
    fs::remove_file(setup.programs.join("perilune")).unwrap();
    setup.is_only("program", "warning", "perilune is not on PATH");
    setup.program("perilune", "exit 0");
    setup.is_only("program", "warning", "`perilune` means another one");
}

#[test]
fn settings_that_are_wrong() {
    let setup = Setup::new();
    let folder = setup.folder(".config/perilune");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(folder.join("config.toml"), "[log]\nlevle = 1\n").unwrap();
    setup.is_only("configuration", "problem", "did you mean log.level?");
}

#[test]
fn settings_that_others_may_write() {
    let setup = Setup::new();
    let file = setup.folder(".config/perilune").join("config.toml");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(file.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    setup.is_only("configuration", "problem", "others may write to");
}

#[test]
fn a_variable_that_sets_nothing() {
    let setup = Setup::new().with("PERILUNE_HISTORY_ENTRY", "5");
    setup.is_only(
        "configuration",
        "warning",
        "PERILUNE_HISTORY_ENTRY sets nothing",
    );
    let setup = Setup::new().with("PERILUNE_OF_SOMEBODY", "5");
    assert_eq!(setup.complaints(), []);
}

#[test]
fn a_projects_file_of_somebody_else() {
    let setup = Setup::new();
    let file = setup.here.write("perilune.toml", "");
    // Only root can make one.
    if geteuid().is_root() {
        chown(&file, Some(12345), None).unwrap();
        setup.is_only("configuration", "warning", "belongs to somebody else");
    } else {
        assert_eq!(setup.complaints(), []);
    }
}

#[test]
fn folders_that_others_may_write_to() {
    for (path, what) in [
        (".config/perilune", "the configuration folder"),
        (".local/share/jupyter/runtime", "Jupyter's runtime folder"),
    ] {
        let setup = Setup::new();
        let folder = setup.folder(path);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        setup.is_only("folders", "problem", what);
    }
}

#[test]
fn a_state_folder_that_cannot_be_made() {
    let setup = Setup::new();
    let file = setup.here.write("file", "");
    let found = setup.with("XDG_STATE_HOME", file).complaints();
    assert!(
        found.iter().any(|(check, _, message)| check == "folders"
            && message.contains("cannot be")
            && message.contains("state folder")),
        "{found:#?}"
    );
}

#[test]
fn a_state_folder_that_is_a_file() {
    let setup = Setup::new();
    let folder = setup.folder(".local/state");
    fs::write(folder.join("perilune"), "").unwrap();
    let found = setup.complaints();
    assert_eq!(found[0].0, "folders");
    assert!(found[0].2.contains("is not a folder"), "{found:?}");
}

#[test]
fn a_kernelspec_that_is_missing_or_leads_elsewhere() {
    let setup = Setup::new();
    let folder = setup.home(".local/share/jupyter/kernels/lua");
    let file = folder.join("kernel.json");
    let text = fs::read_to_string(&file).unwrap();
    let with = |program: &str| {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        document["argv"][0] = json!(program);
        fs::write(&file, document.to_string()).unwrap();
    };
    with("/nowhere/perilune");
    setup.is_only(
        "kernelspec",
        "problem",
        "starts /nowhere/perilune, which is not there",
    );
    with("/bin/sh");
    setup.is_only("kernelspec", "warning", "starts another program");
    with("perilune");
    assert_eq!(setup.complaints(), [], "as the wheel has it");
    fs::remove_dir_all(&folder).unwrap();
    setup.is_only("kernelspec", "problem", "Jupyter finds no kernelspec");
}

#[test]
fn no_jupyter() {
    let setup = Setup::new();
    fs::remove_file(setup.programs.join("jupyter")).unwrap();
    setup.is_only("jupyter", "warning", "jupyter is not on PATH");
}

#[test]
fn search_paths_that_lead_nowhere() {
    let setup = Setup::new().with("LUA_PATH", "/mine;;");
    setup.is_only("lua", "warning", "LUA_PATH has /mine, without the ?");
    let setup = Setup::new().with("LUA_CPATH_5_4", "/usr/lib/lua/5.1/?.so;;");
    setup.is_only("lua", "warning", "which is of another Lua than 5.4");
    assert_eq!(
        Setup::new().with("LUA_PATH", "/mine/?.lua;;").complaints(),
        []
    );
}

#[test]
fn luarocks_that_is_missing_or_broken() {
    let setup = Setup::new();
    setup.program("luarocks", "exit 3");
    setup.is_only("luarocks", "warning", "fails (exit status: 3)");
    fs::remove_file(setup.programs.join("luarocks")).unwrap();
    setup.is_only("luarocks", "warning", "luarocks is not on PATH");
}

/// A kernel that lives in the setup's home.
fn kernel(setup: &Setup) -> Running {
    let mut command = setup.here.command(["kernel", "start", "--name", "sums"]);
    command.env("PATH", &setup.programs);
    let kernel = Running::new(command.spawn().unwrap());
    while !kernel.stderr_line().starts_with("To connect") {}
    kernel
}

#[test]
fn kernels_that_died_or_do_not_answer() {
    let setup = Setup::new();
    let running = kernel(&setup);
    assert_eq!(setup.complaints(), []);
    running.signal(Signal::SIGSTOP);
    setup.is_only("kernels", "problem", "sums does not answer");
    running.signal(Signal::SIGKILL);
    running.ended();
    setup.is_only(
        "kernels",
        "warning",
        "sums has died and left something behind",
    );
    let pruned = setup.here.run(["kernel", "prune"]);
    assert_eq!(pruned.code, Some(0), "{pruned:?}");
    assert_eq!(setup.complaints(), [], "the advice helps");
}

#[test]
fn kernels_that_run_are_asked_and_counted() {
    let setup = Setup::new();
    let running = kernel(&setup);
    let (_, document) = setup.document();
    let find = |document: &Value| {
        let findings = document["findings"].as_array().unwrap().clone();
        findings
            .into_iter()
            .find(|it| it["check"] == "kernels")
            .unwrap()
    };
    assert_eq!(find(&document)["message"], "1 kernel runs and answers");
    running.signal(Signal::SIGTERM);
    assert_eq!(running.ended().code, Some(0));
}

/// Another installation of the program, with this done to its bytes, and what its doctor finds.
fn another(setup: &Setup, change: impl FnOnce(&mut Vec<u8>), age: i64) -> Vec<Value> {
    let mut bytes = fs::read(env!("CARGO_BIN_EXE_perilune")).unwrap();
    change(&mut bytes);
    let path = setup.here.write("another", bytes);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    let now = SystemTime::now();
    let days = u32::try_from(age.abs()).unwrap();
    let installed = if age < 0 {
        now + day * days
    } else {
        now - day * days
    };
    fs::File::open(&path)
        .unwrap()
        .set_modified(installed)
        .unwrap();
    let given = setup.command();
    let mut command = Command::new(path);
    command.args(given.get_args()).env_clear();
    command.envs(
        given
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command.current_dir(setup.here.path(""));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let document: Value = serde_json::from_str(&ended(command).stdout).unwrap();
    document["findings"].as_array().unwrap().clone()
}

fn of<'a>(findings: &'a [Value], check: &str) -> &'a Value {
    findings.iter().find(|it| it["check"] == check).unwrap()
}

#[test]
fn a_kernel_of_another_version() {
    let setup = Setup::new();
    let running = kernel(&setup);
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    // As if this had been installed over what the kernel was started from.
    let newer = |bytes: &mut Vec<u8>| {
        let places: Vec<usize> = bytes
            .windows(version.len())
            .enumerate()
            .filter(|(_, window)| *window == version)
            .map(|(start, _)| start)
            .collect();
        for start in places {
            bytes[start] = b'9';
        }
    };
    let findings = another(&setup, newer, 1);
    let found = of(&findings, "kernels");
    assert_eq!(found["verdict"], "warning");
    assert!(
        found["message"]
            .as_str()
            .unwrap()
            .contains("and this command is 9."),
        "{found}"
    );
    assert_eq!(found["advice"], "perilune kernel restart sums");
    running.signal(Signal::SIGTERM);
    assert_eq!(running.ended().code, Some(0));
}

#[test]
fn a_clock_that_is_behind() {
    let setup = Setup::new();
    assert_eq!(of(&another(&setup, |_| {}, 1), "clock")["verdict"], "ok");
    let findings = another(&setup, |_| {}, -3);
    let found = of(&findings, "clock");
    assert_eq!(found["verdict"], "problem");
    assert!(
        found["message"]
            .as_str()
            .unwrap()
            .contains("the clock is before"),
        "{found}"
    );
}

#[test]
fn no_room() {
    // A file system in which nothing is ever free.
    let found = Setup::new().with("XDG_STATE_HOME", "/proc").complaints();
    let is_of_disk = |it: &&(String, String, String)| it.0 == "disk";
    let (_, verdict, message) = found.iter().find(is_of_disk).unwrap();
    assert_eq!(
        (verdict.as_str(), message.as_str()),
        ("problem", "0 B are free in /proc")
    );
}

#[test]
fn a_history_that_is_none() {
    let setup = Setup::new();
    let folder = setup.folder(".local/state/perilune");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(
        folder.join("history.sqlite"),
        "this is no database, however long it may be",
    )
    .unwrap();
    setup.is_only("history", "problem", "the history cannot be read");
}

#[test]
fn a_log_that_cannot_be_written() {
    let setup = Setup::new().with("PERILUNE_LOG_FILE", "/nowhere/at/all.log");
    setup.is_only("log", "problem", "its folder is not there");
}

#[test]
fn few_descriptors() {
    let setup = Setup::new();
    for (limit, verdict) in [(500, "warning"), (100, "problem")] {
        let mut command = Command::new("/bin/sh");
        let script = format!(
            "ulimit -n {limit}; exec {} doctor --json",
            env!("CARGO_BIN_EXE_perilune")
        );
        command
            .args(["-c", &script])
            .current_dir(setup.here.path(""));
        command
            .env_clear()
            .env("HOME", setup.here.home())
            .env("PATH", &setup.programs);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let document: Value = serde_json::from_str(&ended(command).stdout).unwrap();
        let findings = document["findings"].as_array().unwrap();
        let found = findings
            .iter()
            .find(|it| it["check"] == "descriptors")
            .unwrap();
        assert_eq!(found["verdict"], verdict);
        assert_eq!(
            found["message"],
            format!("a process may open {limit} files")
        );
    }
}

#[test]
fn an_address_that_is_not_of_this_machine() {
    let setup = Setup::new().with("PERILUNE_KERNEL_IP", "192.0.2.1");
    setup.is_only("network", "problem", "cannot listen on 192.0.2.1");
    let setup = Setup::new().with("PERILUNE_KERNEL_IP", "0.0.0.0");
    setup.is_only("network", "warning", "not encrypted");
}
