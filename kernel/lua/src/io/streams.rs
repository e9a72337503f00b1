//! The standard files.
//!
//! `io.stdin`, `io.stdout` and `io.stderr` are real C files, so that every function of Lua's `io`
//! library works with them as with others; but what is behind them is the host and no descriptor.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use libc::FILE;
use mlua::{AnyUserData, Lua, ffi};
use perilune_language::{InputError, InputRequest, Stream};

use super::input;
use crate::context::Context;

/// `luaL_Stream` of lauxlib.h.
#[repr(C)]
pub(super) struct LuaFile {
    pub(super) file: *mut FILE,
    /// Nothing in a closed file.
    pub(super) close: Option<ffi::lua_CFunction>,
}

/// The name of the metatable that all files share.
pub(super) const METATABLE: &CStr = c"FILE*";

/// The standard files and what has been read.
pub(crate) struct Streams {
    pub(super) input: Cell<*mut FILE>,
    output: Cell<*mut FILE>,
    error: Cell<*mut FILE>,
    /// The rest of an answer, last byte first.
    unread: RefCell<Vec<u8>>,
    /// Why the last question had no answer, until somebody asks.
    pub(super) refusal: Cell<Option<InputError>>,
}

impl Default for Streams {
    fn default() -> Self {
        Self {
            input: Cell::new(ptr::null_mut()),
            output: Cell::new(ptr::null_mut()),
            error: Cell::new(ptr::null_mut()),
            unread: RefCell::default(),
            refusal: Cell::new(None),
        }
    }
}

impl Streams {
    /// Gives to the host what Lua code had wanted to be buffered.
    pub(crate) fn flush(&self) {
        for file in [&self.output, &self.error] {
            if !file.get().is_null() {
                // SAFETY: the file is open as long as the context lives.
                unsafe { libc::fflush(file.get()) };
            }
        }
    }

    /// Forgets what is left of answers, before the next cell.
    pub(crate) fn forget_input(&self) {
        self.unread.borrow_mut().clear();
        self.refusal.take();
        // SAFETY: the file is open as long as the context lives.
        unsafe {
            if !self.input.get().is_null() {
                purge(self.input.get());
                libc::clearerr(self.input.get());
            }
        }
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        for file in [&self.input, &self.output, &self.error] {
            if !file.get().is_null() {
                // SAFETY: Lua, the only other user of the file, has been closed.
                unsafe { libc::fclose(file.get()) };
            }
        }
    }
}

/// Makes the standard files and puts them where `io` looks for them.
pub(super) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    let streams = &context.streams;
    streams.input.set(open(context, c"r", Some(read), None));
    streams
        .output
        .set(open(context, c"w", None, Some(write_output)));
    streams
        .error
        .set(open(context, c"w", None, Some(write_error)));
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        ffi::lua_getglobal(state, c"io".as_ptr());
        for (file, name, default) in [
            (streams.input.get(), c"stdin", Some(c"_IO_input")),
            (streams.output.get(), c"stdout", Some(c"_IO_output")),
            (streams.error.get(), c"stderr", None),
        ] {
            if file.is_null() {
                ffi::luaL_error(state, c"the standard files cannot be opened".as_ptr());
            }
            let file_of_lua = push_closed(state);
            file_of_lua.write(LuaFile {
                file,
                close: Some(refuse_to_close),
            });
            if let Some(default) = default {
                ffi::lua_pushvalue(state, -1);
                ffi::lua_setfield(state, ffi::LUA_REGISTRYINDEX, default.as_ptr());
            }
            ffi::lua_setfield(state, -2, name.as_ptr());
        }
        ffi::lua_settop(state, -2);
    }
}

/// Pushes a file that is closed yet.
///
/// # Safety
///
/// May raise a memory error. What is returned lives as long as the value on the stack.
pub(super) unsafe fn push_closed(state: *mut ffi::lua_State) -> *mut LuaFile {
    // SAFETY: the userdata is large enough, and written before Lua can look at it.
    unsafe {
        let file = ffi::lua_newuserdatauv(state, size_of::<LuaFile>(), 0).cast::<LuaFile>();
        file.write(LuaFile {
            file: ptr::null_mut(),
            close: None,
        });
        ffi::luaL_setmetatable(state, METATABLE.as_ptr());
        file
    }
}

