//! LuaRocks, where Lua's modules come from.

use std::env;
use std::path::{Path, PathBuf};

use mlua::{Lua, Table};

use super::call::{Answer, Call, nothing};
use super::environment::expand_home;
use super::registry::{Form, Magic};
use super::shell::stream;
use super::source::Code;
use crate::function::Stop;
use crate::io::program;

pub(super) const MAGICS: &[Magic] = &[Magic {
    name: "luarocks",
    form: Form::Line,
    usage: "COMMAND [ARGUMENT...]",
    summary: "Runs LuaRocks for this Lua: %luarocks install NAME.",
    help: "It is your own `luarocks`, told that this is Lua 5.4. What it installs, builds or \
           removes is yours alone, as by `--local`, unless the command says `--global` or \
           `--tree`; and `require` finds it at once. A module that is loaded already stays as it \
           is until the kernel is restarted.",
    options: &[],
    code: Code::None,
    takes_all_words: true,
    run: luarocks,
}];

/// The commands that change a tree, and so are told which.
const CHANGING: [&str; 5] = ["install", "remove", "make", "build", "purge"];

/// What to do where there is no LuaRocks.
const MISSING: &str = "luarocks is not installed. Debian and Ubuntu: sudo apt install luarocks \
                       liblua5.4-dev. macOS: brew install luarocks. Others: https://luarocks.org";

fn luarocks(call: &Call<'_>) -> Answer {
    if call.words.is_empty() {
        return Err(Stop::Error(
            "it wants a command, as in install NAME".to_owned(),
        ));
    }
    if !is_on_path("luarocks") {
        return Err(Stop::Error(MISSING.to_owned()));
    }
    let mut command = program("luarocks");
    command.args(arguments(&call.words));
    let status = stream(call, &mut command, "luarocks")?;
    if status != 0 {
        return Err(Stop::Error(format!("it ended with status {status}")));
    }
    if let Some(tree) = tree_of(&call.words)? {
        add_tree(call.lua, &tree).map_err(|error| Stop::Error(error.to_string()))?;
    }
    nothing()
}

fn is_on_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn arguments(words: &[String]) -> Vec<String> {
    let mut arguments = vec!["--lua-version".to_owned(), "5.4".to_owned()];
    if is_changing(words) && named_tree(words).is_none() && !is_global(words) {
        arguments.push("--local".to_owned());
    }
    // The user's own words come last, and win.
    arguments.extend(words.iter().cloned());
    arguments
}

fn is_changing(words: &[String]) -> bool {
    words.iter().any(|word| CHANGING.contains(&word.as_str()))
}

fn is_global(words: &[String]) -> bool {
    words
        .iter()
        .any(|word| word == "--global" || word == "--local")
}

/// The tree that the words name.
fn named_tree(words: &[String]) -> Option<&str> {
    words.iter().enumerate().find_map(|(index, word)| {
        if word == "--tree" {
            words.get(index + 1).map(String::as_str)
        } else {
            word.strip_prefix("--tree=")
        }
    })
}

/// The tree that a command has changed, if it is one that Lua may not know.
fn tree_of(words: &[String]) -> Result<Option<PathBuf>, Stop> {
    if !is_changing(words) || words.iter().any(|word| word == "--global") {
        return Ok(None);
    }
    let tree = expand_home(named_tree(words).unwrap_or("~/.luarocks"))?;
    let tree = std::path::absolute(&tree).unwrap_or(tree);
    Ok(Some(tree))
}

/// Has `require` look into a tree, before anything else, unless it does already.
fn add_tree(lua: &Lua, tree: &Path) -> mlua::Result<()> {
    let loaded: Table = lua.named_registry_value("_LOADED")?;
    let package: Table = loaded.raw_get("package")?;
    let tree = tree.display();
    for (field, templates) in [
        (
            "path",
            vec![
                format!("{tree}/share/lua/5.4/?.lua"),
                format!("{tree}/share/lua/5.4/?/init.lua"),
            ],
        ),
        ("cpath", vec![format!("{tree}/lib/lua/5.4/?.so")]),
    ] {
        let path: String = package.raw_get(field)?;
        let missing: Vec<_> = templates
            .into_iter()
            .filter(|template| !path.split(';').any(|known| known == template))
            .collect();
        if !missing.is_empty() {
            package.raw_set(field, format!("{};{path}", missing.join(";")))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_installed_is_the_users_own() {
        for (line, expected) in [
            ("install x", "--lua-version 5.4 --local install x"),
            ("install --global x", "--lua-version 5.4 install --global x"),
            ("install --tree t x", "--lua-version 5.4 install --tree t x"),
            ("list", "--lua-version 5.4 list"),
        ] {
            assert_eq!(arguments(&given(line)), given(expected));
        }
    }

    #[test]
    fn the_tree_that_was_changed_is_known() {
        let tree = |line: &str| tree_of(&given(line)).unwrap();
        assert_eq!(tree("install --tree /a/b x"), Some(PathBuf::from("/a/b")));
        assert_eq!(tree("--tree=/c make"), Some(PathBuf::from("/c")));
        assert_eq!(tree("install --global x"), None);
        assert_eq!(tree("search x"), None);
    }
}
