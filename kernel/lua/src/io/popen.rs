//! `io.popen` and `os.execute`, whose children end when their cell is interrupted.

use std::ffi::{CStr, OsStr, c_int};
use std::os::fd::{IntoRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use mlua::ffi;
use nix::sys::signal::Signal;

use super::children::{Ended, end, run_shell, shell, verdict, wait};
use super::streams::{LuaFile, METATABLE, push_closed};
use crate::context::Context;
use crate::interrupt::Unwinding;
use crate::native::{self, Raise, Reply};

/// Replaces the functions.
pub(super) unsafe fn install(state: *mut ffi::lua_State, context: &Context) {
    // SAFETY: the stack is as it was afterwards.
    unsafe {
        ffi::lua_getglobal(state, c"io".as_ptr());
        native::push(state, context, popen);
        ffi::lua_setfield(state, -2, c"popen".as_ptr());
        ffi::lua_getglobal(state, c"os".as_ptr());
        native::push(state, context, execute);
        ffi::lua_setfield(state, -2, c"execute".as_ptr());
        ffi::lua_settop(state, -3);
    }
}

unsafe extern "C-unwind" fn execute(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the command stays on the stack while it is borrowed.
    unsafe {
        let command = ffi::luaL_optlstring(state, 1, std::ptr::null(), std::ptr::null_mut());
        native::run(state, || {
            if command.is_null() {
                let has_shell = std::path::Path::new("/bin/sh").exists();
                ffi::lua_pushboolean(state, has_shell.into());
                return Ok(Reply::Values(1));
            }
            let command = OsStr::from_bytes(CStr::from_ptr(command).to_bytes());
            ended(state, run_shell(Context::of(state), command))
        })
    }
}

/// Pushes what Lua's functions return for a process that has ended. Raises no error.
unsafe fn ended(state: *mut ffi::lua_State, ended: std::io::Result<Ended>) -> Result<Reply, Raise> {
    match ended {
        Ok(Ended::Itself(status)) => {
            let (succeeded, how, code) = verdict(status);
            // SAFETY: a C function has room for three values; the words are short and known to
            // Lua already.
            unsafe {
                if succeeded {
                    ffi::lua_pushboolean(state, 1);
                } else {
                    ffi::lua_pushnil(state);
                }
                ffi::lua_pushstring(state, how.as_ptr());
                ffi::lua_pushinteger(state, code.into());
            }
            Ok(Reply::Values(3))
        }
        Ok(Ended::Interrupted) => Err(Raise::Unwind(Unwinding::Interrupt)),
        Err(error) => Ok(Reply::Failed(error)),
    }
}

unsafe extern "C-unwind" fn popen(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the command stays on the stack while it is borrowed. The file's descriptor is
    // handed to the C library, which closes it.
    unsafe {
        let command = ffi::luaL_checklstring(state, 1, std::ptr::null_mut());
        let mode = ffi::luaL_optlstring(state, 2, c"r".as_ptr(), std::ptr::null_mut());
        let mode = CStr::from_ptr(mode);
        let valid = mode == c"r" || mode == c"w";
        ffi::luaL_argcheck(state, valid.into(), 2, c"invalid mode".as_ptr());
        let file = push_closed(state);
        native::run(state, || {
            let context = Context::of(state);
            let mut command = shell(OsStr::from_bytes(CStr::from_ptr(command).to_bytes()));
            let reads = mode == c"r";
            if reads {
                command.stdout(Stdio::piped());
            } else {
                command.stdin(Stdio::piped());
            }
            context.expect_foreign_output();
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => return Ok(Reply::Failed(error)),
            };
            let pipe = match reads {
                true => child.stdout.take().map(OwnedFd::from),
                false => child.stdin.take().map(OwnedFd::from),
            };
            let opened = pipe.map(|pipe| libc::fdopen(pipe.into_raw_fd(), mode.as_ptr()));
            match opened {
                Some(opened) if !opened.is_null() => {
                    context.children.borrow_mut().0.insert(opened, child);
                    (*file).file = opened;
                    (*file).close = Some(close);
                    Ok(Reply::Values(1))
                }
                _ => Ok(Reply::Failed(std::io::Error::last_os_error())),
            }
        })
    }
}

/// Called by the library's own `close` and `__gc`, whose upvalues are not ours.
unsafe extern "C-unwind" fn close(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the first argument is the file, and it was open until now.
    unsafe {
        let file = ffi::luaL_checkudata(state, 1, METATABLE.as_ptr()).cast::<LuaFile>();
        native::run(state, || {
            let context = Context::of_state(state);
            let file = (*file).file;
            let child = context.children.borrow_mut().0.remove(&file);
            libc::fclose(file);
            match child {
                // At the very end nobody waits for a child that nobody closed.
                Some(mut child) if context.closing.get() => {
                    ended(state, end(&mut child, &[Signal::SIGTERM]))
                }
                Some(mut child) => ended(state, wait(&mut child, &context.interrupt)),
                None => Ok(Reply::Failed(std::io::Error::from_raw_os_error(
                    libc::ECHILD,
                ))),
            }
        })
    }
}
