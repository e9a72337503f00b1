use std::io::Write;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use mlua::{Lua, LuaOptions, StdLib, Value};
use perilune_language::debug::{Debugger, Paused};
use perilune_language::{
    Cell, CommMessage, Completeness, Completion, Detail, Failure, Host, Interrupt, Language,
    MimeBundle, Outcome, RestoreError, Restored, SaveError, Saved, Snapshot, Stream,
};

use crate::cell::{self, CallError, Values, plain_code};
use crate::code;
use crate::comm::{self, Arrival};
use crate::context::Context;
use crate::debug::{self, PausedCode};
use crate::failure::{self, Place};
use crate::interrupt::{self, Running, Unwinding};
use crate::io;
use crate::magic::{self, Clock, Reading};
use crate::state;
use crate::value::{Unwound, acts, bundle_of_all};
use crate::{LuaError, Options};

/// Lua, on the thread that made it.
pub struct Interpreter {
    // Dropped before the context, to which its functions point.
    lua: ManuallyDrop<Lua>,
    context: Box<Context>,
    options: Options,
}

/// What is wanted of the values that code gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nothing,
    /// A person sees them, unless they are not worth it, or have shown themselves.
    Result,
    /// A program asked for them.
    Value,
}

impl Interpreter {
    /// Makes a Lua state with its standard library, on the thread that will use it.
    ///
    /// # Errors
    ///
    /// When the state cannot be made within the memory limit.
    pub fn new(
        host: Arc<dyn Host>,
        interrupt: Interrupt,
        options: Options,
    ) -> Result<Self, LuaError> {
        let context = Box::new(Context::new(host, interrupt));
        // SAFETY: the user is trusted with all of Lua, C modules and `debug` included, as they
        // are with the `lua` command.
        let lua = unsafe {
            Lua::unsafe_new_with(StdLib::ALL, LuaOptions::new().catch_rust_panics(false))
        };
        {
            let context = &*context;
            // SAFETY: the state is fresh, and the closure owns nothing.
            unsafe {
                lua.exec_raw::<()>((), |state| {
                    context.register(state);
                    debug::prepare(state);
                    failure::install_earlier(state);
                    interrupt::install(state, context);
                    cell::install(state, context);
                    io::install(state, context);
                    crate::pattern::install(state);
                    crate::perilune::install(state, context);
                    crate::require::install(state, context);
                })?;
            }
        }
        let cleared = crate::display::install(&lua, &context.host)?;
        crate::progress::install(&lua, &context.host, &cleared)?;
        crate::plot::install(&lua, &context.host, &context.interrupt)?;
        comm::install(&lua, &context.host)?;
        crate::widgets::install(&lua)?;
        crate::require::set_paths(&lua, options.project.as_deref())?;
        set_arguments(&lua, &options)?;
        crate::magic::install(&lua)?;
        crate::debug::install(&lua)?;
        if !options.is_program {
            state::remember_library(&lua)?;
        }
        if let Some(limit) = options.memory_limit {
            lua.set_memory_limit(limit)?;
        }
        context.watchdog.watch(&context.interrupt);
        Ok(Self {
            lua: ManuallyDrop::new(lua),
            context,
            options,
        })
    }

