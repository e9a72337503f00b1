use std::collections::{HashMap, VecDeque};
use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use mlua::{Lua, Table, Value};
use perilune_language::Completion;

use super::complete::{MOST, complete};
use super::live::{INHERITANCE, Live, chunk_name};
use super::names::{Names, Shape};
use super::source::Source;
use crate::context::Context;
use crate::value::metatable;

/// How many names a chain may have that is completed: `a.b.c.d`.
const DEPTH: usize = 4;
/// How many names and tables are kept in all.
const MOST_IN_ALL: usize = 20_000;
/// How many entries of one table, names or not, are looked at.
const MOST_ENTRIES: usize = 3_000;
/// How many globals are looked at.
const MOST_GLOBALS: usize = 12_000;
/// How many entries are looked at in all.
const MOST_ENTRIES_IN_ALL: usize = 40_000;
/// Longer keys are nobody's names.
const LONGEST_NAME: usize = 100;

/// The names that there were at one moment.
pub(crate) struct Snapshot {
    tables: Vec<Fields>,
    globals: Known,
    string: Known,
    kept: HashMap<String, Known>,
    modules: HashMap<String, Known>,
    /// Modules that could be loaded without a file.
    preloaded: Vec<String>,
    module_paths: Vec<String>,
    cells: Vec<(String, Arc<str>)>,
    /// The cells as they were read when somebody asked for the first time.
    read: OnceLock<Vec<Arc<Source>>>,
}

/// Where a table is in [`Snapshot::tables`].
type Index = usize;

/// The fields of a table that names can stand for.
#[derive(Default)]
struct Fields {
    own: HashMap<String, Known>,
    /// Its first element, or any value that has no name.
    element: Option<Box<Known>>,
    /// The table it inherits from.
    inherited: Option<Index>,
}

/// What is known of a value.
#[derive(Clone)]
pub(super) struct Known {
    shape: Shape,
    /// Where its fields are.
    fields: Option<Index>,
}

impl perilune_language::Snapshot for Snapshot {
    fn complete(&self, code: &str, cursor: usize) -> Completion {
        complete(&self, code, cursor)
    }
}

impl<'a> Names for &'a Snapshot {
    type Value = &'a Known;

    fn globals(&self) -> &'a Known {
        &self.globals
    }

    fn string(&self) -> Option<&'a Known> {
        Some(&self.string)
    }

    fn each_kept(&self, visit: &mut dyn FnMut(&str)) {
        self.kept.keys().map(String::as_str).for_each(visit);
    }

    fn kept(&self, name: &str) -> Option<&'a Known> {
        self.kept.get(name)
    }

    fn variable(&self, name: &str) -> Option<&'a Known> {
        self.kept(name)
            .or_else(|| self.field(&self.globals(), name))
    }

    fn field(&self, value: &&'a Known, name: &str) -> Option<&'a Known> {
        self.tables_of(value)
            .find_map(|fields| fields.own.get(name))
    }

    fn element(&self, value: &&'a Known) -> Option<&'a Known> {
        let fields = self.tables.get(value.fields?)?;
        fields
            .element
            .as_deref()
            .or_else(|| fields.own.values().next())
    }

    fn each_field(
        &self,
        value: &&'a Known,
        visit: &mut dyn FnMut(&str, &'a Known) -> ControlFlow<()>,
    ) {
        for fields in self.tables_of(value) {
            for (name, value) in &fields.own {
                if visit(name, value).is_break() {
                    return;
                }
            }
        }
    }

    fn shape(&self, value: &&'a Known) -> Shape {
        value.shape.clone()
    }

    fn module(&self, name: &str) -> Option<&'a Known> {
        self.modules.get(name)
    }

    fn modules(&self) -> Vec<String> {
        let loaded = self.modules.keys();
        loaded.chain(&self.preloaded).cloned().collect()
    }

    fn module_paths(&self) -> Vec<String> {
        self.module_paths.clone()
    }

    fn cells(&self) -> Vec<Arc<Source>> {
        let read = self.read.get_or_init(|| {
            let cells = self.cells.iter();
            cells
                .map(|(name, code)| Arc::new(Source::read(name, Arc::clone(code))))
                .collect()
        });
        read.clone()
    }

    /// Files are not read: whoever asks a snapshot must not be kept waiting.
    fn source(&self, chunk: &str) -> Option<Arc<Source>> {
        let (name, is_file) = chunk_name(chunk);
        let mut cells = self.cells().into_iter();
        cells.find(|cell| !is_file && cell.name == name)
    }
}

impl Snapshot {
    /// The tables in which a value's fields are: its own, and those it inherits from.
    fn tables_of(&self, value: &Known) -> impl Iterator<Item = &Fields> {
        let first = value.fields.and_then(|index| self.tables.get(index));
        std::iter::successors(first, |fields| self.tables.get(fields.inherited?)).take(INHERITANCE)
    }
}

/// Takes a snapshot. It runs no code of the user's, and looks at no more than it is allowed to.
pub(crate) fn snapshot(lua: &Lua, context: &Context) -> Snapshot {
    // Nobody asked for it, so no collection shall find its way to a finaliser here.
    let _paused = Paused::new(lua);
    let names = Live::new(lua, context);
    let mut survey = Survey {
        names: &names,
        tables: Vec::new(),
        seen: HashMap::new(),
        ahead: VecDeque::new(),
        string: None,
        kept: 0,
        looked_at: 0,
    };
    let globals = lua.globals();
    survey.string = match globals.raw_get::<Value>("string") {
        Ok(Value::Table(string)) => survey.index_of(&string, 1),
        _ => None,
    };
    let string = Known {
        shape: Shape::Other(None),
        fields: survey.string,
    };
    let globals = Known {
        shape: Shape::Table,
        fields: survey.index_of(&globals, 0),
    };
    let mut kept_names = Vec::new();
    names.each_kept(&mut |name| kept_names.push(name.to_owned()));
    kept_names.truncate(MOST);
    let mut kept = HashMap::new();
    for name in kept_names {
        let known = match names.variable(&name) {
            Some(value) => survey.known(&value, 0),
            None => Known {
                shape: Shape::Other(None),
                fields: None,
            },
        };
        kept.insert(name, known);
    }
    let all = names.modules();
    let (loaded, preloaded): (Vec<_>, Vec<_>) = all
        .into_iter()
        .take(MOST)
        .map(|name| (names.module(&name), name))
        .partition(|(module, _)| module.is_some());
    let mut modules = HashMap::new();
    for (module, name) in loaded {
        if let Some(module) = module {
            modules.insert(name, survey.known(&module, 0));
        }
    }
    let preloaded = preloaded.into_iter().map(|(_, name)| name).collect();
    survey.look_around();
    Snapshot {
        tables: survey.tables,
        globals,
        string,
        kept,
        modules,
        preloaded,
        module_paths: names.module_paths(),
        cells: context
            .sources
            .borrow()
            .recent()
            .map(|(name, code)| (name.to_owned(), Arc::clone(code)))
            .collect(),
        read: OnceLock::new(),
    }
}

/// A snapshot in the making: tables are looked at in the order of their distance, so that what
/// there is no room for is what is far away.
struct Survey<'a> {
    names: &'a Live<'a>,
    tables: Vec<Fields>,
    seen: HashMap<*const c_void, Index>,
    ahead: VecDeque<(Table, Index, usize)>,
    string: Option<Index>,
    kept: usize,
    looked_at: usize,
}

