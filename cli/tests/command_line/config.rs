use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::perilune::{Ended, Running, Surroundings, ended};

fn config(here: &Surroundings, arguments: &[&str]) -> Ended {
    here.run([&["config"], arguments].concat())
}

/// What a command prints for programs.
fn document(here: &Surroundings, arguments: &[&str]) -> Value {
    let ended = config(here, &[arguments, &["--json"]].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["schema_version"], 1);
    document
}

fn file(here: &Surroundings) -> PathBuf {
    here.home().join(".config/perilune/config.toml")
}

/// With this in the user's file.
fn with(text: &str) -> Surroundings {
    let here = Surroundings::new();
    fs::create_dir_all(file(&here).parent().unwrap()).unwrap();
    fs::write(file(&here), text).unwrap();
    here
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_set_is_in_a_file_for_its_owner_alone() {
    let here = Surroundings::new();
    let ended = config(&here, &["set", "log.level", "debug"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (Some(0), ""),
        "{ended:?}"
    );
    assert!(
        ended.stderr.starts_with("Set log.level to debug in "),
        "{ended:?}"
    );
    assert_eq!(
        fs::read_to_string(file(&here)).unwrap(),
        "[log]\nlevel = \"debug\"\n"
    );
    assert_eq!(
        (mode(&file(&here)), mode(file(&here).parent().unwrap())),
        (0o600, 0o700)
    );
    assert_eq!(config(&here, &["get", "log.level"]).stdout, "debug\n");
    assert_eq!(
        config(&here, &["path"]).stdout,
        format!("{}\n", file(&here).display())
    );
}

#[test]
fn a_change_keeps_comments_the_mode_and_a_link() {
    let here = with("");
    let dotfiles = here.write(
        "dotfiles.toml",
        "# mine\n[history] # kept\ndays = 3 # few\n",
    );
    fs::set_permissions(&dotfiles, fs::Permissions::from_mode(0o640)).unwrap();
    fs::remove_file(file(&here)).unwrap();
    symlink(&dotfiles, file(&here)).unwrap();
    assert_eq!(config(&here, &["set", "history.days", "9"]).code, Some(0));
    assert_eq!(
        here.read("dotfiles.toml"),
        "# mine\n[history] # kept\ndays = 9 # few\n"
    );
    assert!(fs::symlink_metadata(file(&here)).unwrap().is_symlink());
    assert_eq!(mode(&dotfiles), 0o640);
}

#[test]
fn of_many_changes_at_once_none_is_lost() {
    let here = Surroundings::new();
    let settings = [
        ("log.level", "info"),
        ("history.days", "5"),
        ("history.entries", "77"),
        ("history.enabled", "false"),
        ("kernel.memory_limit", "1GiB"),
        ("kernel.transport", "ipc"),
        ("kernel.ip", "::1"),
        ("lua.project", "false"),
    ];
    let set = |(key, value): &(&str, &str)| {
        Running::new(here.command(["config", "set", key, value]).spawn().unwrap())
    };
    let running: Vec<Running> = settings.iter().map(set).collect();
    for one in running {
        assert_eq!(one.ended().code, Some(0));
    }
    for (key, value) in settings {
        assert_eq!(config(&here, &["get", key]).stdout, format!("{value}\n"));
    }
    let folder = fs::read_dir(file(&here).parent().unwrap()).unwrap();
    assert_eq!(folder.count(), 1, "nothing else is left");
}

#[test]
fn what_is_wrong_is_not_written() {
    let here = Surroundings::new();
    let ended = config(&here, &["set", "log.levle", "debug"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("did you mean log.level?"),
        "{ended:?}"
    );
    let ended = config(&here, &["set", "history.days", "soon"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("expected a whole number"),
        "{ended:?}"
    );
    assert!(!file(&here).exists());

    let here = with("[log\n");
    let ended = config(&here, &["set", "log.level", "debug"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let where_it_is = format!("{}: line 1, column 5: ", file(&here).display());
    assert!(ended.stderr.contains(&where_it_is), "{ended:?}");
    assert_eq!(fs::read_to_string(file(&here)).unwrap(), "[log\n");
}

#[test]
fn what_is_wrong_elsewhere_can_be_mended_one_by_one() {
    let here = with("[log]\nlevel = 1\n[history]\ndays = 'x'\nfiel = 2\n");
    let ended = config(&here, &["set", "log.level", "info"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains("not valid yet"), "{ended:?}");
    assert_eq!(config(&here, &["unset", "history.fiel"]).code, Some(0));
    assert_eq!(config(&here, &["unset", "history.days"]).code, Some(0));
    assert_eq!(config(&here, &["validate"]).code, Some(0));
    assert_eq!(
        config(&here, &["unset", "history.days"]).code,
        Some(0),
        "it is not there already"
    );
    let ended = config(&here, &["unset", "history.fiel"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("did you mean history.file?"),
        "{ended:?}"
    );
}

#[test]
fn show_tells_where_each_value_comes_from_and_is_toml() {
    let here = with("[history]\ndays = 3\n");
    here.write("perilune.toml", "kernel.memory_limit = '1GiB'\n");
    let shown = |arguments: &[&str]| {
        let mut command = here.command([&["config", "show"], arguments].concat());
        command.env("PERILUNE_LOG", "info");
        let ended = ended(command);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout
    };
    let text = shown(&["--origin"]);
    let origin = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_once(" # ").unwrap().1.to_owned()
    };
    assert_eq!(origin("days"), format!("{}:2", file(&here).display()));
    assert_eq!(
        origin("memory_limit"),
        format!("{}:1", here.path("perilune.toml").display())
    );
    assert_eq!(origin("level"), "environment PERILUNE_LOG");
    assert_eq!(origin("entries"), "default");
    assert_eq!(shown(&["log.level"]), "[log]\nlevel = \"info\"\n");

    here.write("shown.toml", shown(&[]));
    assert_eq!(config(&here, &["validate", "shown.toml"]).code, Some(0));
    assert_eq!(config(&here, &["show", "lgo"]).code, Some(2));

    let document = document(&here, &["show", "history"]);
    assert_eq!(document["files"]["user"], json!(file(&here)));
    let days = &document["settings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["key"] == "history.days");
    let origin = json!({"layer": "user", "path": file(&here), "line": 2});
    assert_eq!(days.unwrap()["origin"], origin);
}

#[test]
fn who_sets_what_something_else_wins_over_is_told() {
    let here = Surroundings::new();
    let mut command = here.command(["config", "set", "log.level", "warn"]);
    command.env("PERILUNE_LOG", "info");
    let ended = ended(command);
    assert!(
        ended
            .stderr
            .contains("environment PERILUNE_LOG wins over it"),
        "{ended:?}"
    );
}

#[test]
fn validate_finds_all_that_is_wrong() {
    let here = with("[log]\nlevel = 1\n[histroy]\n");
    let ended = config(&here, &["validate"]);
    assert_eq!(ended.code, Some(1));
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(
        lines[0].contains("config.toml:2:9: log.level: expected"),
        "{lines:?}"
    );
    assert!(lines[1].ends_with(":3:2: there is no section [histroy]; did you mean [history]?"));
    assert_eq!((lines.len(), ended.stderr.as_str()), (2, "2 problems\n"));

    let ended = config(&here, &["validate", "--json"]);
    assert_eq!(ended.code, Some(1));
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&document["valid"], &document["schema_version"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(document["problems"][0]["place"]["line"], 2);
    assert_eq!(document["problems"][0]["key"], "log.level");
}

#[test]
fn a_file_can_be_validated_before_it_is_used() {
    let here = Surroundings::new();
    let check = |arguments: &[&str], text: &str| {
        let arguments = [&["config", "validate"], arguments].concat();
        here.run_with_input(arguments, text).code
    };
    assert_eq!(check(&["-"], "kernel.ip = '::1'"), Some(0));
    assert_eq!(check(&["-", "--project"], "kernel.ip = '::1'"), Some(1));
    here.write("perilune.toml", "kernel.ip = '::1'");
    assert_eq!(check(&["perilune.toml"], ""), Some(1));
    assert_eq!(check(&["missing.toml"], ""), Some(1));
    assert_eq!(check(&["."], ""), Some(1));
}

#[test]
fn a_project_has_a_file_of_its_own_with_less_in_it() {
    let here = Surroundings::new();
    let set = |key: &str, value: &str| config(&here, &["set", "--project", key, value]);
    assert_eq!(set("history.enabled", "false").code, Some(0));
    assert_eq!(here.read("perilune.toml"), "[history]\nenabled = false\n");
    let ended = set("kernel.ip", "0.0.0.0");
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("a project may not set this"),
        "{ended:?}"
    );
    assert_eq!(here.read("perilune.toml"), "[history]\nenabled = false\n");
    let ended = config(&here, &["set", "--project", "--user", "log.level", "info"]);
    assert_eq!(ended.code, Some(2));
}

#[test]
fn what_lies_above_the_home_is_no_project_of_the_users_also_if_the_home_is_a_link() {
    let here = Surroundings::new();
    here.write("perilune.toml", "history.enabled = false\n");
    fs::create_dir_all(here.path("home/work")).unwrap();
    symlink(here.path("home"), here.path("link")).unwrap();
    let enabled = |home: &str| {
        let mut command = here.command(["config", "get", "history.enabled"]);
        command
            .env("HOME", here.path(home))
            .current_dir(here.path("home/work"));
        ended(command).stdout
    };
    assert_eq!(enabled("home"), "true\n");
    assert_eq!(enabled("link"), "true\n");
    assert_eq!(
        enabled("elsewhere"),
        "false\n",
        "it is found where it counts"
    );
}

#[test]
fn info_says_all_there_is_to_know() {
    let here = Surroundings::new();
    let ended = config(&here, &["info", "log.level"]);
    for words in [
        "How much is logged",
        "warn,perilune_transport=debug",
        "PERILUNE_LOG",
        "--log-level",
    ] {
        assert!(ended.stdout.contains(words), "{ended:?}");
    }
    let document = document(&here, &["info", "history"]);
    let settings = document["settings"].as_array().unwrap();
    assert!(
        settings
            .iter()
            .all(|it| it["key"].as_str().unwrap().starts_with("history."))
    );
    assert_eq!(settings[2]["default"], 100_000);
}

#[test]
fn every_option_that_info_names_is_one_of_a_command() {
    let here = Surroundings::new();
    let help = ["kernel start", "run", "repl"]
        .map(|command| here.run(command.split(' ').chain(["--help"])).stdout)
        .concat();
    let document = document(&here, &["info"]);
    for setting in document["settings"].as_array().unwrap() {
        if let Some(flag) = setting["flag"].as_str() {
            assert!(help.contains(flag), "{flag} of {setting}");
        }
    }
}

/// What the editor does with the file it is given.
fn edit(here: &Surroundings, script: &str, arguments: &[&str]) -> Ended {
    let editor = here.write("editor.sh", format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = here.command([&["config", "edit"], arguments].concat());
    command.env("VISUAL", format!("{} --wait", editor.display()));
    command.env("EDITOR", "false");
    ended(command)
}

#[test]
fn what_is_edited_takes_the_files_place_if_it_is_valid() {
    let here = with("[log]\nlevel = 'info'\n");
    let ended = edit(
        &here,
        r#"test "$1" = --wait && sed -i s/info/debug/ "$2""#,
        &[],
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        fs::read_to_string(file(&here)).unwrap(),
        "[log]\nlevel = 'debug'\n"
    );

    let ended = edit(&here, r#"echo 'levle = 1' >> "$2""#, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(":3:1: log.levle"), "{ended:?}");
    assert_eq!(
        fs::read_to_string(file(&here)).unwrap(),
        "[log]\nlevel = 'debug'\n"
    );
    let kept = ended.stderr.trim_end().rsplit(' ').next().unwrap();
    assert!(fs::read_to_string(kept).unwrap().ends_with("levle = 1\n"));
    fs::remove_file(kept).unwrap();

    let ended = edit(&here, "exit 3", &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("the editor") && ended.stderr.contains("EDITOR"),
        "{ended:?}"
    );
    assert!(
        edit(&here, "true", &[])
            .stderr
            .contains("Nothing was changed")
    );
}

#[test]
fn a_file_that_is_new_begins_with_all_settings_in_comments() {
    let here = Surroundings::new();
    let script =
        r##"grep -q '^#entries = 100000' "$2" && sed -i 's/^#entries.*/entries = 5/' "$2""##;
    let ended = edit(&here, script, &[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(config(&here, &["get", "history.entries"]).stdout, "5\n");
    assert_eq!(mode(&file(&here)), 0o600);
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let here = with("[log]\nlevel = 'info'\n");
    let script = format!(
        r#"echo '# mine' >> "$2"; echo '# theirs' >> {}"#,
        file(&here).display()
    );
    let ended = edit(&here, &script, &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("somebody else has changed it"),
        "{ended:?}"
    );
    assert!(
        fs::read_to_string(file(&here))
            .unwrap()
            .ends_with("# theirs\n")
    );
    let kept = ended.stderr.trim_end().rsplit(' ').next().unwrap();
    assert!(fs::read_to_string(kept).unwrap().ends_with("# mine\n"));
    fs::remove_file(kept).unwrap();
}

#[test]
fn a_kernel_does_not_start_with_settings_that_are_wrong_and_says_so_to_jupyter() {
    let here = with("[log]\nlevle = 'debug'\n");
    for arguments in [
        vec!["kernel", "start", "-f", "k.json"],
        vec!["run", "-"],
        vec!["history"],
    ] {
        let ended = here.run(&arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        let words = "config.toml:2:1: log.levle: there is no such setting; did you mean log.level?";
        assert!(ended.stderr.contains(words), "{ended:?}");
    }
    assert!(!here.path("k.json").exists());
}

#[test]
fn a_run_takes_its_limit_from_the_file_and_the_option_wins() {
    let here = with("kernel.memory_limit = '2MiB'\n");
    let script = "print(#string.rep('x', 8000000))";
    let run = |arguments: &[&str]| {
        let arguments = [&["run"], arguments, &["-"]].concat();
        here.run_with_input(arguments, script)
    };
    let limited = run(&[]);
    assert_eq!(limited.code, Some(1), "{limited:?}");
    assert!(limited.stderr.contains("memory"), "{limited:?}");
    assert_eq!(run(&["--memory-limit", "64MiB"]).stdout, "8000000\n");
    assert_eq!(
        run(&["--set", "kernel.memory_limit=none"]).stdout,
        "8000000\n"
    );
    let ended = run(&["--set", "kernel.memory=none"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("did you mean kernel.memory_limit?"),
        "{ended:?}"
    );
}

#[test]
fn the_history_is_where_the_file_says() {
    let here = Surroundings::new();
    let path = here.path("elsewhere.sqlite");
    config(&here, &["set", "history.file", path.to_str().unwrap()]);
    assert_eq!(
        here.run(["history", "path"]).stdout,
        format!("{}\n", path.display())
    );
}

/// All of the program's own source, without what stands in comments and whatever space.
fn source(folder: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &source(&path);
        } else {
            let file = fs::read_to_string(path).unwrap();
            let code = file
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            text.extend(code.flat_map(|line| line.chars().filter(|it| !it.is_whitespace())));
        }
    }
    text
}

#[test]
fn nothing_can_be_set_that_nothing_reads() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let source = source(&folder);
    let here = Surroundings::new();
    let document = document(&here, &["info"]);
    for setting in document["settings"].as_array().unwrap() {
        let name = setting["key"].as_str().unwrap();
        // A name in quotes only names it.
        let is_read = source.match_indices(name).any(|(start, _)| {
            let before = source[..start].chars().next_back();
            let after = source[start + name.len()..].chars().next();
            before != Some('"') && after != Some('"')
        });
        assert!(is_read, "{name}");
    }
}
