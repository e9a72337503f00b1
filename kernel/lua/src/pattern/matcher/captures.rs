use std::ffi::{c_char, c_int};
use std::ptr;

use mlua::ffi;

use super::{Capture, MAX_CAPTURES, Matcher, POSITION, Place, UNFINISHED};

impl Matcher {
    pub(super) unsafe fn open_capture(&mut self, s: Place, p: Place, length: isize) -> Place {
        // SAFETY: a transcription of `start_capture`.
        unsafe {
            if self.level >= MAX_CAPTURES {
                self.fail(c"too many captures");
            }
            self.captures[self.level].write(Capture { start: s, length });
            self.level += 1;
            let found = self.step(s, p);
            if found.is_null() {
                self.level -= 1;
            }
            found
        }
    }

    pub(super) unsafe fn close_capture(&mut self, s: Place, p: Place) -> Place {
        // SAFETY: a transcription of `end_capture`.
        unsafe {
            let open = self.captures[..self.level]
                .iter()
                .rposition(|capture| capture.assume_init_ref().length == UNFINISHED);
            let Some(index) = open else {
                self.fail(c"invalid pattern capture");
            };
            let capture = self.captures[index].assume_init_mut();
            capture.length = s.offset_from(capture.start);
            let found = self.step(s, p);
            if found.is_null() {
                self.captures[index].assume_init_mut().length = UNFINISHED;
            }
            found
        }
    }

    pub(super) unsafe fn same_as_capture(&self, s: Place, digit: u8) -> Place {
        // SAFETY: a transcription of `match_capture`; a capture is part of the subject.
        unsafe {
            let index = c_int::from(digit) - c_int::from(b'1');
            let capture = usize::try_from(index)
                .ok()
                .filter(|index| *index < self.level)
                .map(|index| self.captures[index].assume_init())
                .filter(|capture| capture.length != UNFINISHED);
            let Some(capture) = capture else {
                ffi::luaL_error(
                    self.state,
                    c"invalid capture index %%%d".as_ptr(),
                    index + 1,
                );
                unreachable!("luaL_error does not return")
            };
            // A position's length, as in C, is larger than any subject.
            let length = capture.length as usize;
            let left = self.subject_end.offset_from(s) as usize;
            if left >= length
                && std::slice::from_raw_parts(capture.start, length)
                    == std::slice::from_raw_parts(s, length)
            {
                s.add(length)
            } else {
                ptr::null()
            }
        }
    }

    /// Where a capture is, or the whole match; its length is [`POSITION`] if it was pushed, as a
    /// number (`get_onecapture`).
    ///
    /// # Safety
    ///
    /// `start` and `end` must be of the last match. May raise a Lua error.
    pub(in crate::pattern) unsafe fn capture(
        &self,
        index: c_int,
        start: Place,
        end: Place,
    ) -> (Place, isize) {
        // SAFETY: captures are parts of the subject.
        unsafe {
            let found = usize::try_from(index)
                .ok()
                .filter(|index| *index < self.level);
            let Some(found) = found else {
                if index != 0 {
                    let message = c"invalid capture index %%%d".as_ptr();
                    ffi::luaL_error(self.state, message, index + 1);
                }
                return (start, end.offset_from(start));
            };
            let capture = self.captures[found].assume_init();
            if capture.length == UNFINISHED {
                self.fail(c"unfinished capture");
            }
            if capture.length == POSITION {
                let position = capture.start.offset_from(self.subject) + 1;
                ffi::lua_pushinteger(self.state, position as ffi::lua_Integer);
            }
            (capture.start, capture.length)
        }
    }

    /// Pushes one capture (`push_onecapture`).
    ///
    /// # Safety
    ///
    /// As [`Matcher::capture`].
    pub(in crate::pattern) unsafe fn push_capture(&self, index: c_int, start: Place, end: Place) {
        // SAFETY: passed on.
        unsafe {
            let (text, length) = self.capture(index, start, end);
            if length != POSITION {
                ffi::lua_pushlstring(self.state, text.cast::<c_char>(), length as usize);
            }
        }
    }

    /// Pushes all captures, or the whole match if there are none and it is given
    /// (`push_captures`). Returns their number.
    ///
    /// # Safety
    ///
    /// As [`Matcher::capture`].
    pub(in crate::pattern) unsafe fn push_captures(&self, start: Place, end: Place) -> c_int {
        let whole = self.level == 0 && !start.is_null();
        let count = if whole { 1 } else { self.level as c_int };
        // SAFETY: passed on.
        unsafe {
            ffi::luaL_checkstack(self.state, count, c"too many captures".as_ptr());
            for index in 0..count {
                self.push_capture(index, start, end);
            }
        }
        count
    }
}