    fn begin(&self) -> Running<'_> {
        self.context.streams.forget_input();
        interrupt::begin(&self.context, self.lua.state())
    }

    /// Runs code and shows its value.
    fn run(
        &self,
        name: &str,
        code: &str,
        reading: &Reading<'_>,
        wanted: Wanted,
    ) -> Result<Outcome, Failure> {
        let running = self.begin();
        if let Some(unwinding) = running.stopped() {
            return Err(self.ended(unwinding));
        }
        debug::forget(&self.context);
        failure::forget_locals(&self.lua);
        failure::forget_earlier(&self.lua, &self.context);
        crate::plot::begin_cell(&self.lua);
        self.context.magics.begin();
        let clock = reading.is_timed.then(|| Clock::start(&self.lua));
        let ran = cell::run(
            &self.lua,
            &self.context,
            name,
            reading,
            &self.options.arguments,
        );
        if let Some(clock) = clock
            && !matches!(ran, Err(CallError::Syntax(_)))
        {
            self.context.streams.flush();
            let report = clock.report(&self.lua);
            self.context.write(Stream::Stdout, report.as_bytes());
        }
        match ran {
            Ok(values) => {
                if let Some(unwinding) = interrupt::unwinding() {
                    return Err(self.ended(unwinding));
                }
                let shown = match wanted {
                    Wanted::Nothing => Ok(None),
                    Wanted::Result => self.show(&values),
                    Wanted::Value => bundle_of_all(&self.lua, &values.values),
                };
                match shown {
                    Ok(result) => Ok(Outcome {
                        result,
                        page: None,
                        next_input: self.context.magics.take_next_input(code),
                    }),
                    Err(Unwound) => Err(self.unwound()),
                }
            }
            Err(error) => {
                let failure = match error {
                    CallError::Syntax(message) => {
                        failure::of_syntax(&self.lua, message, name, &reading.masked, code)
                    }
                    error => self.failed(error),
                };
                self.context.missed.borrow_mut().remember(name, code);
                Err(failure)
            }
        }
    }

    /// Answers `name?`.
    fn help(&self, name: &str, detail: Detail) -> Result<Outcome, Failure> {
        let _running = self.begin();
        let end = name.chars().count();
        let page = code::inspect(&self.lua, &self.context, name, end, detail);
        if page.is_none() {
            let regret = format!("nothing is known of {name}\n");
            self.context.host.write(Stream::Stdout, regret.as_bytes());
        }
        Ok(Outcome {
            page,
            ..Outcome::default()
        })
    }

    fn show(&self, values: &Values) -> Result<Option<MimeBundle>, Unwound> {
        if values.is_silenced || crate::display::is_quiet(&self.lua) {
            return Ok(None);
        }
        if let [value] = &*values.values
            && (crate::display::is_handle(&self.lua, value)
                || crate::plot::was_shown(&self.lua, value))
        {
            return Ok(None);
        }
        if let ([value], true) = (&*values.values, values.is_call)
            && is_quiet(value)
        {
            return Ok(None);
        }
        // What `io.write` returns, for a second write.
        if let ([Value::UserData(file)], true) = (&*values.values, values.is_call)
            && io::is_standard_file(&self.lua, &self.context, file)
        {
            return Ok(None);
        }
        if let [value] = &*values.values {
            match acts(&self.lua, value, None)? {
                Ok(true) => return Ok(None),
                Ok(false) => {}
                Err(failure) => return Ok(Some(failure)),
            }
        }
        bundle_of_all(&self.lua, &values.values)
    }

    fn failed(&self, error: CallError) -> Failure {
        if let Some(unwinding) = interrupt::unwinding() {
            return self.ended(unwinding);
        }
        let stacks = self.context.stacks.take();
        let failure = {
            let sources = self.context.sources.borrow();
            failure::of_error(
                error,
                &Place {
                    lua: &self.lua,
                    sources: &sources,
                    missed: &self.context.missed.borrow(),
                    stacks: &stacks,
                    earlier: &self.context.earlier.borrow(),
                    replaced: self.context.replaced.borrow().as_ref(),
                    entry: self.context.entry.get(),
                    memory_limit: self.options.memory_limit,
                },
            )
        };
        failure.unwrap_or_else(|Unwound| self.unwound())
    }

    fn unwound(&self) -> Failure {
        let unwinding = interrupt::unwinding().unwrap_or(Unwinding::Interrupt);
        self.ended(unwinding)
    }

    fn ended(&self, unwinding: Unwinding) -> Failure {
        if unwinding == Unwinding::Interrupt {
            self.context.children.borrow().interrupt();
        }
        let stacks = self.context.stacks.take();
        failure::of_unwinding(
            unwinding,
            &Place {
                lua: &self.lua,
                sources: &self.context.sources.borrow(),
                missed: &self.context.missed.borrow(),
                stacks: &stacks,
                earlier: &self.context.earlier.borrow(),
                replaced: self.context.replaced.borrow().as_ref(),
                entry: self.context.entry.get(),
                memory_limit: self.options.memory_limit,
            },
        )
    }
}

/// Whether a value is only there for a next step, as an observer that can be stopped: what a call
/// returned is not shown then.
fn is_quiet(value: &Value) -> bool {
    let Value::Table(table) = value else {
        return false;
    };
    let mark = table.metatable().map(|meta| meta.raw_get("__quiet"));
    matches!(mark, Some(Ok(Value::Boolean(true))))
}

