use std::ffi::{CStr, c_char, c_int};
use std::mem::MaybeUninit;
use std::ptr;

use mlua::ffi;

use super::matcher::{ESCAPE, Matcher, POSITION, Place};

/// Replaces the functions in `string`, which strings have as methods too.
///
/// # Safety
///
/// May raise Lua errors.
pub(crate) unsafe fn install(state: *mut ffi::lua_State) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        ffi::lua_getglobal(state, c"string".as_ptr());
        for (name, function) in [
            (c"find", find as ffi::lua_CFunction),
            (c"match", match_),
            (c"gmatch", gmatch),
            (c"gsub", gsub),
        ] {
            let name: &CStr = name;
            ffi::lua_pushcclosure(state, function, 0);
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
        ffi::lua_settop(state, -2);
    }
}

unsafe fn string(state: *mut ffi::lua_State, index: c_int) -> (Place, usize) {
    let mut length = 0;
    // SAFETY: the string stays on the stack.
    unsafe {
        (
            ffi::luaL_checklstring(state, index, &mut length).cast(),
            length,
        )
    }
}

/// The offset that a position means, negative ones counting from the end (`posrelatI`).
fn offset(position: ffi::lua_Integer, length: usize) -> usize {
    let length = length as ffi::lua_Integer;
    let position = match position {
        1.. => position,
        0 => 1,
        _ if position < -length => 1,
        _ => length + position + 1,
    };
    position as usize - 1
}

unsafe extern "C-unwind" fn find(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: passed on.
    unsafe { search(state, true) }
}

unsafe extern "C-unwind" fn match_(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: passed on.
    unsafe { search(state, false) }
}

unsafe fn search(state: *mut ffi::lua_State, find: bool) -> c_int {
    // SAFETY: a transcription of `str_find_aux`.
    unsafe {
        let (subject, length) = string(state, 1);
        let (mut pattern, mut pattern_length) = string(state, 2);
        let first = offset(ffi::luaL_optinteger(state, 3, 1), length);
        if first > length {
            ffi::lua_pushnil(state);
            return 1;
        }
        if find && (ffi::lua_toboolean(state, 4) != 0 || is_plain(pattern, pattern_length)) {
            let found = plain(subject.add(first), length - first, pattern, pattern_length);
            if !found.is_null() {
                let start = found.offset_from(subject) as ffi::lua_Integer;
                ffi::lua_pushinteger(state, start + 1);
                ffi::lua_pushinteger(state, start + pattern_length as ffi::lua_Integer);
                return 2;
            }
            ffi::lua_pushnil(state);
            return 1;
        }
        let anchored = *pattern == b'^';
        if anchored {
            pattern = pattern.add(1);
            pattern_length -= 1;
        }
        let mut matcher = Matcher::new(state, (subject, length), (pattern, pattern_length));
        let mut at = subject.add(first);
        loop {
            let end = matcher.start(at, pattern);
            if !end.is_null() {
                if !find {
                    return matcher.push_captures(at, end);
                }
                ffi::lua_pushinteger(state, (at.offset_from(subject) + 1) as ffi::lua_Integer);
                ffi::lua_pushinteger(state, end.offset_from(subject) as ffi::lua_Integer);
                return matcher.push_captures(ptr::null(), ptr::null()) + 2;
            }
            if at >= matcher.subject_end || anchored {
                break;
            }
            at = at.add(1);
        }
        ffi::lua_pushnil(state);
        1
    }
}

unsafe fn is_plain(pattern: Place, length: usize) -> bool {
    // SAFETY: the pattern has that length.
    let pattern = unsafe { std::slice::from_raw_parts(pattern, length) };
    !pattern.iter().any(|byte| {
        matches!(
            byte,
            b'^' | b'$' | b'*' | b'+' | b'?' | b'.' | b'(' | b'[' | b'%' | b'-'
        )
    })
}

