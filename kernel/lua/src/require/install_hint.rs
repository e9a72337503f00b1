//! How modules are installed.

/// A well-known module: what is required, its rock, and Debian's package for Lua 5.4.
struct Known {
    module: &'static str,
    rock: &'static str,
    package: Option<&'static str>,
}

const fn known(module: &'static str, rock: &'static str, package: &'static str) -> Known {
    Known {
        module,
        rock,
        package: if package.is_empty() {
            None
        } else {
            Some(package)
        },
    }
}

/// Modules whose rock or package is not called as they are, or that are asked for often.
const KNOWN: [Known; 52] = [
    known("ansicolors", "ansicolors", "lua-ansicolors"),
    known("argparse", "argparse", "lua-argparse"),
    known("basexx", "basexx", "lua-basexx"),
    known("bit32", "bit32", ""),
    known("busted", "busted", "lua-busted"),
    known("cjson", "lua-cjson", "lua-cjson"),
    known("cliargs", "lua_cliargs", "lua-cliargs"),
    known("copas", "copas", "lua-copas"),
    known("cosmo", "cosmo", "lua-cosmo"),
    known("cqueues", "cqueues", "lua-cqueues"),
    known("cURL", "lua-curl", ""),
    known("curses", "lcurses", "lua-curses"),
    known("dkjson", "dkjson", "lua-dkjson"),
    known("date", "date", ""),
    known("ftcsv", "ftcsv", ""),
    known("http", "http", "lua-http"),
    known("iconv", "lua-iconv", "lua-iconv"),
    known("inifile", "inifile", "lua-inifile"),
    known("inotify", "inotify", "lua-inotify"),
    known("inspect", "inspect", "lua-inspect"),
    known("json", "luajson", "lua-json"),
    known("ldbus", "ldbus", ""),
    known("lfs", "luafilesystem", "lua-filesystem"),
    known("lgi", "lgi", "lua-lgi"),
    known("logging", "lualogging", "lua-logging"),
    known("lpeg", "lpeg", "lua-lpeg"),
    known("lsqlite3", "lsqlite3", ""),
    known("ltn12", "luasocket", "lua-socket"),
    known("luaossl", "luaossl", "lua-luaossl"),
    known("luassert", "luassert", "lua-luassert"),
    known("luasql", "luasql-sqlite3", "lua-sql-sqlite3"),
    known("luaunit", "luaunit", "lua-unit"),
    known("luv", "luv", "lua-luv"),
    known("lxp", "luaexpat", "lua-expat"),
    known("lyaml", "lyaml", "lua-yaml"),
    known("lzlib", "lzlib", ""),
    known("MessagePack", "lua-messagepack", "lua-messagepack"),
    known("mime", "luasocket", "lua-socket"),
    known("moses", "moses", "lua-moses"),
    known("openssl", "luaossl", "lua-luaossl"),
    known("pl", "penlight", "lua-penlight"),
    known("posix", "luaposix", "lua-posix"),
    known("re", "lpeg", "lua-lpeg"),
    known("readline", "readline", "lua-readline"),
    known("rex_pcre2", "lrexlib-pcre2", "lua-rex-pcre2"),
    known("say", "say", "lua-say"),
    known("serpent", "serpent", ""),
    known("socket", "luasocket", "lua-socket"),
    known("ssl", "luasec", "lua-sec"),
    known("system", "luasystem", "lua-system"),
    known("term", "lua-term", "lua-term"),
    known("zlib", "lua-zlib", "lua-zlib"),
];

fn find(module: &str) -> Option<&'static Known> {
    let root = module.split('.').next()?;
    KNOWN.iter().find(|known| known.module == root)
}

/// What well-known modules are called.
pub(super) fn well_known() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.module)
}

/// How a well-known module is installed, in one line; nothing for any other.
pub(crate) fn how_to_install(module: &str) -> Option<String> {
    find(module).and_then(|_| for_any(module))
}

/// How a module is installed most likely, in one line; nothing if no rock can be called so, as what
/// is said here is pasted into shells.
pub(super) fn for_any(module: &str) -> Option<String> {
    let root = module.split('.').next().unwrap_or(module);
    let is_name = root.starts_with(|first: char| first.is_ascii_alphanumeric())
        && root
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_name {
        return None;
    }
    let known = find(module);
    let rock = known.map_or(root, |known| known.rock);
    let mut text = format!("%luarocks install {rock}");
    if let Some(package) = known.and_then(|known| known.package) {
        text.push_str(&format!(", or in a shell: sudo apt install {package}"));
    } else {
        text.push_str(&format!(
            ", or in a shell: luarocks --lua-version 5.4 install --local {rock}"
        ));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_modules_name_their_rock_and_package() {
        assert_eq!(
            for_any("socket.http").as_deref(),
            Some("%luarocks install luasocket, or in a shell: sudo apt install lua-socket")
        );
        assert_eq!(how_to_install("nobody_knows"), None);
        let hint = for_any("nobody_knows").unwrap();
        assert!(hint.starts_with("%luarocks install nobody_knows,"));
    }

    #[test]
    fn what_cannot_be_a_rock_is_not_to_be_pasted_into_a_shell() {
        for module in ["", "./a", "../a", "a b", "a;b", "$(a)", "-a", "é", "a/b"] {
            assert_eq!(for_any(module), None, "{module}");
        }
    }
}