/// Sets the global `arg`, as `lua` does.
fn set_arguments(lua: &Lua, options: &Options) -> mlua::Result<()> {
    let arguments = lua.create_table()?;
    for (index, argument) in options
        .script_name
        .iter()
        .chain(&options.arguments)
        .enumerate()
    {
        let index = index + usize::from(options.script_name.is_none());
        arguments.raw_set(index, argument.as_str())?;
    }
    lua.globals().raw_set("arg", arguments)
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        self.context.closing.set(true);
        debug::forget(&self.context);
        // Finalisers run now, and can be stopped like any code.
        let running = interrupt::begin(&self.context, self.lua.state()).leaving_its_state();
        // SAFETY: dropped once, here, and not used behind this line.
        unsafe { ManuallyDrop::drop(&mut self.lua) };
        drop(running);
        self.context.streams.flush();
        // Nobody may signal this thread when it is gone.
        self.context.interrupt.forget_kick();
        debug::forget_kick(&self.context);
    }
}

impl Language for Interpreter {
    fn is_private(&self, code: &str) -> bool {
        cell::is_private(code)
    }

    fn execute(&mut self, cell: &Cell) -> Result<Outcome, Failure> {
        if let Some((name, detail)) = code::help_request(&cell.code) {
            return self.help(name, detail);
        }
        if let Some(page) = magic::help_request(&cell.code) {
            return Ok(Outcome {
                page: Some(page),
                ..Outcome::default()
            });
        }
        let code = plain_code(&cell.code);
        self.context
            .sources
            .borrow_mut()
            .remember(&cell.name, &cell.code);
        self.context.tracer.cell_begins(&self.context, cell);
        let reading = if self.options.is_program {
            Reading::plain(&code)
        } else {
            magic::read(&code)
        };
        let wanted = if cell.wants_result {
            Wanted::Result
        } else {
            Wanted::Nothing
        };
        self.run(&cell.name, &code, &reading, wanted)
    }

    fn evaluate(&mut self, expression: &str) -> Result<MimeBundle, Failure> {
        let code = format!("return {expression}");
        let outcome = self.run("expression", &code, &Reading::plain(&code), Wanted::Value)?;
        Ok(outcome.result.unwrap_or_else(|| MimeBundle::plain("nil")))
    }

    fn complete(&mut self, code: &str, cursor: usize) -> Completion {
        // It runs no code of the user's, but a collection may finalise something.
        let _running = self.begin();
        code::complete(&self.lua, &self.context, code, cursor)
    }

    fn debug(&mut self, debugger: Arc<dyn Debugger>) {
        debug::debug(&self.context, debugger);
    }

    fn at_rest(&mut self, look: &mut dyn FnMut(&mut dyn Paused)) {
        let _running = self.begin();
        look(&mut PausedCode::at_rest(&self.lua, &self.context));
    }

    fn snapshot(&mut self) -> Arc<dyn Snapshot> {
        let _running = self.begin();
        Arc::new(code::snapshot(&self.lua, &self.context))
    }

    fn inspect(&mut self, code: &str, cursor: usize, detail: Detail) -> Option<MimeBundle> {
        let _running = self.begin();
        code::inspect(&self.lua, &self.context, code, cursor, detail)
    }

    fn is_complete(&mut self, code: &str) -> Completeness {
        let _running = self.begin();
        code::is_complete(&self.lua, code)
    }

    fn save(
        &mut self,
        to: &mut dyn Write,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Saved, SaveError> {
        let limit = self.options.memory_limit;
        state::save(&self.lua, &self.context, limit, to, go_on)
    }

    fn restore(
        &mut self,
        state: &[u8],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Restored, RestoreError> {
        state::restore(&self.lua, &self.context, state, go_on)
    }

    fn memory(&self) -> Option<u64> {
        u64::try_from(self.lua.used_memory()).ok()
    }

    fn comm(&mut self, message: CommMessage) -> Result<bool, Failure> {
        let running = self.begin();
        if let Some(unwinding) = running.stopped() {
            return Err(self.ended(unwinding));
        }
        let arrival = comm::arrive(&self.lua, &message);
        let called = match arrival {
            Ok(Arrival::Unwanted) => return Ok(false),
            Ok(Arrival::Nothing) => return Ok(true),
            Ok(Arrival::Call(handler, arguments)) => {
                cell::call(&self.lua, &self.context, handler, arguments)
            }
            Err(_) => Err(CallError::Memory),
        };
        let unwinding = interrupt::unwinding();
        if (called.is_err() || unwinding.is_some())
            && let CommMessage::Open { id, .. } = &message
            && let Err(error) = comm::forget(&self.lua, id)
        {
            tracing::warn!(%error, "a comm whose handler failed stays open");
        }
        match (called, unwinding) {
            (Ok(_), None) => Ok(true),
            (Ok(_), Some(unwinding)) => Err(self.ended(unwinding)),
            (Err(error), _) => Err(self.failed(error)),
        }
    }
}
