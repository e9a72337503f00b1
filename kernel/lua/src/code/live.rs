use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::Arc;

use mlua::{Function, Lua, Table, Value, ffi};

use super::manual::{documented_globals, documented_modules};
use super::names::{Names, Shape, Shaped};
use super::source::Source;
use crate::cell::kept_value;
use crate::context::Context;
use crate::value::metatable;

/// How far a chain of `__index` tables is followed.
pub(super) const INHERITANCE: usize = 16;
/// How the names of the chunks begin that are the kernel's own.
const OWN_CHUNKS: &str = "=perilune.";
/// How many functions of a library are known by their names.
const MOST_FUNCTIONS: usize = 20_000;
/// How many tables within libraries are searched for further functions.
const MOST_NESTED: usize = 200;
/// How many modules are listed.
const MOST_MODULES: usize = 2_000;

/// The names that Lua has now.
pub(super) struct Live<'a> {
    pub(super) lua: &'a Lua,
    pub(super) context: &'a Context,
    library: OnceCell<HashMap<*const c_void, Arc<str>>>,
    modules: OnceCell<HashSet<*const c_void>>,
    /// What is seen from a frame, and what it takes for the globals.
    frame: Option<(Vec<(String, Value)>, Value)>,
}

impl<'a> Live<'a> {
    pub(super) fn new(lua: &'a Lua, context: &'a Context) -> Self {
        Self {
            lua,
            context,
            library: OnceCell::new(),
            modules: OnceCell::new(),
            frame: None,
        }
    }

    /// The names that a frame sees.
    pub(super) fn among(
        lua: &'a Lua,
        context: &'a Context,
        variables: Vec<(String, Value)>,
        globals: Value,
    ) -> Self {
        Self {
            frame: Some((variables, globals)),
            ..Self::new(lua, context)
        }
    }

    /// What the manual calls a function: `string.rep`, `file:close`.
    fn library_name(&self, function: *const c_void) -> Option<&Arc<str>> {
        let library = self.library.get_or_init(|| {
            let mut names = HashMap::new();
            let mut nested = Vec::new();
            let mut add = |prefix: &str, table: Option<&Table>, nested: &mut Vec<_>| {
                for (name, value) in entries(table, MOST_FUNCTIONS) {
                    let Value::String(name) = name else {
                        continue;
                    };
                    let Ok(name) = name.to_str() else {
                        continue;
                    };
                    let name = format!("{prefix}{name}");
                    match value {
                        Value::Function(function) => {
                            // `math.atan` has a second name for old programs.
                            let known = names.entry(function.to_pointer());
                            let known: &mut Arc<str> = known.or_insert_with(|| Arc::from(&*name));
                            let (length, old) = (name.len(), known.len());
                            let is_better = length < old || length == old && *name < **known;
                            if known.starts_with(prefix) && is_better {
                                *known = Arc::from(name);
                            }
                        }
                        Value::Table(table)
                            if nested.len() < MOST_NESTED && !self.is_module(&table) =>
                        {
                            nested.push((name, table));
                        }
                        _ => {}
                    }
                }
            };
            for module in documented_modules() {
                let content: Option<Table> =
                    self.loaded().and_then(|loaded| loaded.raw_get(module).ok());
                add(&format!("{module}."), content.as_ref(), &mut nested);
            }
            add("file:", file_methods(self.lua).as_ref(), &mut nested);
            // A function's name in its library goes before one further down, as in `ilua.display`.
            let mut at = 0;
            while let Some((name, table)) = nested.get(at).cloned() {
                add(&format!("{name}."), Some(&table), &mut nested);
                at += 1;
            }
            let globals: Option<Table> = self.loaded().and_then(|all| all.raw_get("_G").ok());
            for name in documented_globals() {
                let function = globals
                    .as_ref()
                    .and_then(|all| all.raw_get::<Value>(name).ok());
                if let Some(Value::Function(function)) = function {
                    names
                        .entry(function.to_pointer())
                        .or_insert_with(|| Arc::from(name));
                }
            }
            names
        });
        library.get(&function)
    }

