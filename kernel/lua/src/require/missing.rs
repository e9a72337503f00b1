//! What is said of a module that is not there.

use std::collections::BTreeSet;
use std::ffi::c_int;
use std::fs;
use std::path::Path;

use mlua::ffi;

use super::install_hint::{for_any, well_known};
use super::{Raise, native};
use crate::failure::nearest;

/// How many entries of a folder are looked at.
const MOST_ENTRIES: usize = 2_000;
/// How many other lines of searchers are passed on.
const MOST_LINES: usize = 10;
/// Other versions of Lua, whose modules do not work here.
const OTHER_VERSIONS: [&str; 5] = ["5.1", "5.2", "5.3", "5.5", "jit"];

/// Raises that the module at 1 was not found; the list on top is what the searchers said.
pub(super) unsafe fn raise(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the strings stay on the stack, in the list, while they are borrowed; what is read
    // of the list raises no error.
    unsafe {
        native::run(state, || {
            let text = |index: c_int| {
                let mut length = 0;
                let bytes = ffi::lua_tolstring(state, index, &mut length);
                let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), length);
                String::from_utf8_lossy(bytes).into_owned()
            };
            let name = text(1);
            let list = ffi::lua_gettop(state);
            let mut said = String::new();
            let mut index = 1;
            while ffi::lua_rawgeti(state, list, index) == ffi::LUA_TSTRING {
                said.push_str(&text(-1));
                said.push('\n');
                ffi::lua_settop(state, list);
                index += 1;
            }
            Err(Raise::message(message(&name, &said)))
        })
    }
}

/// The whole message. The first line is Lua's own.
fn message(name: &str, said: &str) -> String {
    let searched = Searched::of(name, said);
    let mut text = format!("module '{name}' not found:");
    for (what, folders) in [("Lua", &searched.lua), ("C", &searched.c)] {
        if !folders.is_empty() {
            let folders: Vec<_> = folders.iter().map(|folder| short(folder)).collect();
            text.push_str(&format!(
                "\n  no module of {what} in {}",
                folders.join(", ")
            ));
        }
    }
    for line in searched.other.iter().take(MOST_LINES) {
        text.push_str(&format!("\n  {line}"));
    }
    let names = searched.names(name);
    if let Some(version) = searched.for_another_version(name) {
        text.push_str(&format!("\n  {version}"));
    }
    let here = nearest(name, names.into_iter());
    let known = || nearest(name, well_known().map(str::to_owned));
    let near = here.clone().or_else(known);
    if let Some(near) = &near {
        text.push_str(&format!("\n  did you mean '{near}'?"));
    }
    // What is here need not be installed.
    let wanted = if here.is_some() {
        name
    } else {
        near.as_deref().unwrap_or(name)
    };
    if let Some(how) = for_any(wanted) {
        text.push_str(&format!("\n  to install {wanted}: {how}"));
    }
    text
}

/// Where the searchers looked.
#[derive(Debug, Default, PartialEq, Eq)]
struct Searched {
    /// Folders of modules written in Lua and in C, in order.
    lua: Vec<String>,
    c: Vec<String>,
    /// What else was said.
    other: Vec<String>,
}