impl Survey<'_> {
    /// Where a table's fields are or will be; `depth` names lead to it.
    fn index_of(&mut self, table: &Table, depth: usize) -> Option<Index> {
        let pointer = table.to_pointer();
        if let Some(index) = self.seen.get(&pointer) {
            return Some(*index);
        }
        if depth >= DEPTH || self.kept >= MOST_IN_ALL {
            return None;
        }
        self.kept += 1;
        let index = self.tables.len();
        self.tables.push(Fields::default());
        self.seen.insert(pointer, index);
        self.ahead.push_back((table.clone(), index, depth));
        Some(index)
    }

    /// What is known of a value that is a field of a table, which `depth` names lead to.
    fn known(&mut self, value: &Value, depth: usize) -> Known {
        self.kept += 1;
        let fields = match value {
            Value::Table(table) => self.index_of(table, depth + 1),
            Value::String(_) => self.string,
            Value::UserData(_) => self
                .inherited(value)
                .and_then(|table| self.index_of(&table, depth + 1)),
            _ => None,
        };
        Known {
            shape: self.names.shape(value),
            fields,
        }
    }

    fn inherited(&self, value: &Value) -> Option<Table> {
        let meta = metatable(self.names.lua, value)?;
        match meta.raw_get("__index") {
            Ok(Value::Table(table)) => Some(table),
            _ => None,
        }
    }

    fn look_around(&mut self) {
        while let Some((table, index, depth)) = self.ahead.pop_front() {
            let mut fields = Fields::default();
            let most = if depth == 0 {
                MOST_GLOBALS
            } else {
                MOST_ENTRIES
            };
            for (key, value) in table.pairs::<Value, Value>().flatten().take(most) {
                if self.kept >= MOST_IN_ALL || self.looked_at >= MOST_ENTRIES_IN_ALL {
                    break;
                }
                self.looked_at += 1;
                match key {
                    Value::String(key) => {
                        if let Ok(key) = key.to_str()
                            && key.len() <= LONGEST_NAME
                        {
                            let known = self.known(&value, depth);
                            fields.own.insert(key.to_owned(), known);
                        }
                    }
                    // Lists are met in their order.
                    _ if fields.element.is_none() => {
                        fields.element = Some(Box::new(self.known(&value, depth)));
                    }
                    _ => {}
                }
            }
            fields.inherited = self
                .inherited(&Value::Table(table))
                .and_then(|table| self.index_of(&table, depth));
            self.tables[index] = fields;
        }
    }
}

/// No garbage is collected while it lives.
struct Paused<'a>(Option<&'a Lua>);

impl<'a> Paused<'a> {
    fn new(lua: &'a Lua) -> Self {
        let running = lua.gc_is_running();
        lua.gc_stop();
        Self(running.then_some(lua))
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        if let Some(lua) = self.0 {
            lua.gc_restart();
        }
    }
}
