use std::sync::Arc;

use mlua::{Lua, LuaOptions, StdLib};
use perilune_language::{
    Cell, CommMessage, Completeness, Completion, Detail, Failure, Host, Interrupt, Language,
    MimeBundle, Outcome,
};

use crate::cell::{self, CallError, Values, plain_code};
use crate::context::Context;
use crate::failure::{self, Place};
use crate::interrupt::{self, Running, Unwinding};
use crate::value::{Unwound, bundle_of_all};
use crate::{LuaError, Options};

/// Lua, on the thread that made it.
pub struct Interpreter {
    // Dropped before the context, to which its functions point.
    lua: Lua,
    context: Box<Context>,
    options: Options,
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
                    interrupt::install(state, context);
                    cell::install(state, context);
                    crate::io::install(state, context);
                })?;
            }
        }
        if let Some(limit) = options.memory_limit {
            lua.set_memory_limit(limit)?;
        }
        context.watchdog.watch(&context.interrupt);
        Ok(Self {
            lua,
            context,
            options,
        })
    }

    fn begin(&self) -> Running<'_> {
        interrupt::begin(&self.context, self.lua.state())
    }

    /// Runs code and shows its value.
    fn run(&self, name: &str, code: &str, wants_result: bool) -> Result<Outcome, Failure> {
        let running = self.begin();
        if let Some(unwinding) = running.stopped() {
            return Err(self.ended(unwinding));
        }
        let ran = cell::run(
            &self.lua,
            &self.context,
            name,
            code,
            &self.options.arguments,
        );
        match ran {
            Ok(values) => {
                if let Some(unwinding) = interrupt::unwinding() {
                    return Err(self.ended(unwinding));
                }
                let shown = if wants_result {
                    self.show(&values)
                } else {
                    Ok(None)
                };
                match shown {
                    Ok(result) => Ok(Outcome { result }),
                    Err(Unwound) => Err(self.unwound()),
                }
            }
            Err(CallError::Syntax(message)) => Err(failure::of_syntax(message, name, code)),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn show(&self, values: &Values) -> Result<Option<MimeBundle>, Unwound> {
        if values.is_silenced {
            return Ok(None);
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
                    stacks: &stacks,
                    entry: self.context.entry.get(),
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
        let stacks = self.context.stacks.take();
        failure::of_unwinding(
            unwinding,
            &Place {
                lua: &self.lua,
                sources: &self.context.sources.borrow(),
                stacks: &stacks,
                entry: self.context.entry.get(),
            },
        )
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        // Nobody may signal this thread when it is gone.
        self.context.interrupt.forget_kick();
    }
}

impl Language for Interpreter {
    fn execute(&mut self, cell: &Cell) -> Result<Outcome, Failure> {
        let code = plain_code(&cell.code);
        self.context
            .sources
            .borrow_mut()
            .remember(&cell.name, &cell.code);
        self.run(&cell.name, &code, cell.wants_result)
    }

    fn evaluate(&mut self, expression: &str) -> Result<MimeBundle, Failure> {
        let code = format!("return {expression}");
        let outcome = self.run("expression", &code, true)?;
        Ok(outcome.result.unwrap_or_else(|| MimeBundle::plain("nil")))
    }

    fn complete(&mut self, _: &str, cursor: usize) -> Completion {
        Completion {
            start: cursor,
            end: cursor,
            ..Completion::default()
        }
    }

    fn inspect(&mut self, _: &str, _: usize, _: Detail) -> Option<MimeBundle> {
        None
    }

    fn is_complete(&mut self, _: &str) -> Completeness {
        Completeness::Unknown
    }

    fn comm(&mut self, _: CommMessage) -> Result<bool, Failure> {
        Ok(false)
    }
}