impl Searched {
    fn of(name: &str, said: &str) -> Self {
        let mut searched = Self::default();
        let file = name.replace('.', "/");
        let root = file.split('/').next().unwrap_or(&file);
        for line in said.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let path = line
                .strip_prefix("no file '")
                .and_then(|rest| rest.strip_suffix('\''));
            let Some(path) = path else {
                // That nothing was preloaded is no news.
                if !line.starts_with("no field package.preload[") {
                    searched.other.push(line.to_owned());
                }
                continue;
            };
            let folder = [
                format!("/{file}.lua"),
                format!("/{file}/init.lua"),
                format!("/{file}.so"),
                format!("/{root}.so"),
            ]
            .iter()
            .find_map(|end| path.strip_suffix(end.as_str()))
            .map_or_else(
                || {
                    Path::new(path)
                        .parent()
                        .map(|parent| parent.display().to_string())
                },
                |folder| Some(folder.to_owned()),
            );
            let list = if path.ends_with(".so") {
                &mut searched.c
            } else {
                &mut searched.lua
            };
            if let Some(folder) = folder.filter(|folder| !list.contains(folder)) {
                list.push(folder);
            }
        }
        searched
    }

    /// The modules there are beside the one that is missing.
    fn names(&self, name: &str) -> BTreeSet<String> {
        let (parent, prefix) = match name.rsplit_once('.') {
            Some((parent, _)) => (parent.replace('.', "/"), format!("{parent}.")),
            None => (String::new(), String::new()),
        };
        let mut names = BTreeSet::new();
        for folder in self.lua.iter().chain(&self.c) {
            let Ok(entries) = fs::read_dir(Path::new(folder).join(&parent)) else {
                continue;
            };
            for entry in entries.take(MOST_ENTRIES).flatten() {
                let Ok(file) = entry.file_name().into_string() else {
                    continue;
                };
                let module = match file.rsplit_once('.') {
                    Some((module, "lua" | "so")) => module,
                    None => file.as_str(),
                    Some(_) => continue,
                };
                names.insert(format!("{prefix}{module}"));
            }
        }
        names
    }

    /// That the module is there, but for another Lua.
    fn for_another_version(&self, name: &str) -> Option<String> {
        let file = name.replace('.', "/");
        let folders = self.lua.iter().chain(&self.c);
        folders
            .filter_map(|folder| folder.strip_suffix("/5.4"))
            .find_map(|base| {
                OTHER_VERSIONS.iter().find_map(|version| {
                    let folder = Path::new(base).join(version);
                    let ends = [
                        format!("{file}.lua"),
                        format!("{file}/init.lua"),
                        format!("{file}.so"),
                    ];
                    ends.iter()
                        .map(|end| folder.join(end))
                        .find(|path| path.is_file())
                        .map(|path| {
                            format!(
                                "it is there for Lua {version}, which this is not: {}",
                                short(&path.display().to_string())
                            )
                        })
                })
            })
    }
}

/// A path with `~` for the user's own folder.
fn short(path: &str) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    match path.strip_prefix(home.as_str()) {
        Some(rest) if home.len() > 1 && rest.starts_with('/') => format!("~{rest}"),
        _ if path == "." => "the working directory".to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "no field package.preload['a.b']\n\
        no file '/usr/share/lua/5.4/a/b.lua'\n\tno file '/usr/share/lua/5.4/a/b/init.lua'\n\
        no file './a/b.lua'\n\
        no file '/usr/lib/lua/5.4/a/b.so'\n\tno file '/usr/lib/lua/5.4/loadall.so'\n\
        no file '/usr/lib/lua/5.4/a.so'\nnot in the archive";

    #[test]
    fn places_are_named_once() {
        let searched = Searched::of("a.b", SAID);
        assert_eq!(searched.lua, ["/usr/share/lua/5.4", "."]);
        assert_eq!(searched.c, ["/usr/lib/lua/5.4"]);
        assert_eq!(searched.other, ["not in the archive"]);
    }

    #[test]
    fn the_message_is_short_and_begins_as_luas() {
        let text = message("a.b", SAID);
        assert!(text.starts_with("module 'a.b' not found:\n"), "{text}");
        assert!(text.contains("no module of Lua in /usr/share/lua/5.4, the working directory\n"));
        assert!(
            text.ends_with("luarocks --lua-version 5.4 install --local a"),
            "{text}"
        );
        assert!(text.lines().count() <= 6, "{text}");
    }

    #[test]
    fn a_module_of_another_lua_and_a_near_name_are_seen() {
        let folder = tempfile::tempdir().unwrap();
        for (version, file) in [("5.1", "socket.lua"), ("5.4", "sockets.lua")] {
            fs::create_dir(folder.path().join(version)).unwrap();
            fs::write(folder.path().join(version).join(file), "").unwrap();
        }
        let said = format!("no file '{}/5.4/socket.lua'", folder.path().display());
        let text = message("socket", &said);
        assert!(
            text.contains("it is there for Lua 5.1, which this is not"),
            "{text}"
        );
        assert!(text.contains("did you mean 'sockets'?"), "{text}");
    }
}
