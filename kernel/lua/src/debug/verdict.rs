//! What is known of a function, once for each.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::{c_int, c_void};
use std::ptr;
use std::rc::Rc;

use perilune_language::debug::SourceKey;

use super::layout::Prototype;
use crate::cell::KEEP;

/// What is known of a function's code.
#[derive(Debug)]
pub(super) struct Facts {
    /// What its code is known by.
    pub(super) key: Option<SourceKey>,
    /// Whether it is the kernel's: it never stops and is not stepped into.
    pub(super) is_foreign: bool,
    /// The last line that is the user's.
    pub(super) last_line: u32,
    /// Which of its lines have breakpoints, in order.
    pub(super) breaks: Vec<u32>,
    /// Which breakpoints on functions it is meant by; nothing if its name is not known.
    pub(super) functions: Option<Vec<usize>>,
    lines: OnceCell<Lines>,
}

#[derive(Debug)]
struct Lines {
    of: Vec<u32>,
    starts: Vec<bool>,
    own: Vec<bool>,
    /// Whether nothing follows at an instruction's line but the end of a statement that began at a
    /// line before.
    ends: Vec<bool>,
}

impl Facts {
    pub(super) fn new(key: Option<SourceKey>, is_foreign: bool, last_line: u32) -> Self {
        Self {
            key,
            is_foreign,
            last_line,
            breaks: Vec::new(),
            functions: Some(Vec::new()),
            lines: OnceCell::new(),
        }
    }

    /// Whether lines of it have to be looked at while nothing is stepped.
    pub(super) fn has_breaks(&self) -> bool {
        !self.breaks.is_empty()
    }

    /// Whether an instruction begins something at its line, rather than ends something that began
    /// there: the call of `f(\n1,\n2)` is at the first line once more.
    pub(super) fn begins(&self, prototype: &Prototype, instruction: usize) -> bool {
        let lines = self.lines.get_or_init(|| Lines::of(prototype));
        lines.starts.get(instruction).copied().unwrap_or(true)
    }

    /// Whether an instruction is the first of those that stand together for its line.
    pub(super) fn is_first(&self, prototype: &Prototype, instruction: usize) -> bool {
        let lines = self.lines.get_or_init(|| Lines::of(prototype));
        let line = |index: usize| lines.of.get(index);
        instruction
            .checked_sub(1)
            .is_none_or(|before| line(before) != line(instruction))
    }

    /// Whether an instruction is of what the kernel adds to a cell, to keep its locals.
    pub(super) fn keeps(&self, prototype: &Prototype, instruction: usize) -> bool {
        let lines = self.lines.get_or_init(|| Lines::of(prototype));
        lines.own.get(instruction).copied().unwrap_or(false)
    }

    /// Whether what an instruction does at its line is the end of a statement of several lines, and
    /// nothing that was written there: it is no line to stop at.
    pub(super) fn ends(&self, prototype: &Prototype, instruction: usize) -> bool {
        let lines = self.lines.get_or_init(|| Lines::of(prototype));
        lines.ends.get(instruction).copied().unwrap_or(false)
    }

    /// The line of an instruction.
    pub(super) fn line(&self, prototype: &Prototype, instruction: usize) -> u32 {
        let lines = self.lines.get_or_init(|| Lines::of(prototype));
        lines.of.get(instruction).copied().unwrap_or(0)
    }
}

/// `OP_FORLOOP`, `OP_TFORCALL` and `OP_TFORLOOP` of lopcodes.h, by which a loop comes back to its
/// first line.
const LOOPS: [u32; 3] = [73, 76, 77];
const VARARGPREP: u32 = 81;
const CLOSURE: u32 = 79;
/// `OP_SETUPVAL`, and `OP_SETTABUP` to `OP_SETFIELD`.
const STORES: [u32; 5] = [10, 15, 16, 17, 18];
/// The bits of an instruction that say what it does.
const OPERATION: u32 = 0x7f;

impl Lines {
    fn of(prototype: &Prototype) -> Self {
        let of = prototype.lines();
        let mut seen = std::collections::HashSet::new();
        let mut starts = Vec::with_capacity(of.len());
        let code = prototype.code();
        let (own, mut ends) = Self::own(prototype);
        let (mut before, mut begins) = (None, true);
        for (index, (line, instruction)) in of.iter().zip(code).enumerate() {
            let operation = instruction & OPERATION;
            // The function of `function f() ... end` is made at the line of its `end`, and assigned at
            // that of `function`, where the statement is for people.
            let is_made = operation == CLOSURE
                && code
                    .get(index + 1)
                    .is_some_and(|next| STORES.contains(&(next & OPERATION)))
                && of.get(index + 1).is_some_and(|next| next < line);
            ends[index] |= is_made;
            // What counts the variable arguments stands before all lines, as if it were of the first.
            if operation != VARARGPREP && !is_made && before.replace(*line) != Some(*line) {
                begins = seen.insert(*line);
            }
            starts.push(begins || LOOPS.contains(&operation));
        }
        for index in (1..of.len()).rev() {
            ends[index - 1] &= of[index - 1] != of[index] || ends[index];
        }
        Self {
            of,
            starts,
            own,
            ends,
        }
    }

