mod captures;
mod classes;

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use mlua::ffi;

use crate::interrupt;

use classes::{in_class, in_set};

/// A place in the subject or the pattern. Lua's strings end with a NUL byte, which belongs to
/// what may be read.
pub(super) type Place = *const u8;

/// How many captures a pattern may have (`LUA_MAXCAPTURES`).
const MAX_CAPTURES: usize = 32;
/// How deep the matcher may call itself (`MAXCCALLS`).
const MAX_DEPTH: c_int = 200;
pub(super) const ESCAPE: u8 = b'%';

/// The length of a capture that has begun and not ended.
const UNFINISHED: isize = -1;
/// The length of a capture that is a position.
pub(super) const POSITION: isize = -2;

#[derive(Clone, Copy)]
struct Capture {
    start: Place,
    length: isize,
}

/// A match in progress (`MatchState`).
pub(super) struct Matcher {
    state: *mut ffi::lua_State,
    subject: Place,
    pub(super) subject_end: Place,
    pattern_end: Place,
    interrupted: *const AtomicBool,
    depth: c_int,
    level: usize,
    /// Those below `level` are there.
    captures: [MaybeUninit<Capture>; MAX_CAPTURES],
}

impl Matcher {
    /// A matcher of a subject and a pattern, each with its length.
    ///
    /// # Safety
    ///
    /// Both must be strings of Lua that stay where they are as long as the matcher lives.
    pub(super) unsafe fn new(
        state: *mut ffi::lua_State,
        (subject, subject_length): (Place, usize),
        (pattern, pattern_length): (Place, usize),
    ) -> Self {
        Self {
            state,
            subject,
            // SAFETY: the ends of the strings.
            subject_end: unsafe { subject.add(subject_length) },
            // SAFETY: as above.
            pattern_end: unsafe { pattern.add(pattern_length) },
            interrupted: interrupt::hook_flag(),
            depth: 0,
            level: 0,
            captures: [const { MaybeUninit::uninit() }; MAX_CAPTURES],
        }
    }

    unsafe fn fail(&self, message: &std::ffi::CStr) -> ! {
        // SAFETY: the messages have no formats but `%%`; the error does not return.
        unsafe {
            ffi::luaL_error(self.state, message.as_ptr());
        }
        unreachable!("luaL_error does not return")
    }

    /// Matches at one place and returns the match's end, or null.
    ///
    /// # Safety
    ///
    /// `at` must be in the subject and `pattern` in the pattern. May raise a Lua error.
    pub(super) unsafe fn start(&mut self, at: Place, pattern: Place) -> Place {
        self.depth = MAX_DEPTH;
        self.level = 0;
        // SAFETY: passed on.
        unsafe { self.step(at, pattern) }
    }

    unsafe fn class_end(&self, mut p: Place) -> Place {
        // SAFETY: the pattern ends with a NUL, at which every loop stops.
        unsafe {
            let first = *p;
            p = p.add(1);
            match first {
                ESCAPE => {
                    if p == self.pattern_end {
                        self.fail(c"malformed pattern (ends with '%%')");
                    }
                    p.add(1)
                }
                b'[' => {
                    if *p == b'^' {
                        p = p.add(1);
                    }
                    loop {
                        if p == self.pattern_end {
                            self.fail(c"malformed pattern (missing ']')");
                        }
                        let byte = *p;
                        p = p.add(1);
                        if byte == ESCAPE && p < self.pattern_end {
                            p = p.add(1);
                        }
                        if *p == b']' {
                            return p.add(1);
                        }
                    }
                }
                _ => p,
            }
        }
    }

    #[inline]
    unsafe fn single(&self, s: Place, p: Place, end: Place) -> bool {
        if s >= self.subject_end {
            return false;
        }
        // SAFETY: `s` is in the subject, and `p` begins a class that ends at `end`.
        unsafe {
            match *p {
                b'.' => true,
                ESCAPE => in_class(*s, *p.add(1)),
                b'[' => in_set(*s, p, end.sub(1)),
                byte => byte == *s,
            }
        }
    }

