//! What the hook knows.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ffi::c_int;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mlua::ffi;
use perilune_language::Cell as UserCell;
use perilune_language::debug::{Debugger, Exceptions, LoadedSource, Reason, SourceKey, Wishes};

use super::data::Watch;
use super::layout::{self, Frame, Prototype};
use super::sources::is_own;
use super::stepping::Stepping;
use super::threads::Enrolled;
use super::users_hook::Aside;
use super::verdict::{Facts, Verdict, Verdicts};
use crate::context::Context;

/// What stops code, and how it goes on. One for each interpreter.
#[derive(Default)]
pub(crate) struct Tracer {
    pub(super) debugger: RefCell<Option<Arc<dyn Debugger>>>,
    pub(super) wishes: RefCell<Arc<Wishes>>,
    pub(super) verdicts: Verdicts,
    /// Whether calls have to be looked at.
    pub(super) watches_calls: Cell<bool>,
    pub(super) watches: RefCell<Rc<[Watch]>>,
    /// Whether data is watched.
    pub(super) watches_data: Cell<bool>,
    /// Whether errors stop code.
    pub(super) watches_errors: Cell<bool>,
    /// Whether the error that goes on has been considered in the coroutine that it ended.
    pub(super) considered: Cell<bool>,
    pub(super) step: Cell<Option<Stepping>>,
    /// Code stops before its next instruction in a function of the user's.
    pub(super) soon: Cell<Option<Reason>>,
    /// Which breakpoints are meant where it stops soon at a function.
    pub(super) wanted_functions: RefCell<Vec<usize>>,
    /// Whether there are breakpoints on functions.
    pub(super) watches_functions: Cell<bool>,
    /// Where code has stopped already, before its line was looked at.
    pub(super) passed: Cell<Option<Place>>,
    /// The wishes of which the entry was granted.
    pub(super) entered: RefCell<Option<Arc<Wishes>>>,
    pub(super) enrolled: Enrolled,
    pub(super) aside: Aside,
    /// Told to the thread that kicks.
    pub(super) running: Arc<AtomicBool>,
}

/// An instruction of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) state: *mut ffi::lua_State,
    pub(super) depth: usize,
    pub(super) instruction: usize,
}

/// What the hook looks at for each line, and the signal handler at any time.
pub(super) struct Hot {
    /// Of the state that runs.
    context: Cell<*const Context>,
    /// Lines that have breakpoints, in whatever source, modulo the number of bits.
    lines: [Cell<u64>; WORDS],
    /// Whether each line has to be looked at.
    pub(super) every_line: Cell<bool>,
    /// Whether anything is wished of what is loaded.
    pub(super) is_needed: Cell<bool>,
    /// Whether a call counts only for the lines of what is called.
    plain_calls: Cell<bool>,
    /// Whether the debugger's own Lua code runs, or none that it may stop.
    pub(super) quiet: Cell<bool>,
    /// Whether somebody wants running code to look at what its debugger wants.
    pub(super) kicked: AtomicBool,
}

const WORDS: usize = 64;

thread_local! {
    // Neither lazily made nor dropped, so that a signal handler may use it.
    static HOT: Hot = const {
        Hot {
            context: Cell::new(ptr::null()),
            lines: [const { Cell::new(0) }; WORDS],
            every_line: Cell::new(false),
            is_needed: Cell::new(false),
            plain_calls: Cell::new(false),
            quiet: Cell::new(false),
            kicked: AtomicBool::new(false),
        }
    };
}

/// What this thread's hook looks at.
#[inline]
pub(super) fn hot<T>(look: impl FnOnce(&Hot) -> T) -> T {
    HOT.with(look)
}

impl Hot {
    /// The context of what runs; nothing while nothing runs that can be debugged.
    #[inline]
    pub(super) fn context<'a>(&self) -> Option<&'a Context> {
        // SAFETY: it is set while code runs, which the context outlives.
        unsafe { self.context.get().as_ref() }
    }

