use std::collections::HashMap;
use std::ffi::c_void;
use std::rc::Rc;

use mlua::{Function, Lua, Table, Value};
use perilune_language::debug::{FrameId, HolderId};

use super::attributes::Codes;
use super::calls::Call;
use super::functions::FunctionNames;
use super::tables::Layout;

/// What the ids stand for that front ends were given.
///
/// Numbers are never used again, so that who asks for something of an earlier stop hears that it is
/// gone rather than something else.
#[derive(Default)]
pub(crate) struct Looks {
    last_frame: u32,
    last_holder: u32,
    frames: HashMap<u32, Rc<Call>>,
    holders: HashMap<u32, Rc<Holder>>,
    /// The calls that are shown of a coroutine, by the innermost one.
    pub(super) stacks: HashMap<usize, Rc<[*const c_void]>>,
    /// How far each table was read, and the key that was read last.
    read: HashMap<*const c_void, (usize, Value)>,
    /// Expressions that were compiled, by what they were compiled from.
    compiled: HashMap<String, Function>,
    /// What functions are called.
    pub(super) functions: FunctionNames,
    /// Code that was read.
    pub(super) codes: Codes,
    /// The columns of instructions, by their chunk, their function's code and their number.
    pub(super) columns: HashMap<(String, u64, usize), u32>,
    /// How tables are made, once somebody has looked.
    layout: Option<Layout>,
}

/// Something that holds variables.
pub(super) struct Holder {
    pub(super) what: Held,
    /// An expression for it, where there is one.
    pub(super) path: Option<String>,
    /// The frame from which it was seen.
    pub(super) call: Option<Rc<Call>>,
}

/// What holds them.
pub(super) enum Held {
    /// The locals of a call.
    Locals,
    /// Its variable arguments.
    Varargs,
    /// The locals of functions around it.
    Upvalues,
    /// What the library defines.
    Library,
    /// The user's globals, and the locals of earlier cells.
    Session,
    /// A table, a function, a coroutine or a foreign object.
    Value(Value),
    /// Values that an expression has given.
    Values(Vec<Value>),
    /// What is left of a table behind so many elements.
    Rest(Table, usize),
}

/// So many holders and frames are remembered while code does not go on; a value of each is
/// referred to by mlua, which has no room for many more than that.
const MOST: u32 = 200_000;

impl Looks {
    pub(super) fn add_frame(&mut self, call: &Rc<Call>) -> FrameId {
        self.last_frame += 1;
        if let Some(old) = self.last_frame.checked_sub(MOST) {
            self.frames.remove(&old);
        }
        self.frames.insert(self.last_frame, Rc::clone(call));
        FrameId(self.last_frame)
    }

    pub(super) fn add_holder(&mut self, holder: Holder) -> HolderId {
        self.last_holder += 1;
        if let Some(old) = self.last_holder.checked_sub(MOST) {
            self.holders.remove(&old);
        }
        self.holders.insert(self.last_holder, Rc::new(holder));
        HolderId(self.last_holder)
    }

    pub(super) fn frame(&self, id: FrameId) -> Option<Rc<Call>> {
        self.frames.get(&id.0).cloned()
    }

    pub(super) fn holder(&self, id: HolderId) -> Option<Rc<Holder>> {
        self.holders.get(&id.0).cloned()
    }

    pub(super) fn layout(&mut self, lua: &Lua) -> Layout {
        *self.layout.get_or_insert_with(|| Layout::find(lua))
    }

    /// The key that is at this place in the order in which a table was read, where somebody has
    /// stopped reading there.
    pub(super) fn read_until(&self, table: &Table, place: usize) -> Option<Value> {
        let (read, key) = self.read.get(&table.to_pointer())?;
        (*read == place).then(|| key.clone())
    }

    pub(super) fn compiled(&self, text: &str) -> Option<Function> {
        self.compiled.get(text).cloned()
    }

    pub(super) fn remember_compiled(&mut self, text: &str, function: &Function, most: usize) {
        if self.compiled.len() >= most {
            self.compiled.clear();
        }
        self.compiled.insert(text.to_owned(), function.clone());
    }

    /// Something has run, and coroutines may have gone on.
    pub(super) fn forget_stacks(&mut self) {
        self.stacks.clear();
        self.read.clear();
    }

    pub(super) fn remember_read(&mut self, table: &Table, place: usize, key: &Value) {
        let read = (place, key.clone());
        self.read.insert(table.to_pointer(), read);
    }

    /// Code goes on.
    pub(super) fn forget(&mut self) {
        self.frames.clear();
        self.holders.clear();
        self.functions = FunctionNames::default();
        self.compiled.clear();
        self.stacks.clear();
        self.read.clear();
    }
}
