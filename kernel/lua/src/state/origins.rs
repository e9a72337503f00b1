//! Where a user finds what could not be saved.

use std::ffi::{CStr, c_int};
use std::fmt::Write;

use mlua::ffi;

use super::library::{Names, bytes_at};
use super::record::{Step, Value};

/// From where an object was reached first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) parent: Parent,
    pub(super) by: By,
}

/// What an object was reached from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parent {
    Object(u32),
    /// The top-level local of that number.
    Local(u32),
    /// All values of a type of Lua's.
    Type(c_int),
    /// It is the library's, and has a name.
    Library,
}

/// How it was reached from there.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    /// A field, by the string that is this object.
    Field(u32),
    Index(i64),
    /// A key that is neither.
    Other,
    /// It is a key itself.
    Key,
    Metatable,
    Upvalue(u8),
    /// It is the parent itself.
    Itself,
}

impl By {
    /// How the value of this key is reached, in the table at `key - 1` or below.
    ///
    /// # Safety
    ///
    /// The key must be at that index. Raises no error.
    pub(super) unsafe fn of_key(state: *mut ffi::lua_State, index: c_int, key: Value) -> Self {
        match key {
            // SAFETY: passed on.
            Value::Object(object) if unsafe { ffi::lua_type(state, index) } == ffi::LUA_TSTRING => {
                Self::Field(object)
            }
            Value::Integer(index) => Self::Index(index),
            _ => Self::Other,
        }
    }
}

/// How many steps of a path are told.
const MOST_STEPS: usize = 12;
/// How many characters of a key are told.
const MOST_CHARACTERS: usize = 40;

/// What a path is made from.
pub(super) struct Map<'a> {
    pub(super) state: *mut ffi::lua_State,
    /// Where the table of objects is; the first has the number 1 there.
    pub(super) objects: c_int,
    pub(super) origins: &'a [Origin],
    pub(super) locals: &'a [String],
    pub(super) names: &'a Names,
}

impl Map<'_> {
    /// The path to what has this origin.
    ///
    /// # Safety
    ///
    /// The state must have room for three values. Raises no error.
    pub(super) unsafe fn path(&self, origin: Origin) -> String {
        let mut steps = Vec::new();
        let mut at = origin;
        let mut is_cut = false;
        let mut path = loop {
            if let Parent::Object(parent) = at.parent {
                steps.push((parent, at.by));
                if steps.len() > MOST_STEPS {
                    steps.remove(0);
                    is_cut = true;
                }
                at = self.origins[parent as usize];
                if let Parent::Library = at.parent {
                    // SAFETY: passed on.
                    break unsafe { self.name_of(parent) };
                }
            } else {
                break self.root(at);
            }
        };
        for (parent, by) in steps.iter().rev() {
            // SAFETY: passed on.
            unsafe { self.step(&mut path, *parent, *by) };
        }
        if is_cut {
            path.push_str(" ...");
        }
        path
    }

    fn root(&self, origin: Origin) -> String {
        match origin.parent {
            Parent::Local(local) => self
                .locals
                .get(local as usize)
                .map_or_else(String::new, |name| format!("local {name}")),
            // SAFETY: the name of a type is a static string.
            Parent::Type(kind) => unsafe {
                let name = ffi::lua_typename(self.state, kind);
                format!(
                    "the metatable of each {}",
                    CStr::from_ptr(name).to_string_lossy()
                )
            },
            Parent::Object(_) | Parent::Library => String::new(),
        }
    }

    /// What an object of the library is called; nothing for the globals, whose fields go without.
    unsafe fn name_of(&self, object: u32) -> String {
        // SAFETY: the caller has room.
        let place = unsafe {
            ffi::lua_rawgeti(self.state, self.objects, i64::from(object) + 1);
            let place = ffi::lua_topointer(self.state, -1);
            ffi::lua_settop(self.state, -2);
            place
        };
        let mut name = String::new();
        if let Some(number) = self.names.of(place) {
            self.names.steps(number, |step| name_step(&mut name, step));
        }
        name
    }

    unsafe fn step(&self, path: &mut String, parent: u32, by: By) {
        match by {
            By::Field(key) => {
                // SAFETY: the string lives while it is borrowed: the table of objects has it.
                unsafe {
                    ffi::lua_rawgeti(self.state, self.objects, i64::from(key) + 1);
                    field(path, bytes_at(self.state, -1).unwrap_or_default());
                    ffi::lua_settop(self.state, -2);
                }
            }
            By::Index(index) => {
                let _ = write!(path, "[{index}]");
            }
            By::Other => path.push_str("[...]"),
            By::Key => *path = format!("a key of {path}"),
            By::Metatable => *path = format!("getmetatable({path})"),
            By::Upvalue(upvalue) => {
                // SAFETY: the function has this upvalue; its name lives as long as it does.
                let name = unsafe {
                    ffi::lua_rawgeti(self.state, self.objects, i64::from(parent) + 1);
                    let name = ffi::lua_getupvalue(self.state, -1, upvalue.into());
                    let text = if name.is_null() {
                        String::new()
                    } else {
                        ffi::lua_settop(self.state, -2);
                        CStr::from_ptr(name).to_string_lossy().into_owned()
                    };
                    ffi::lua_settop(self.state, -2);
                    text
                };
                *path = format!("{name} in {path}");
            }
            By::Itself => {}
        }
    }
}

/// What a part of the library is called.
pub(super) fn name_step(name: &mut String, step: Step<'_>) {
    match step {
        Step::Globals => {}
        Step::Strings => name.push_str("getmetatable('')"),
        Step::Registry(class) => name.push_str(class),
        Step::Module(module) => {
            let _ = write!(name, "require('{}')", String::from_utf8_lossy(module));
        }
        Step::Field(text) => field(name, text),
        Step::Index(index) => {
            let _ = write!(name, "[{index}]");
        }
        Step::Metatable => *name = format!("getmetatable({name})"),
    }
}

/// Adds a field to a path; a global stands alone.
fn field(path: &mut String, name: &[u8]) {
    let is_name = name.first().is_some_and(|first| !first.is_ascii_digit())
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if is_name && name.len() <= MOST_CHARACTERS {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&String::from_utf8_lossy(name));
        return;
    }
    let text = String::from_utf8_lossy(&name[..name.len().min(4 * MOST_CHARACTERS)]);
    let mut short: String = text.chars().take(MOST_CHARACTERS).collect();
    if short.len() < name.len() {
        short.push_str("...");
    }
    if path.is_empty() {
        path.push_str("_G");
    }
    let _ = write!(path, "[{short:?}]");
}
