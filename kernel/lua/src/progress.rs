//! `progress`: a bar for a loop. What counts is Lua (`library/progress.lua`), so that a loop may
//! yield; here is the clock, and how a bar looks.

mod bar;

use std::cell::Cell;
use std::ffi::c_int;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use mlua::{Lua, Table, Value, ffi};
use perilune_language::{Display, DisplayAction, Host};
use serde_json::Map;
use uuid::Uuid;

use crate::context::Context;
use crate::display::publish;
use crate::function;
use crate::interrupt::{self, Unwinding};
use crate::library;
use bar::{Bar, State};

/// Makes the global `progress`, which is a module too. `cleared` counts how often the output was
/// cleared: a bar that went with it is shown anew.
///
/// # Errors
///
/// When there is no memory left.
pub(crate) fn install(
    lua: &Lua,
    host: &Arc<dyn Host>,
    cleared: &Rc<Cell<u64>>,
) -> mlua::Result<()> {
    let native = lua.create_table()?;
    let new_id = function::create(lua, |_, _| Ok(Uuid::new_v4().to_string()))?;
    native.raw_set("new_id", new_id)?;
    for (name, function) in [
        ("clock", clock as ffi::lua_CFunction),
        ("run", run),
        ("unwinding", unwinding),
    ] {
        // SAFETY: none of the functions touches what is not its own.
        native.raw_set(name, unsafe { lua.create_c_function(function)? })?;
    }
    let host = Arc::clone(host);
    let cleared = Rc::clone(cleared);
    let draw = function::create(lua, move |_, arguments| {
        let id = function::string(arguments, 0, "the id")?;
        let number = |index: usize| match arguments.get(index) {
            Some(Value::Integer(number)) => Some(*number as f64),
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        let label = match arguments.get(2) {
            Some(Value::String(label)) => Some(label.to_string_lossy()),
            _ => None,
        };
        let state = match (interrupt::unwinding(), arguments.get(7)) {
            (Some(Unwinding::Interrupt | Unwinding::Restart), _) => State::Interrupted,
            (Some(Unwinding::Exit(_)), _) => State::Stopped,
            (None, Some(Value::String(name))) => State::of(&name.to_string_lossy()),
            (None, _) => State::Running,
        };
        let bar = Bar {
            label,
            done: number(3).unwrap_or(0.0),
            total: number(4),
            elapsed: (now() - number(5).unwrap_or(0.0)).max(0.0),
            rate: number(6),
            state,
            depth: number(8).map_or(1, |depth| depth as usize),
        };
        let clears = i64::try_from(cleared.get()).unwrap_or(i64::MAX);
        let is_there = matches!(arguments.get(1), Some(Value::Integer(then)) if *then == clears);
        host.display(Display {
            action: if is_there {
                DisplayAction::Update
            } else {
                DisplayAction::Show
            },
            bundle: bar.bundle(),
            id: Some(id),
            transient: Map::new(),
        });
        Ok(clears)
    })?;
    native.raw_set("draw", draw)?;
    let progress: Table = library::load(
        lua,
        "progress",
        include_str!("library/progress.lua"),
        &native,
    )?;
    publish(lua, "progress", &progress)
}

/// Seconds since some moment.
fn now() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// `clock()`: seconds since some moment. Called in every round of a loop.
unsafe extern "C-unwind" fn clock(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a C function has room for one value.
    unsafe { ffi::lua_pushnumber(state, now()) };
    1
}

/// `run()`: which run of Lua code this is; a bar that an earlier one left open is none around a
/// new one.
unsafe extern "C-unwind" fn run(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the state has its context; there is room for one value.
    unsafe {
        let runs = Context::of_state(state).runs.get();
        ffi::lua_pushinteger(state, runs);
    }
    1
}

/// `unwinding()`: whether the cell is being ended, whatever protects it.
unsafe extern "C-unwind" fn unwinding(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: a C function has room for one value.
    unsafe { ffi::lua_pushboolean(state, interrupt::is_unwinding().into()) };
    1
}