    pub(super) fn set_context(&self, context: Option<&Context>) {
        self.context.set(context.map_or(ptr::null(), ptr::from_ref));
    }

    /// Whether a line may have a breakpoint.
    #[inline]
    pub(super) fn may_break(&self, line: i32) -> bool {
        let line = line as usize;
        self.lines[line / 64 % WORDS].get() >> (line % 64) & 1 != 0
    }

    /// Whether a call or a return is of functions that nothing is wished of, and changes nothing
    /// of which events are wanted.
    #[inline]
    pub(super) unsafe fn is_plain(
        &self,
        state: *mut ffi::lua_State,
        event: c_int,
        frame: Frame,
    ) -> bool {
        if !self.plain_calls.get() || self.quiet.get() || self.kicked.load(Ordering::Relaxed) {
            return false;
        }
        let Some(context) = self.context() else {
            return false;
        };
        let verdicts = &context.tracer.verdicts;
        // SAFETY: a hook runs, of a call that has not returned.
        unsafe {
            let has_lines = layout::mask(state) & ffi::LUA_MASKLINE != 0;
            let is_plain = |frame: Frame| match frame.prototype() {
                Some(prototype) => !has_lines && verdicts.is_plain(prototype),
                None => true,
            };
            match event {
                ffi::LUA_HOOKCALL => is_plain(frame),
                ffi::LUA_HOOKRET => is_plain(frame) && frame.caller().is_none_or(is_plain),
                _ => false,
            }
        }
    }

    fn set_lines(&self, lines: impl Iterator<Item = u32>) {
        for word in &self.lines {
            word.set(0);
        }
        for line in lines {
            let word = &self.lines[line as usize / 64 % WORDS];
            word.set(word.get() | 1 << (line % 64));
        }
    }
}

impl Tracer {
    /// Whether somebody debugs.
    pub(super) fn is_on(&self) -> bool {
        self.debugger
            .borrow()
            .as_ref()
            .is_some_and(|debugger| debugger.is_on())
    }

    /// Whether anything is wished.
    #[inline]
    pub(super) fn is_needed(&self) -> bool {
        hot(|hot| hot.is_needed.get())
    }

    /// A cell is about to run.
    pub(crate) fn cell_begins(&self, context: &Context, cell: &UserCell) {
        let debugger = self.debugger.borrow().clone();
        let Some(debugger) = debugger else {
            return;
        };
        let key = debugger.source_of(cell);
        debugger.loaded(LoadedSource {
            key: Arc::clone(&key),
            code: Some(Arc::from(cell.code.as_str())),
        });
        let mut keys = context.keys.borrow_mut();
        keys.remember_cell(&cell.name, key, &cell.code);
        drop(keys);
        self.forget_verdicts(context);
    }

    /// A file was loaded, or a string that has a name.
    pub(super) fn chunk_loaded(&self, context: &Context, source: &[u8], code: Option<&[u8]>) {
        let mut keys = context.keys.borrow_mut();
        let (key, is_news) = keys.remember_chunk(source);
        drop(keys);
        let debugger = self.debugger.borrow().clone();
        if let Some(debugger) = debugger
            && (is_news || code.is_some() && debugger.is_on())
        {
            let code = code.map(|code| Arc::from(String::from_utf8_lossy(code)));
            debugger.loaded(LoadedSource { key, code });
        }
        if is_news || self.is_needed() {
            self.forget_verdicts(context);
        }
    }

    /// Looks at what is wished now.
    pub(super) fn look(&self, context: &Context) {
        let debugger = self.debugger.borrow().clone();
        let Some(debugger) = debugger else {
            return;
        };
        hot(|hot| hot.kicked.store(false, Ordering::Relaxed));
        debugger.attention().take();
        let wishes = if debugger.is_on() {
            debugger.wishes()
        } else {
            self.set_step(None);
            self.set_soon(None);
            Arc::default()
        };
        if debugger.is_on() && self.soon.get().is_none() && debugger.takes_pause() {
            self.set_soon(Some(Reason::Pause));
        }
        let is_news = !Arc::ptr_eq(&wishes, &self.wishes.borrow());
        if is_news {
            let earlier = self.wishes.replace(wishes);
            self.watch_data(&earlier.data);
            self.forget_verdicts(context);
        }
    }