/// Where the bytes are first, or null.
unsafe fn plain(subject: Place, length: usize, wanted: Place, wanted_length: usize) -> Place {
    // SAFETY: both have their lengths, and a transcription of `lmemfind`.
    unsafe {
        let wanted = std::slice::from_raw_parts(wanted, wanted_length);
        let Some(first) = wanted.first() else {
            return subject;
        };
        let mut rest = subject;
        let mut left = (length + 1).saturating_sub(wanted_length);
        while left > 0 {
            let found = libc::memchr(rest.cast(), c_int::from(*first), left).cast::<u8>();
            if found.is_null() || std::slice::from_raw_parts(found, wanted_length) == wanted {
                return found;
            }
            left -= found.offset_from(rest) as usize + 1;
            rest = found.add(1);
        }
        ptr::null()
    }
}

/// The upvalues of what `gmatch` returns: subject, pattern, the offset to go on from, and the end
/// of the last match as an offset, or -1.
const NEXT: c_int = 3;
const LAST: c_int = 4;

unsafe extern "C-unwind" fn gmatch(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `gmatch`.
    unsafe {
        let (_, length) = string(state, 1);
        string(state, 2);
        let first = offset(ffi::luaL_optinteger(state, 3, 1), length).min(length + 1);
        ffi::lua_settop(state, 2);
        ffi::lua_pushinteger(state, first as ffi::lua_Integer);
        ffi::lua_pushinteger(state, -1);
        ffi::lua_pushcclosure(state, next_match, 4);
        1
    }
}

unsafe extern "C-unwind" fn next_match(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `gmatch_aux`.
    unsafe {
        let (subject, length) = string(state, ffi::lua_upvalueindex(1));
        let (pattern, pattern_length) = string(state, ffi::lua_upvalueindex(2));
        let mut at = ffi::lua_tointeger(state, ffi::lua_upvalueindex(NEXT)) as usize;
        let last = ffi::lua_tointeger(state, ffi::lua_upvalueindex(LAST));
        let mut matcher = Matcher::new(state, (subject, length), (pattern, pattern_length));
        while at <= length {
            let end = matcher.start(subject.add(at), pattern);
            if !end.is_null() {
                let end_offset = end.offset_from(subject) as ffi::lua_Integer;
                if end_offset != last {
                    for upvalue in [NEXT, LAST] {
                        ffi::lua_pushinteger(state, end_offset);
                        ffi::lua_replace(state, ffi::lua_upvalueindex(upvalue));
                    }
                    return matcher.push_captures(subject.add(at), end);
                }
            }
            at += 1;
        }
        0
    }
}

unsafe extern "C-unwind" fn gsub(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a transcription of `str_gsub`. The buffer stays where it is until it is a string;
    // nothing in it wants to be dropped.
    unsafe {
        let (subject, length) = string(state, 1);
        let (mut pattern, mut pattern_length) = string(state, 2);
        let kind = ffi::lua_type(state, 3);
        let most = ffi::luaL_optinteger(state, 4, length as ffi::lua_Integer + 1);
        let kinds = [
            ffi::LUA_TNUMBER,
            ffi::LUA_TSTRING,
            ffi::LUA_TFUNCTION,
            ffi::LUA_TTABLE,
        ];
        if !kinds.contains(&kind) {
            return luaL_typeerror(state, 3, c"string/function/table".as_ptr());
        }
        let mut buffer = MaybeUninit::<ffi::luaL_Buffer>::uninit();
        let buffer = buffer.as_mut_ptr();
        ffi::luaL_buffinit(state, buffer);
        let anchored = *pattern == b'^';
        if anchored {
            pattern = pattern.add(1);
            pattern_length -= 1;
        }
        let mut matcher = Matcher::new(state, (subject, length), (pattern, pattern_length));
        let mut at = subject;
        let mut last: Place = ptr::null();
        let (mut count, mut changed) = (0, false);
        while count < most {
            let end = matcher.start(at, pattern);
            if !end.is_null() && end != last {
                count += 1;
                changed |= add_value(state, &matcher, buffer, (at, end), kind);
                at = end;
                last = end;
            } else if at < matcher.subject_end {
                ffi::luaL_addchar(buffer, *at as c_char);
                at = at.add(1);
            } else {
                break;
            }
            if anchored {
                break;
            }
        }
        if changed {
            let rest = matcher.subject_end.offset_from(at) as usize;
            ffi::luaL_addlstring(buffer, at.cast(), rest);
            ffi::luaL_pushresult(buffer);
        } else {
            ffi::lua_pushvalue(state, 1);
        }
        ffi::lua_pushinteger(state, count);
        2
    }
}

