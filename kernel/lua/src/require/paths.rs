//! `package.path` and `package.cpath`, as the user's own Lua would have them.

use std::env;
use std::env::consts::ARCH;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mlua::{Lua, Table};

/// Lua's own default (luaconf.h), which knows nothing of distributions.
const DEFAULT_PATH: &str = "/usr/local/share/lua/5.4/?.lua;/usr/local/share/lua/5.4/?/init.lua;\
                            /usr/local/lib/lua/5.4/?.lua;/usr/local/lib/lua/5.4/?/init.lua;\
                            ./?.lua;./?/init.lua";
const DEFAULT_CPATH: &str = "/usr/local/lib/lua/5.4/?.so;/usr/local/lib/lua/5.4/loadall.so;./?.so";

/// Debian's name for the machine.
fn multiarch() -> Option<&'static str> {
    Some(match ARCH {
        "x86_64" => "x86_64-linux-gnu",
        "aarch64" => "aarch64-linux-gnu",
        "arm" => "arm-linux-gnueabihf",
        "x86" => "i386-linux-gnu",
        "riscv64" => "riscv64-linux-gnu",
        "powerpc64" => "powerpc64le-linux-gnu",
        "s390x" => "s390x-linux-gnu",
        _ => return None,
    })
}

/// Templates for modules of Lua and of C.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Templates {
    lua: Vec<String>,
    c: Vec<String>,
}

impl Templates {
    /// A folder of modules written in Lua.
    fn share(&mut self, folder: &str) {
        self.lua.push(format!("{folder}/?.lua"));
        self.lua.push(format!("{folder}/?/init.lua"));
    }

    fn lib(&mut self, folder: &str) {
        self.c.push(format!("{folder}/?.so"));
    }

    /// What LuaRocks has installed in a folder.
    fn tree(&mut self, folder: &Path) {
        // A template cannot say these.
        let Some(root) = folder.to_str().filter(|root| !root.contains([';', '?'])) else {
            return;
        };
        self.share(&format!("{root}/share/lua/5.4"));
        self.lib(&format!("{root}/lib/lua/5.4"));
        if folder.join("lib64/lua/5.4").is_dir() {
            self.lib(&format!("{root}/lib64/lua/5.4"));
        }
    }
}

/// Where modules are looked for, first places first; `project` is the folder that the user
/// works in, if its modules may be found.
fn templates(project: Option<&Path>, home: Option<&Path>) -> Templates {
    let mut found = Templates::default();
    if let Some(project) = project {
        let modules = lua_modules(project);
        // It may be made while the kernel runs.
        found.tree(&modules.unwrap_or_else(|| project.join("lua_modules")));
    }
    if let Some(home) = home {
        found.tree(&home.join(".luarocks"));
    }
    found.share("/usr/local/share/lua/5.4");
    found.share("/usr/local/lib/lua/5.4");
    found.share("/usr/share/lua/5.4");
    found.lib("/usr/local/lib/lua/5.4");
    if let Some(machine) = multiarch() {
        found.lib(&format!("/usr/local/lib/{machine}/lua/5.4"));
        found.lib(&format!("/usr/lib/{machine}/lua/5.4"));
    }
    found.lib("/usr/lib/lua/5.4");
    found.c.push("/usr/local/lib/lua/5.4/loadall.so".to_owned());
    if project.is_some() {
        found.share(".");
        found.lib(".");
    }
    found
}

/// The closest `lua_modules` of a project: in its folder, or in one above that nobody else may
/// write to.
fn lua_modules(project: &Path) -> Option<PathBuf> {
    project
        .ancestors()
        .map(|folder| folder.join("lua_modules"))
        .find(|modules| is_trusted(modules))
}

/// Whether a folder is there, is the user's or the system's, and not everybody's to write to.
fn is_trusted(folder: &Path) -> bool {
    const OTHERS_WRITE: u32 = 0o002;
    let user = nix::unistd::geteuid().as_raw();
    folder.metadata().is_ok_and(|found| {
        found.is_dir() && found.mode() & OTHERS_WRITE == 0 && [0, user].contains(&found.uid())
    })
}

/// Puts what the user's Lua would search into `package.path` and `package.cpath`, wherever Lua's
/// default stands in them: `LUA_PATH` and its kin have replaced it, or included it as `;;`.
///
/// # Errors
///
/// When there is no `package`, or no memory.
pub(crate) fn set_paths(lua: &Lua, project: Option<&Path>) -> mlua::Result<()> {
    let home = env::var_os("HOME")
        .map(PathBuf::from)
        .filter(|home| home.is_absolute());
    let templates = templates(project, home.as_deref());
    let package: Table = lua.globals().get("package")?;
    for (field, default, ours) in [
        ("path", DEFAULT_PATH, templates.lua),
        ("cpath", DEFAULT_CPATH, templates.c),
    ] {
        let path: mlua::LuaString = package.get(field)?;
        let path = path.to_string_lossy().replace(default, &ours.join(";"));
        package.set(field, path)?;
    }
    Ok(())
}

/// Whether `require` would find a module of that name in a file.
pub(crate) fn is_module(lua: &Lua, name: &str) -> bool {
    let Ok(package) = lua.globals().raw_get::<Table>("package") else {
        return false;
    };
    let file = name.replace('.', "/");
    ["path", "cpath"].iter().any(|field| {
        let path = package.raw_get::<mlua::LuaString>(*field);
        path.is_ok_and(|path| {
            let path = path.to_string_lossy();
            let mut templates = path.split(';').filter(|template| template.contains('?'));
            templates.any(|template| Path::new(&template.replace('?', &file)).is_file())
        })
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_project_comes_first_then_the_user_then_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("notebooks/deep");
        fs::create_dir_all(&inner).unwrap();
        fs::create_dir(folder.path().join("lua_modules")).unwrap();
        let home = Path::new("/home/somebody");
        let found = templates(Some(&inner), Some(home));
        let root = folder.path().display();
        let starts: Vec<_> = found.lua.iter().step_by(2).cloned().collect();
        assert_eq!(
            starts,
            [
                format!("{root}/lua_modules/share/lua/5.4/?.lua"),
                "/home/somebody/.luarocks/share/lua/5.4/?.lua".to_owned(),
                "/usr/local/share/lua/5.4/?.lua".to_owned(),
                "/usr/local/lib/lua/5.4/?.lua".to_owned(),
                "/usr/share/lua/5.4/?.lua".to_owned(),
                "./?.lua".to_owned(),
            ]
        );
        assert_eq!(found.c[0], format!("{root}/lua_modules/lib/lua/5.4/?.so"));
        assert_eq!(found.c.last().map(String::as_str), Some("./?.so"));
    }

    #[test]
    fn without_a_project_nothing_is_relative() {
        let found = templates(None, None);
        let all = found.lua.iter().chain(&found.c);
        assert!(all.clone().all(|template| template.starts_with("/usr/")));
        assert!(all.count() > 5);
    }

    #[test]
    fn modules_that_anybody_can_write_to_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("lua_modules");
        fs::create_dir(&modules).unwrap();
        assert_eq!(lua_modules(folder.path()), Some(modules.clone()));
        fs::set_permissions(&modules, fs::Permissions::from_mode(0o777)).unwrap();
        assert_ne!(lua_modules(folder.path()), Some(modules));
    }
}