    /// The instructions of calls like `KEEP('a',function()return a end)`, and those of them that have
    /// a `nil` more, behind statements of several lines.
    fn own(prototype: &Prototype) -> (Vec<bool>, Vec<bool>) {
        const GETUPVAL: u32 = 9;
        const LOADK: u32 = 3;
        const LOADNIL: u32 = 8;
        const CALL: u32 = 68;
        let code = prototype.code();
        let (mut own, mut behind) = (vec![false; code.len()], vec![false; code.len()]);
        for index in 0..code.len() {
            for call in [
                &[GETUPVAL, LOADK, CLOSURE, CALL][..],
                &[GETUPVAL, LOADK, CLOSURE, LOADNIL, CALL],
            ] {
                let Some(found) = code.get(index..index + call.len()) else {
                    continue;
                };
                let (first, last) = (found[0], found[call.len() - 1]);
                let is_call = found
                    .iter()
                    .map(|code| code & OPERATION)
                    .eq(call.iter().copied())
                    && first >> 7 & 0xff == last >> 7 & 0xff;
                if is_call
                    && prototype
                        .upvalue_name((first >> 16 & 0xff) as usize)
                        .is_some_and(|name| name.starts_with(KEEP.as_bytes()))
                {
                    own[index..index + call.len()].fill(true);
                    behind[index..index + call.len()].fill(call.contains(&LOADNIL));
                }
            }
        }
        (own, behind)
    }
}

/// What is known of functions, by where their code is.
pub(super) struct Verdicts {
    slots: Box<[Cell<Slot>]>,
    facts: RefCell<Vec<Rc<Facts>>>,
}

/// An entry is of a function as long as all of this is the same: then whatever lives at its place
/// is of the same lines of the same source.
#[derive(Clone, Copy)]
struct Slot {
    prototype: *const Prototype,
    source: *const c_void,
    first_line: c_int,
    last_line: c_int,
    facts: u32,
    verdict: Verdict,
}

impl Slot {
    #[inline]
    fn is_of(&self, prototype: &Prototype) -> bool {
        ptr::eq(self.prototype, prototype)
            && self.source == prototype.source_address()
            && self.first_line == prototype.first_line
            && self.last_line == prototype.last_line
    }
}

/// What has to be known of a function at each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict(u8);

impl Verdict {
    const FOREIGN: u8 = 1;
    const BREAKS: u8 = 2;
    const FUNCTION: u8 = 4;

    fn of(facts: &Facts) -> Self {
        let mut bits = 0;
        if facts.is_foreign {
            bits |= Self::FOREIGN;
        }
        if facts.has_breaks() {
            bits |= Self::BREAKS;
        }
        if facts.functions.as_ref().is_none_or(|some| !some.is_empty()) {
            bits |= Self::FUNCTION;
        }
        Self(bits)
    }

    /// Whether it is the kernel's.
    pub(super) fn is_foreign(self) -> bool {
        self.0 & Self::FOREIGN != 0
    }

    /// Whether lines of it have breakpoints.
    pub(super) fn has_breaks(self) -> bool {
        self.0 & Self::BREAKS != 0
    }
}

/// A power of two.
const SLOTS: usize = 1024;

impl Default for Verdicts {
    fn default() -> Self {
        let empty = Slot {
            prototype: ptr::null(),
            source: ptr::null(),
            first_line: 0,
            last_line: 0,
            facts: 0,
            verdict: Verdict(0),
        };
        Self {
            slots: (0..SLOTS).map(|_| Cell::new(empty)).collect(),
            facts: RefCell::default(),
        }
    }
}

impl Verdicts {
    /// Forgets all.
    pub(super) fn clear(&self) {
        for slot in &self.slots {
            let mut empty = slot.get();
            empty.prototype = ptr::null();
            slot.set(empty);
        }
        self.facts.borrow_mut().clear();
    }

    #[inline]
    fn slot(&self, prototype: &Prototype) -> &Cell<Slot> {
        let address = ptr::from_ref(prototype) as usize;
        &self.slots[(address >> 4 ^ address >> 14) % SLOTS]
    }

    #[inline]
    fn find(&self, prototype: &Prototype, learn: impl FnOnce() -> Facts) -> Slot {
        let slot = self.slot(prototype);
        let found = slot.get();
        if found.is_of(prototype) {
            return found;
        }
        self.learn(slot, prototype, learn())
    }

    #[cold]
    fn learn(&self, slot: &Cell<Slot>, prototype: &Prototype, facts: Facts) -> Slot {
        /// So many functions are known before all are forgotten.
        const MOST: usize = 16 * 1024;
        if self.facts.borrow().len() >= MOST {
            self.clear();
        }
        let verdict = Verdict::of(&facts);
        let mut all = self.facts.borrow_mut();
        let found = Slot {
            prototype,
            source: prototype.source_address(),
            first_line: prototype.first_line,
            last_line: prototype.last_line,
            facts: u32::try_from(all.len()).unwrap_or(0),
            verdict,
        };
        all.push(Rc::new(facts));
        slot.set(found);
        found
    }

    /// Whether nothing is wished of a function, as far as is known.
    #[inline]
    pub(super) fn is_plain(&self, prototype: &Prototype) -> bool {
        let slot = self.slot(prototype).get();
        slot.is_of(prototype) && slot.verdict == Verdict(0)
    }

    /// What has to be known at each call.
    #[inline]
    pub(super) fn verdict(&self, prototype: &Prototype, learn: impl FnOnce() -> Facts) -> Verdict {
        self.find(prototype, learn).verdict
    }

    /// All that is known.
    pub(super) fn facts(&self, prototype: &Prototype, learn: impl FnOnce() -> Facts) -> Rc<Facts> {
        let slot = self.find(prototype, learn);
        Rc::clone(&self.facts.borrow()[slot.facts as usize])
    }
}
