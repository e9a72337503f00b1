use std::ffi::c_void;
use std::rc::Rc;

use mlua::{Function, Value, ffi};
use perilune_language::debug::{Frame, FrameId, Frames, Refusal, SourceKey, Thread, ThreadId};

use super::super::{can_restart, threads};
use super::calls::{Call, calls_from};
use super::{PausedCode, Stopped, of_lua, refuse};
use crate::failure::{
    Chunk, Frame as Captured, call_of, column_of, first_column, frame_of, is_own, record_of,
};

/// So many columns are remembered.
const MOST_COLUMNS: usize = 1_000;

impl PausedCode<'_> {
    pub(super) fn all_threads(&mut self) -> Vec<Thread> {
        // SAFETY: this is what runs, by mlua's own word.
        let found = unsafe { threads::all(self.context, self.lua.state(), self.chain()) };
        let mut ids: Vec<_> = found.into_iter().map(|(id, _)| id).collect();
        if !ids.contains(&ThreadId::MAIN) {
            ids.insert(0, ThreadId::MAIN);
        }
        ids.into_iter()
            .map(|id| Thread {
                id,
                name: match id {
                    ThreadId::MAIN => "main".to_owned(),
                    ThreadId(number) => format!("coroutine {number}"),
                },
            })
            .collect()
    }

    /// The coroutine that has stopped, and those that resumed it.
    fn chain(&self) -> &[*mut ffi::lua_State] {
        self.stopped.as_ref().map_or(&[], |stopped| &stopped.chain)
    }

    /// The state of a thread, and its innermost call.
    fn thread(
        &self,
        thread: ThreadId,
    ) -> Result<(*mut ffi::lua_State, Option<*const c_void>), Refusal> {
        let Some(stopped) = &self.stopped else {
            return Ok((self.lua.state(), None));
        };
        // SAFETY: as in `all_threads`.
        let found = unsafe { threads::all(self.context, self.lua.state(), self.chain()) };
        if let Some((_, state)) = found.iter().find(|(id, _)| *id == thread) {
            return Ok((*state, self.innermost(*state)));
        }
        if thread == ThreadId::MAIN {
            let Some(main) = stopped.chain.last().copied() else {
                return refuse("nothing runs");
            };
            return Ok((main, self.innermost(main)));
        }
        refuse("there is no such thread")
    }

    /// The innermost call of a coroutine.
    pub(super) fn innermost(&self, thread: *mut ffi::lua_State) -> Option<*const c_void> {
        let stopped = self.stopped.as_ref()?;
        if stopped.chain.first() == Some(&thread) {
            return stopped.call;
        }
        // SAFETY: the coroutine lives, and the record is only read when it was filled.
        unsafe {
            let mut record = std::mem::zeroed::<ffi::lua_Debug>();
            (ffi::lua_getstack(thread, 0, &mut record) != 0).then(|| call_of(&record))
        }
    }

    pub(super) fn frames_of(
        &mut self,
        thread: ThreadId,
        start: usize,
        count: Option<usize>,
    ) -> Result<Frames, Refusal> {
        let (state, innermost) = self.thread(thread)?;
        let Some(innermost) = innermost else {
            return Ok(Frames::default());
        };
        let calls = self.shown_calls(state, innermost);
        let total = calls.len();
        let wanted = calls.iter().skip(start).take(count.unwrap_or(usize::MAX));
        let mut frames = Vec::new();
        for call in wanted {
            let is_innermost = calls.first() == Some(call);
            frames.extend(self.frame(state, *call, is_innermost)?);
        }
        Ok(Frames { frames, total })
    }

    /// The calls of a coroutine that are shown: those of Lua functions which are not the kernel's.
    fn shown_calls(
        &self,
        state: *mut ffi::lua_State,
        innermost: *const c_void,
    ) -> Rc<[*const c_void]> {
        let key = innermost as usize;
        if let Some(known) = self.context.looks.borrow().stacks.get(&key) {
            return Rc::clone(known);
        }
        // SAFETY: code does not go on, so none of the calls ends.
        let calls: Rc<[_]> = unsafe {
            calls_from(innermost)
                .filter(|call| {
                    let mut record = record_of(*call);
                    ffi::lua_getinfo(state, c"S".as_ptr(), &mut record) != 0
                        && *record.what.cast::<u8>() != b'C'
                        && !is_own(&record)
                })
                .collect()
        };
        let mut looks = self.context.looks.borrow_mut();
        looks.stacks.insert(key, Rc::clone(&calls));
        calls
    }

    fn frame(
        &self,
        state: *mut ffi::lua_State,
        call: *const c_void,
        is_innermost: bool,
    ) -> Result<Option<Frame>, Refusal> {
        let mut record = record_of(call);
        // SAFETY: the call has not ended.
        let Some(captured) = (unsafe { frame_of(state, &mut record) }) else {
            return Ok(None);
        };
        let shown = self.shown_call(state, call)?;
        let source = self.key_of(&record);
        let name = self.name(&captured, &shown.function);
        let id: FrameId = self.context.looks.borrow_mut().add_frame(&shown);
        Ok(Some(Frame {
            id,
            name,
            source,
            line: captured
                .line
                .and_then(|line| u32::try_from(line).ok())
                .unwrap_or(0),
            column: self.column(&captured, is_innermost),
            is_foreign: false,
            // SAFETY: the call has not ended.
            can_restart: unsafe { can_restart(self.context, state, call) },
        }))
    }

    /// What the code of a record's function is known by.
    fn key_of(&self, record: &ffi::lua_Debug) -> Option<SourceKey> {
        if record.source.is_null() {
            return None;
        }
        // SAFETY: the source is as long as Lua says, and lives as long as the function.
        let source =
            unsafe { std::slice::from_raw_parts(record.source.cast::<u8>(), record.srclen) };
        Some(self.context.keys.borrow_mut().of(source))
    }

    /// The innermost call that there is to see.
    pub(super) fn innermost_call(&self) -> Result<Option<Rc<Call>>, Refusal> {
        let Some(Stopped {
            chain,
            call: Some(call),
            ..
        }) = &self.stopped
        else {
            return Ok(None);
        };
        match chain.first() {
            Some(thread) => self.shown_call(*thread, *call).map(Some),
            None => Ok(None),
        }
    }

    fn shown_call(
        &self,
        thread: *mut ffi::lua_State,
        call: *const c_void,
    ) -> Result<Rc<Call>, Refusal> {
        // SAFETY: the call has not ended; nothing here raises an error.
        let found = unsafe {
            self.lua.exec_raw::<(Value, Value)>((), |state| {
                let mut record = record_of(call);
                if ffi::lua_checkstack(thread, 2) != 0 {
                    ffi::lua_getinfo(thread, c"f".as_ptr(), &mut record);
                    ffi::lua_pushthread(thread);
                    if thread != state {
                        ffi::lua_xmove(thread, state, 2);
                    }
                }
            })
        };
        match found.map_err(|error| of_lua(&error))? {
            (Value::Function(function), anchor) => Ok(Rc::new(Call {
                thread,
                call,
                function,
                _anchor: anchor,
            })),
            _ => refuse("not enough memory"),
        }
    }

    /// The first column of what a frame does: of its line, or of the call that it waits for.
    fn column(&self, frame: &Captured, is_innermost: bool) -> u32 {
        let sources = self.context.sources.borrow();
        if is_innermost {
            return first_column(&sources, frame).unwrap_or(0);
        }
        let Some(instruction) = frame.instruction else {
            return 0;
        };
        let place = (frame.chunk.clone(), instruction.code, instruction.index);
        if let Some(known) = self.context.looks.borrow().columns.get(&place) {
            return *known;
        }
        let column = column_of(self.lua, &sources, frame);
        let column = column
            .or_else(|| first_column(&sources, frame))
            .unwrap_or(0);
        let mut looks = self.context.looks.borrow_mut();
        if looks.columns.len() >= MOST_COLUMNS {
            looks.columns.clear();
        }
        looks.columns.insert(place, column);
        column
    }

    /// What a frame is called.
    fn name(&self, frame: &Captured, function: &Function) -> String {
        let is_entry = frame.function == self.context.entry.get();
        if is_entry || frame.is_main {
            return match frame.origin {
                // A program is called by its path, and a file too.
                Chunk::Named | Chunk::File => {
                    let name = frame.chunk.rsplit('/').next();
                    name.unwrap_or(&frame.chunk).to_owned()
                }
                Chunk::Text(_) => "main chunk".to_owned(),
            };
        }
        if let Some(name) = self.name_where_defined(function) {
            return name;
        }
        match (&frame.name, frame.defined) {
            (Some((name, _)), _) => name.clone(),
            (None, Some(line)) => format!("function <{}:{line}>", frame.chunk),
            (None, None) => "?".to_owned(),
        }
    }
}
