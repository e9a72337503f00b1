use std::collections::HashMap;
use std::rc::Rc;

use mlua::Value;
use perilune_language::debug::{FrameId, HolderId};

use super::calls::Call;

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
    /// The holders in their order, for the oldest to be forgotten first.
    pub(super) stacks: HashMap<usize, Rc<[*const std::ffi::c_void]>>,
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
    /// The user's globals.
    Globals,
    /// What the library defines.
    Library,
    /// The user's globals, and the locals of earlier cells.
    Session,
    /// A table, a function, a coroutine or a foreign object.
    Value(Value),
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

    /// Code goes on.
    pub(super) fn forget(&mut self) {
        self.frames.clear();
        self.holders.clear();
        self.stacks.clear();
    }
}