/// Whether a value is one of the standard files.
pub(crate) fn is_standard_file(lua: &Lua, context: &Context, value: &AnyUserData) -> bool {
    let streams = &context.streams;
    let standard = [&streams.input, &streams.output, &streams.error].map(Cell::get);
    // SAFETY: the closure owns nothing; `luaL_testudata` makes sure that it is a file.
    let found = unsafe {
        lua.exec_raw::<bool>(value, |state| {
            let file = ffi::luaL_testudata(state, 1, METATABLE.as_ptr()).cast::<LuaFile>();
            let found = !file.is_null() && standard.contains(&(*file).file);
            ffi::lua_settop(state, 0);
            ffi::lua_pushboolean(state, found.into());
        })
    };
    found.unwrap_or(false)
}

unsafe extern "C-unwind" fn refuse_to_close(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: called by `io.close` with the file as its first argument.
    unsafe {
        let file = ffi::luaL_checkudata(state, 1, METATABLE.as_ptr()).cast::<LuaFile>();
        (*file).close = Some(refuse_to_close);
        ffi::lua_pushnil(state);
        ffi::lua_pushstring(state, c"cannot close standard file".as_ptr());
        2
    }
}

unsafe extern "C" fn read(cookie: *mut c_void, into: *mut c_char, size: usize) -> isize {
    // SAFETY: the cookie is the context, which closes the file before it is dropped.
    let context = unsafe { &*cookie.cast::<Context>() };
    let streams = &context.streams;
    let given = catch_unwind(AssertUnwindSafe(|| {
        if streams.unread.borrow().is_empty() {
            let question = InputRequest {
                prompt: String::new(),
                password: false,
            };
            match input::ask(context, question) {
                Ok(answer) => {
                    let mut unread = streams.unread.borrow_mut();
                    unread.push(b'\n');
                    unread.extend(answer.bytes().rev());
                }
                Err(InputError::Closed) => return 0,
                Err(error) => {
                    streams.refusal.set(Some(error));
                    return -1;
                }
            }
        }
        let mut unread = streams.unread.borrow_mut();
        let count = size.min(unread.len());
        for offset in 0..count {
            let byte = unread.pop().unwrap_or_default();
            // SAFETY: the buffer has `size` bytes.
            unsafe { into.cast::<u8>().add(offset).write(byte) };
        }
        isize::try_from(count).unwrap_or(0)
    }));
    given.unwrap_or(-1)
}

unsafe extern "C" fn write_output(cookie: *mut c_void, from: *const c_char, size: usize) -> isize {
    // SAFETY: passed on.
    unsafe { write(cookie, from, size, Stream::Stdout) }
}

unsafe extern "C" fn write_error(cookie: *mut c_void, from: *const c_char, size: usize) -> isize {
    // SAFETY: passed on.
    unsafe { write(cookie, from, size, Stream::Stderr) }
}

unsafe fn write(cookie: *mut c_void, from: *const c_char, size: usize, stream: Stream) -> isize {
    // SAFETY: the cookie is the context, and the buffer has `size` bytes.
    let (context, bytes) = unsafe {
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), size);
        (&*cookie.cast::<Context>(), bytes)
    };
    context.write(stream, bytes);
    isize::try_from(size).unwrap_or(isize::MAX)
}

type Read = unsafe extern "C" fn(*mut c_void, *mut c_char, usize) -> isize;
type Write = unsafe extern "C" fn(*mut c_void, *const c_char, usize) -> isize;

/// Opens an unbuffered file whose bytes come from `read` or go to `write`; null if there is no
/// memory.
fn open(context: &Context, mode: &CStr, read: Option<Read>, write: Option<Write>) -> *mut FILE {
    // SAFETY: the cookie outlives the file, and the functions expect just this cookie.
    unsafe {
        let file = open_cookie(context.as_upvalue(), mode, read, write);
        if !file.is_null() {
            libc::setvbuf(file, ptr::null_mut(), libc::_IONBF, 0);
        }
        file
    }
}