unsafe extern "C-unwind" {
    // Part of Lua's API, and missing in the bindings.
    fn luaL_typeerror(
        state: *mut ffi::lua_State,
        argument: c_int,
        expected: *const c_char,
    ) -> c_int;
}

/// Adds what replaces a match, and tells whether that is something else.
unsafe fn add_value(
    state: *mut ffi::lua_State,
    matcher: &Matcher,
    buffer: *mut ffi::luaL_Buffer,
    (start, end): (Place, Place),
    kind: c_int,
) -> bool {
    // SAFETY: a transcription of `add_value`.
    unsafe {
        match kind {
            ffi::LUA_TFUNCTION => {
                ffi::lua_pushvalue(state, 3);
                let arguments = matcher.push_captures(start, end);
                ffi::lua_call(state, arguments, 1);
            }
            ffi::LUA_TTABLE => {
                matcher.push_capture(0, start, end);
                ffi::lua_gettable(state, 3);
            }
            _ => {
                add_template(state, matcher, buffer, (start, end));
                return true;
            }
        }
        if ffi::lua_toboolean(state, -1) == 0 {
            ffi::lua_settop(state, -2);
            ffi::luaL_addlstring(buffer, start.cast(), end.offset_from(start) as usize);
            return false;
        }
        if ffi::lua_isstring(state, -1) == 0 {
            let kind = ffi::luaL_typename(state, -1);
            ffi::luaL_error(state, c"invalid replacement value (a %s)".as_ptr(), kind);
        }
        ffi::luaL_addvalue(buffer);
        true
    }
}

/// Adds the replacement string with its captures (`add_s`).
unsafe fn add_template(
    state: *mut ffi::lua_State,
    matcher: &Matcher,
    buffer: *mut ffi::luaL_Buffer,
    (start, end): (Place, Place),
) {
    // SAFETY: the template stays on the stack, and its final NUL may be read.
    unsafe {
        let mut length = 0;
        let template = ffi::lua_tolstring(state, 3, &mut length).cast::<u8>();
        let mut rest = std::slice::from_raw_parts(template, length);
        while let Some(escape) = rest.iter().position(|byte| *byte == ESCAPE) {
            ffi::luaL_addlstring(buffer, rest.as_ptr().cast(), escape);
            match rest.get(escape + 1) {
                Some(&ESCAPE) => ffi::luaL_addchar(buffer, ESCAPE as c_char),
                Some(b'0') => {
                    ffi::luaL_addlstring(buffer, start.cast(), end.offset_from(start) as usize);
                }
                Some(digit) if digit.is_ascii_digit() => {
                    let index = c_int::from(*digit) - c_int::from(b'1');
                    let (text, length) = matcher.capture(index, start, end);
                    if length == POSITION {
                        ffi::luaL_addvalue(buffer);
                    } else {
                        ffi::luaL_addlstring(buffer, text.cast(), length as usize);
                    }
                }
                _ => {
                    let message = c"invalid use of '%%' in replacement string".as_ptr();
                    ffi::luaL_error(state, message);
                }
            }
            rest = &rest[escape + 2..];
        }
        ffi::luaL_addlstring(buffer, rest.as_ptr().cast(), rest.len());
    }
}