    unsafe fn step(&mut self, mut s: Place, mut p: Place) -> Place {
        // SAFETY: a transcription of `match`; places move only within their strings. The flag is
        // the thread's, which outlives the matcher.
        unsafe {
            if self.depth == 0 {
                self.fail(c"pattern too complex");
            }
            self.depth -= 1;
            while p != self.pattern_end {
                self.look();
                match *p {
                    b'(' => {
                        s = if *p.add(1) == b')' {
                            self.open_capture(s, p.add(2), POSITION)
                        } else {
                            self.open_capture(s, p.add(1), UNFINISHED)
                        };
                        break;
                    }
                    b')' => {
                        s = self.close_capture(s, p.add(1));
                        break;
                    }
                    b'$' if p.add(1) == self.pattern_end => {
                        s = if s == self.subject_end {
                            s
                        } else {
                            ptr::null()
                        };
                        break;
                    }
                    ESCAPE if *p.add(1) == b'b' => {
                        s = self.balance(s, p.add(2));
                        if s.is_null() {
                            break;
                        }
                        p = p.add(4);
                        continue;
                    }
                    ESCAPE if *p.add(1) == b'f' => {
                        p = p.add(2);
                        if *p != b'[' {
                            self.fail(c"missing '[' after '%%f' in pattern");
                        }
                        let end = self.class_end(p);
                        let before = if s == self.subject { 0 } else { *s.sub(1) };
                        if !in_set(before, p, end.sub(1)) && in_set(*s, p, end.sub(1)) {
                            p = end;
                            continue;
                        }
                        s = ptr::null();
                        break;
                    }
                    ESCAPE if (*p.add(1)).is_ascii_digit() => {
                        s = self.same_as_capture(s, *p.add(1));
                        if s.is_null() {
                            break;
                        }
                        p = p.add(2);
                        continue;
                    }
                    _ => {}
                }
                let end = self.class_end(p);
                let suffix = *end;
                if !self.single(s, p, end) {
                    if matches!(suffix, b'*' | b'?' | b'-') {
                        p = end.add(1);
                        continue;
                    }
                    s = ptr::null();
                    break;
                }
                match suffix {
                    b'?' => {
                        let found = self.step(s.add(1), end.add(1));
                        if found.is_null() {
                            p = end.add(1);
                            continue;
                        }
                        s = found;
                    }
                    b'+' => s = self.expand_most(s.add(1), p, end),
                    b'*' => s = self.expand_most(s, p, end),
                    b'-' => s = self.expand_least(s, p, end),
                    _ => {
                        s = s.add(1);
                        p = end;
                        continue;
                    }
                }
                break;
            }
            self.depth += 1;
            s
        }
    }

    /// Stops when the cell is to end.
    #[inline]
    unsafe fn look(&self) {
        // SAFETY: the flag is the thread's.
        unsafe {
            if (*self.interrupted).load(Ordering::Relaxed) {
                interrupt::unwind_again(self.state);
            }
        }
    }

    unsafe fn expand_most(&mut self, s: Place, p: Place, end: Place) -> Place {
        // SAFETY: a transcription of `max_expand`.
        unsafe {
            let mut last = s;
            while self.single(last, p, end) {
                last = last.add(1);
            }
            loop {
                let found = self.step(last, end.add(1));
                if !found.is_null() {
                    return found;
                }
                if last == s {
                    return ptr::null();
                }
                self.look();
                last = last.sub(1);
            }
        }
    }

    unsafe fn expand_least(&mut self, mut s: Place, p: Place, end: Place) -> Place {
        // SAFETY: a transcription of `min_expand`.
        unsafe {
            loop {
                let found = self.step(s, end.add(1));
                if !found.is_null() {
                    return found;
                }
                if !self.single(s, p, end) {
                    return ptr::null();
                }
                self.look();
                s = s.add(1);
            }
        }
    }

    unsafe fn balance(&self, mut s: Place, p: Place) -> Place {
        // SAFETY: a transcription of `matchbalance`.
        unsafe {
            if p >= self.pattern_end.sub(1) {
                self.fail(c"malformed pattern (missing arguments to '%%b')");
            }
            if *s != *p {
                return ptr::null();
            }
            let (open, close) = (*p, *p.add(1));
            let mut depth = 1;
            loop {
                s = s.add(1);
                if s >= self.subject_end {
                    return ptr::null();
                }
                if *s == close {
                    depth -= 1;
                    if depth == 0 {
                        return s.add(1);
                    }
                } else if *s == open {
                    depth += 1;
                }
            }
        }
    }
}
