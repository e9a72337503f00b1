use std::env;
use std::process::{Command, Stdio};

use perilune_config::Configuration;

use super::Findings;
use crate::lab::find_on_path;

/// Whether `require` would look where it makes sense.
pub fn check(_: &Configuration, findings: &mut Findings) {
    // As Lua has it: the versioned one wins.
    for (versioned, plain) in [("LUA_PATH_5_4", "LUA_PATH"), ("LUA_CPATH_5_4", "LUA_CPATH")] {
        let set = [versioned, plain].into_iter().find_map(|name| {
            let value = env::var_os(name)?;
            Some((name, value.to_string_lossy().into_owned()))
        });
        let Some((name, value)) = set else { continue };
        match fault(&value) {
            None => findings.ok(format!("{name} is {value}")),
            Some((why, advice)) => findings.warning(format!("{name} {why}"), advice),
        }
    }
    findings.ok(format!("Lua {}", perilune_lua::INFO.version));
}

/// What is wrong with a search path.
fn fault(path: &str) -> Option<(String, String)> {
    let templates = || path.split(';').filter(|it| !it.is_empty());
    if let Some(template) = templates().find(|it| !it.contains('?')) {
        let advice = format!("write {}/?.lua", template.trim_end_matches('/'));
        return Some((
            format!("has {template}, without the ? for a module's name"),
            advice,
        ));
    }
    let others = ["5.1", "5.2", "5.3", "5.5"];
    let of_another = |template: &&str| {
        others
            .iter()
            .any(|it| template.contains(&format!("/{it}/")))
    };
    if let Some(template) = templates().find(of_another) {
        let advice = "leave it out: modules of another Lua may fail here".to_owned();
        return Some((
            format!("has {template}, which is of another Lua than 5.4"),
            advice,
        ));
    }
    let has_default = path.contains(";;") || path.starts_with(';') || path.ends_with(';');
    (!has_default).then(|| {
        let what = "replaces all other places, such as those of LuaRocks and of the project";
        (
            what.to_owned(),
            "add ;; at its end, which stands for them".to_owned(),
        )
    })
}

/// Whether modules can be installed.
pub fn check_luarocks(_: &Configuration, findings: &mut Findings) {
    let Some(path) = find_on_path("luarocks") else {
        return findings.warning(
            "luarocks is not on PATH, so %rocks installs nothing",
            "install it with the system's package manager, for Lua 5.4",
        );
    };
    let works = Command::new(&path)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match works {
        Ok(status) if status.success() => findings.ok(format!("luarocks is {}", path.display())),
        Ok(status) => findings.warning(
            format!("{} fails ({status})", path.display()),
            "see why with `luarocks --version`, or install it again",
        ),
        Err(error) => findings.warning(
            format!("{} cannot be started: {error}", path.display()),
            "install it again",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_path_that_leads_nowhere_is_told() {
        let why = |path| fault(path).unwrap().0;
        assert!(why("/lua;;").contains("without the ?"));
        assert!(why("/usr/share/lua/5.1/?.lua;;").contains("another Lua"));
        assert!(why("/mine/?.lua").contains("replaces all other places"));
        assert_eq!(fault("/mine/?.lua;;"), None);
        assert_eq!(fault(";;/mine/?.lua"), None);
        assert_eq!(fault(";;"), None);
    }
}