    fn loaded(&self) -> Option<Table> {
        self.lua.named_registry_value("_LOADED").ok()
    }

    fn is_module(&self, table: &Table) -> bool {
        let modules = self.modules.get_or_init(|| {
            entries(self.loaded().as_ref(), MOST_MODULES)
                .map(|(_, module)| module.to_pointer())
                .collect()
        });
        modules.contains(&table.to_pointer())
    }

    fn function(&self, function: &Function) -> Shaped {
        let info = function.info();
        let chunk = info.source.unwrap_or_default();
        if info.what == "C" || chunk.starts_with(OWN_CHUNKS) {
            return match self.library_name(function.to_pointer()) {
                Some(name) => Shaped::Documented(Arc::clone(name)),
                None => Shaped::Foreign,
            };
        }
        let mut names = parameters(self.lua, function, info.num_params);
        if info.is_vararg {
            names.push("...".to_owned());
        }
        Shaped::Lua {
            parameters: names.into(),
            place: info.line_defined.map(|line| (Arc::from(chunk), line)),
        }
    }
}

impl Names for Live<'_> {
    type Value = Value;

    fn globals(&self) -> Value {
        match &self.frame {
            Some((_, globals)) => globals.clone(),
            None => Value::Table(self.lua.globals()),
        }
    }

    fn string(&self) -> Option<Value> {
        self.lua.create_string("").ok().map(Value::String)
    }

    fn each_kept(&self, visit: &mut dyn FnMut(&str)) {
        match &self.frame {
            Some((variables, _)) => variables.iter().for_each(|(name, _)| visit(name)),
            None => self.context.kept.borrow().names().for_each(visit),
        }
    }

    fn kept(&self, name: &str) -> Option<Value> {
        let found = match &self.frame {
            Some((variables, _)) => {
                let mut variables = variables.iter();
                let found = variables.find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone())
            }
            None => kept_value(self.lua, self.context, name),
        };
        found.filter(|value| !value.is_nil())
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.kept(name)
            .or_else(|| self.field(&self.globals(), name))
            .filter(|value| !value.is_nil())
    }

    fn field(&self, value: &Value, name: &str) -> Option<Value> {
        tables(self.lua, value)
            .into_iter()
            .filter_map(|table| table.raw_get::<Value>(name).ok())
            .find(|value| !value.is_nil())
    }

    fn element(&self, value: &Value) -> Option<Value> {
        let Value::Table(table) = value else {
            return None;
        };
        let first = table.raw_get::<Value>(1).ok();
        first.filter(|value| !value.is_nil()).or_else(|| {
            let (_, value) = table.pairs::<Value, Value>().next()?.ok()?;
            Some(value)
        })
    }

    fn each_field(&self, value: &Value, visit: &mut dyn FnMut(&str, Value) -> ControlFlow<()>) {
        for table in tables(self.lua, value) {
            for (key, value) in table.pairs::<Value, Value>().flatten() {
                if let Value::String(key) = key
                    && let Ok(key) = key.to_str()
                    && visit(&key, value).is_break()
                {
                    return;
                }
            }
        }
    }

    fn shape(&self, value: &Value) -> Shape {
        match value {
            Value::Function(function) => Shape::Function(self.function(function)),
            Value::Table(table) if self.is_module(table) => Shape::Module,
            Value::Table(table) => match table.raw_get::<Value>("__index") {
                Ok(index) if !index.is_nil() => Shape::Class,
                _ => Shape::Table,
            },
            Value::String(_) => Shape::Text,
            Value::UserData(_) => {
                let methods = file_methods(self.lua);
                let is_file = methods.is_some_and(|methods| {
                    tables(self.lua, value)
                        .first()
                        .is_some_and(|first| *first == methods)
                });
                Shape::Other(is_file.then_some("file*"))
            }
            _ => Shape::Other(None),
        }
    }

    fn module(&self, name: &str) -> Option<Value> {
        let module = self.loaded()?.raw_get::<Value>(name).ok()?;
        (!module.is_nil()).then_some(module)
    }

    fn modules(&self) -> Vec<String> {
        let package = self
            .loaded()
            .and_then(|loaded| loaded.raw_get::<Table>("package").ok());
        let preload = package.and_then(|package| package.raw_get::<Table>("preload").ok());
        let loaded = self.loaded();
        entries(loaded.as_ref(), MOST_MODULES)
            .chain(entries(preload.as_ref(), MOST_MODULES))
            .filter_map(|(name, _)| match name {
                Value::String(name) => name.to_str().ok().map(|name| name.to_owned()),
                _ => None,
            })
            .collect()
    }

    fn module_paths(&self) -> Vec<String> {
        let package = self
            .loaded()
            .and_then(|loaded| loaded.raw_get::<Table>("package").ok());
        let paths = ["path", "cpath"].into_iter().filter_map(|name| {
            let path = package.as_ref()?.raw_get::<mlua::LuaString>(name).ok()?;
            path.to_str().ok().map(|path| path.to_owned())
        });
        paths.collect()
    }

    fn cells(&self) -> Vec<Arc<Source>> {
        let sources = self.context.sources.borrow();
        self.context.readings.borrow_mut().of(sources.recent())
    }

    fn source(&self, chunk: &str) -> Option<Arc<Source>> {
        let (name, is_file) = chunk_name(chunk);
        if !is_file && let Some(source) = self.cells().into_iter().find(|cell| cell.name == name) {
            return Some(source);
        }
        let code = self.context.sources.borrow().of_chunk(name, is_file)?;
        Some(Arc::new(Source::read(name, code)))
    }
}