#[cfg(target_os = "linux")]
unsafe fn open_cookie(
    cookie: *mut c_void,
    mode: &CStr,
    read: Option<Read>,
    write: Option<Write>,
) -> *mut FILE {
    /// `cookie_io_functions_t` of stdio.h.
    #[repr(C)]
    struct Functions {
        read: Option<Read>,
        write: Option<Write>,
        seek: Option<unsafe extern "C" fn(*mut c_void, *mut i64, c_int) -> c_int>,
        close: Option<unsafe extern "C" fn(*mut c_void) -> c_int>,
    }
    unsafe extern "C" {
        fn fopencookie(cookie: *mut c_void, mode: *const c_char, functions: Functions)
        -> *mut FILE;
    }
    // SAFETY: declared as in stdio.h.
    unsafe {
        fopencookie(
            cookie,
            mode.as_ptr(),
            Functions {
                read,
                write,
                seek: None,
                close: None,
            },
        )
    }
}

#[cfg(not(target_os = "linux"))]
unsafe fn open_cookie(
    cookie: *mut c_void,
    _: &CStr,
    read: Option<Read>,
    write: Option<Write>,
) -> *mut FILE {
    type Seek = unsafe extern "C" fn(*mut c_void, i64, c_int) -> i64;
    type Close = unsafe extern "C" fn(*mut c_void) -> c_int;
    // The BSDs count with `int` where Linux counts with `size_t`; the functions' values fit.
    type BsdRead = unsafe extern "C" fn(*mut c_void, *mut c_char, c_int) -> c_int;
    type BsdWrite = unsafe extern "C" fn(*mut c_void, *const c_char, c_int) -> c_int;
    unsafe extern "C" {
        fn funopen(
            cookie: *const c_void,
            read: Option<BsdRead>,
            write: Option<BsdWrite>,
            seek: Option<Seek>,
            close: Option<Close>,
        ) -> *mut FILE;
    }
    unsafe extern "C" fn bsd_read(cookie: *mut c_void, into: *mut c_char, size: c_int) -> c_int {
        // SAFETY: passed on.
        unsafe { self::read(cookie, into, usize::try_from(size).unwrap_or(0)) as c_int }
    }
    unsafe extern "C" fn bsd_output(
        cookie: *mut c_void,
        from: *const c_char,
        size: c_int,
    ) -> c_int {
        // SAFETY: passed on.
        unsafe { write_output(cookie, from, usize::try_from(size).unwrap_or(0)) as c_int }
    }
    unsafe extern "C" fn bsd_error(cookie: *mut c_void, from: *const c_char, size: c_int) -> c_int {
        // SAFETY: passed on.
        unsafe { write_error(cookie, from, usize::try_from(size).unwrap_or(0)) as c_int }
    }
    let to_output = write.is_some_and(|write| ptr::fn_addr_eq(write, write_output as Write));
    // SAFETY: declared as in stdio.h.
    unsafe {
        funopen(
            cookie,
            read.map(|_| bsd_read as BsdRead),
            write.map(|_| {
                if to_output {
                    bsd_output as BsdWrite
                } else {
                    bsd_error
                }
            }),
            None,
            None,
        )
    }
}

/// Forgets what is in a file's buffer, a character put back included.
unsafe fn purge(file: *mut FILE) {
    #[cfg(target_os = "linux")]
    // SAFETY: declared as in stdio_ext.h; the file is open.
    unsafe {
        unsafe extern "C" {
            fn __fpurge(file: *mut FILE);
        }
        __fpurge(file);
    }
    #[cfg(not(target_os = "linux"))]
    // SAFETY: declared as in stdio.h; the file is open.
    unsafe {
        unsafe extern "C" {
            fn fpurge(file: *mut FILE) -> c_int;
        }
        fpurge(file);
    }
}
