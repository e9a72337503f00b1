//! What a debugger costs, as factors of the same program without one; and what Lua itself takes for
//! a hook that does nothing, which no debugger can be below that has one. Asserts nothing.
//!
//! `cargo bench -p perilune-lua --bench debugger`

use std::ffi::c_int;
use std::ptr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mlua::ffi;
use perilune_language::debug::{
    Attention, Debugger, LineBreakpoint, LoadedSource, Paused, Resume, SourceKey, Stop, Wishes,
};
use perilune_language::{
    Cell, CommMessage, Display, Host, InputError, InputRequest, Interrupt, Language, Stream,
};
use perilune_lua::{Interpreter, Options};

struct Nobody;

impl Host for Nobody {
    fn write(&self, _: Stream, _: &[u8]) {}

    fn display(&self, _: Display) {}

    fn clear_output(&self, _: bool) {}

    fn input(&self, _: InputRequest) -> Result<String, InputError> {
        Err(InputError::Closed)
    }

    fn comm(&self, _: CommMessage) {}

    fn place_comm(&self, _: &str) {}

    fn expect_foreign_output(&self) {}
}

/// A debugger that wants something to stop.
#[derive(Default)]
struct Wisher {
    attention: Attention,
    wishes: Mutex<Arc<Wishes>>,
}

impl Wisher {
    fn break_at(&self, places: &[(&str, u32)]) {
        let mut wishes = Wishes::default();
        for (name, line) in places {
            let breakpoint = LineBreakpoint {
                id: *line,
                condition: None,
                hits: None,
                log: None,
                count: Arc::default(),
            };
            let lines = wishes.lines.entry(SourceKey::from(*name)).or_default();
            lines.entry(*line).or_default().push(breakpoint);
        }
        if let Ok(mut held) = self.wishes.lock() {
            *held = Arc::new(wishes);
        }
        self.attention.raise();
    }
}

impl Debugger for Wisher {
    fn attention(&self) -> &Attention {
        &self.attention
    }

    fn is_on(&self) -> bool {
        true
    }

    fn wishes(&self) -> Arc<Wishes> {
        self.wishes
            .lock()
            .map(|held| Arc::clone(&held))
            .unwrap_or_default()
    }

    fn takes_pause(&self) -> bool {
        false
    }

    fn source_of(&self, cell: &Cell) -> SourceKey {
        SourceKey::from(cell.name.as_str())
    }

    fn loaded(&self, _: LoadedSource) {}

    fn log(&self, _: &SourceKey, _: u32, _: &str) {}

    fn stopped(&self, _: Stop, _: &mut dyn Paused) -> Resume {
        Resume::Continue
    }
}

/// Each has a line, 4, that never runs, and a function in an other cell that never does.
const PROGRAMS: [(&str, &str); 5] = [
    (
        "a hot loop",
        "local s = 0\nlocal never = false\nif never then\n  s = 1\nend\nfor i = 1, 20000000 do\n  s = s + i % 7\nend",
    ),
    (
        "fib(31)",
        "local never = false\nlocal function fib(n)\n  if never then\n    n = 0\n  end\n  if n < 2 then return n end\n  return fib(n - 1) + fib(n - 2)\nend\nfib(31)",
    ),
    (
        "strings",
        "local t = {}\nlocal never = false\nif never then\n  t = nil\nend\nfor i = 1, 400000 do\n  t[#t + 1] = ('%d:%s'):format(i, 'x'):upper()\nend\ntable.concat(t)",
    ),
    (
        "tables",
        "local t = {}\nlocal never = false\nif never then\n  t = nil\nend\nfor round = 1, 10 do\n  for i = 1, 300000 do\n    t[i] = i * round\n  end\n  table.sort(t)\nend",
    ),
    (
        "coroutines",
        "local s = 0\nlocal never = false\nif never then\n  s = 1\nend\nlocal g = coroutine.wrap(function()\n  for i = 1, 2000000 do coroutine.yield(i) end\nend)\nfor i = 1, 2000000 do\n  s = s + g()\nend",
    ),
];

const ROUNDS: usize = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut alone = Interpreter::new(Arc::new(Nobody), Interrupt::new()?, Options::default())?;
    let mut debugged = Interpreter::new(Arc::new(Nobody), Interrupt::new()?, Options::default())?;
    let wisher = Arc::new(Wisher::default());
    debugged.debug(wisher.clone());
    run(
        &mut debugged,
        "other",
        "function other()\n  local x = 1\n  return x\nend",
    )?;
    println!(
        "{:12} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "", "alone", "attached", "unloaded", "elsewhere", "of calls", "here", "of lines"
    );
    for (name, code) in PROGRAMS {
        let wishes: [&[(&str, u32)]; 4] = [
            &[],
            &[("file nobody loads", 2)],
            &[("other", 2)],
            &[("program", 4)],
        ];
        let mut best = [Duration::MAX; 5];
        for _ in 0..ROUNDS {
            best[0] = best[0].min(run(&mut alone, "program", code)?);
            for (place, wish) in best[1..].iter_mut().zip(wishes) {
                wisher.break_at(wish);
                *place = (*place).min(run(&mut debugged, "program", code)?);
            }
        }
        let factor = |time: Duration| time.as_secs_f64() / best[0].as_secs_f64();
        println!(
            "{name:12} {:>8.3}s {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
            best[0].as_secs_f64(),
            factor(best[1]),
            factor(best[2]),
            factor(best[3]),
            with_a_hook(code, ffi::LUA_MASKCALL)?,
            factor(best[4]),
            with_a_hook(code, ffi::LUA_MASKLINE)?,
        );
    }
    Ok(())
}

/// What Lua takes for a hook of these events that does nothing, as a factor of none.
fn with_a_hook(code: &str, events: c_int) -> Result<f64, Box<dyn std::error::Error>> {
    unsafe extern "C-unwind" fn nothing(_: *mut ffi::lua_State, _: *mut ffi::lua_Debug) {}

    // SAFETY: a state of its own, which is closed in the end; what fails is left on its stack.
    unsafe {
        let lua = ffi::luaL_newstate();
        ffi::luaL_openlibs(lua);
        let mut best = [Duration::MAX; 2];
        for _ in 0..ROUNDS {
            for (best, events) in best.iter_mut().zip([0, events]) {
                ffi::lua_sethook(lua, (events != 0).then_some(nothing), events, 0);
                let start = cpu_time();
                let name = c"program".as_ptr();
                let loaded =
                    ffi::luaL_loadbufferx(lua, code.as_ptr().cast(), code.len(), name, ptr::null());
                if loaded != ffi::LUA_OK || ffi::lua_pcall(lua, 0, 0, 0) != ffi::LUA_OK {
                    return Err("a program failed".into());
                }
                *best = (*best).min(cpu_time().saturating_sub(start));
            }
        }
        ffi::lua_close(lua);
        Ok(best[1].as_secs_f64() / best[0].as_secs_f64())
    }
}

fn run(
    lua: &mut Interpreter,
    name: &str,
    code: &str,
) -> Result<Duration, Box<dyn std::error::Error>> {
    let start = cpu_time();
    lua.execute(&Cell {
        name: name.to_owned(),
        code: code.to_owned(),
        wants_result: false,
    })?;
    Ok(cpu_time().saturating_sub(start))
}

/// What this thread has computed, whoever else computes beside it.
fn cpu_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the record is written.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