/// A chunk's name without its sign, and whether it is a file's.
pub(super) fn chunk_name(chunk: &str) -> (&str, bool) {
    match chunk.strip_prefix('@') {
        Some(name) => (name, true),
        None => (chunk.strip_prefix('=').unwrap_or_default(), false),
    }
}

/// The first entries of a table.
fn entries(table: Option<&Table>, most: usize) -> impl Iterator<Item = (Value, Value)> {
    let pairs = table.map(|table| table.pairs::<Value, Value>());
    pairs.into_iter().flatten().flatten().take(most)
}

fn file_methods(lua: &Lua) -> Option<Table> {
    let metatable = lua.named_registry_value::<Table>("FILE*").ok()?;
    metatable.raw_get::<Table>("__index").ok()
}

/// The tables in which a value's fields are: itself, and those it inherits from.
fn tables(lua: &Lua, value: &Value) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut next = Some(value.clone());
    while let Some(value) = next.take() {
        if tables.len() >= INHERITANCE {
            break;
        }
        let meta = match &value {
            Value::String(_) => {
                // All strings share one metatable, whose `__index` is the library.
                let library = lua.globals().raw_get::<Value>("string").ok();
                next = library.filter(|library| matches!(library, Value::Table(_)));
                continue;
            }
            value => metatable(lua, value),
        };
        if let Value::Table(table) = &value {
            if tables.contains(table) {
                break;
            }
            tables.push(table.clone());
        }
        let index = meta.and_then(|meta| meta.raw_get::<Value>("__index").ok());
        next = index.filter(|index| matches!(index, Value::Table(_)));
    }
    tables
}

/// The names of a Lua function's parameters.
fn parameters(lua: &Lua, function: &Function, count: u8) -> Vec<String> {
    (1..=i32::from(count))
        .map(|index| {
            // SAFETY: the closure owns nothing. `lua_getlocal` takes the function from the stack
            // and returns a name that lives as long as the function, and it is copied to Lua.
            let name = unsafe {
                lua.exec_raw::<Option<String>>(function, |state| {
                    let name = ffi::lua_getlocal(state, std::ptr::null(), index);
                    ffi::lua_settop(state, 0);
                    ffi::lua_pushstring(state, name);
                })
            };
            name.ok().flatten().unwrap_or_else(|| "?".to_owned())
        })
        .collect()
}