    /// What is known of functions may have changed.
    pub(super) fn forget_verdicts(&self, context: &Context) {
        self.verdicts.clear();
        let wishes = self.wishes.borrow();
        let keys = context.keys.borrow();
        let mut lines = wishes
            .lines
            .iter()
            .filter(|(key, lines)| !lines.is_empty() && keys.is_loaded(key))
            .flat_map(|(_, lines)| lines.keys().copied())
            .peekable();
        self.watches_calls
            .set(lines.peek().is_some() || !wishes.functions.is_empty());
        self.watches_functions.set(!wishes.functions.is_empty());
        self.watches_errors
            .set(wishes.exceptions != Exceptions::default());
        hot(|hot| hot.set_lines(lines));
        self.set_hot();
    }

    /// Begins or ends a step.
    pub(super) fn set_step(&self, step: Option<Stepping>) {
        self.step.set(step);
        self.set_hot();
    }

    /// Has code stop at its next instruction, or not.
    pub(super) fn set_soon(&self, soon: Option<Reason>) {
        self.soon.set(soon);
        self.set_hot();
    }

    /// Remembers where code has stopped before its line was looked at.
    pub(super) fn set_passed(&self, passed: Option<Place>) {
        self.passed.set(passed);
        self.set_hot();
    }

    /// Tells the hook whether each line counts.
    pub(super) fn set_hot(&self) {
        let every = self.step.get().is_some()
            || self.soon.get().is_some()
            || self.passed.get().is_some()
            || self.watches_data.get();
        let plain = !every && self.watches_calls.get() && !self.watches_functions.get();
        hot(|hot| {
            hot.every_line.set(every);
            hot.plain_calls.set(plain);
            hot.is_needed.set(every || self.watches_calls.get());
        });
    }

    /// What has to be known of a call at each time.
    #[inline]
    pub(super) fn verdict(&self, context: &Context, prototype: &Prototype) -> Verdict {
        self.verdicts
            .verdict(prototype, || self.learn(context, prototype))
    }

    /// All that is known of a function.
    pub(super) fn facts(&self, context: &Context, prototype: &Prototype) -> Rc<Facts> {
        self.verdicts
            .facts(prototype, || self.learn(context, prototype))
    }

    #[cold]
    fn learn(&self, context: &Context, prototype: &Prototype) -> Facts {
        let Some(source) = prototype.source() else {
            return Facts::new(None, true, u32::MAX);
        };
        if is_own(source) {
            return Facts::new(None, true, u32::MAX);
        }
        let mut keys = context.keys.borrow_mut();
        let lines_of_cell = keys.lines_of_cell(source);
        // What makes a cell's function is the kernel's, and the function is the user's.
        let is_wrapper = lines_of_cell.is_some() && prototype.first_line == 0;
        let key: SourceKey = keys.of(source);
        drop(keys);
        let wishes = self.wishes.borrow();
        let breaks = wishes.lines.get(&key).map(|wanted| {
            let of: HashSet<u32> = prototype.lines().into_iter().collect();
            let breaks = wanted.keys().copied().filter(|line| of.contains(line));
            breaks.collect()
        });
        let mut facts = Facts::new(Some(key), is_wrapper, lines_of_cell.unwrap_or(u32::MAX));
        drop(wishes);
        if !is_wrapper {
            facts.functions = self.declared_by(context, prototype, source);
            facts.breaks = breaks.unwrap_or_default();
        }
        facts
    }

    /// Whether a call is of a function that the user wrote.
    pub(super) unsafe fn is_users(&self, context: &Context, frame: Frame) -> bool {
        // SAFETY: the caller's call has not returned.
        let prototype = unsafe { frame.prototype() };
        prototype.is_some_and(|prototype| !self.verdict(context, prototype).is_foreign())
    }
}
