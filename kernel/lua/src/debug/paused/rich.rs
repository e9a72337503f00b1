//! A variable in every representation that it has, and as a global.

use std::rc::Rc;

use mlua::Value;
use perilune_language::MimeBundle;
use perilune_language::debug::{FrameId, Refusal};

use super::calls::Call;
use super::evaluate::{INTERRUPTED, TIME};
use super::paths::is_path;
use super::{PausedCode, of_lua, refuse};
use crate::interrupt::{self, Ended, Limit};
use crate::value::{Look, bundle_of, is_plain_key};

impl PausedCode<'_> {
    /// What a display of it would give. Runs its `__mime` and `__tostring` metamethods.
    pub(super) fn bundle(
        &mut self,
        frame: Option<FrameId>,
        name: &str,
    ) -> Result<MimeBundle, Refusal> {
        let call = self.call_of(frame)?;
        let value = self.found(call.as_ref(), name)?;
        let lua = self.lua;
        let tracer = &self.context.tracer;
        let (bundle, ended) = interrupt::limited(self.context, Limit::Time(TIME), || {
            tracer.quietly(|| bundle_of(lua, &value, &Look::default()))
        });
        self.context.looks.borrow_mut().forget_stacks();
        match (bundle, ended) {
            (Ok(bundle), Ended::Itself) => Ok(bundle),
            (_, Ended::TooLong) => refuse(format!("how {name} looks took too long to find out")),
            _ => refuse(INTERRUPTED),
        }
    }

    /// A variable, or the value of an expression; nothing is run for what names alone lead to.
    fn found(&mut self, call: Option<&Rc<Call>>, name: &str) -> Result<Value, Refusal> {
        let has_fields = name.contains(['.', '[', '(']);
        match self.look(|paused| paused.hovered(call, name)) {
            Ok(value) if !(value.is_nil() && has_fields) => Ok(value),
            Err(why) if is_path(name) && !has_fields => Err(why),
            _ => self.value(call, name),
        }
    }

    /// Makes a global of a variable; or sets the local of an earlier cell that hides the global.
    pub(super) fn copied(
        &mut self,
        frame: Option<FrameId>,
        from: &str,
        to: &str,
    ) -> Result<(), Refusal> {
        let to = to.trim();
        if !is_plain_key(to) {
            return refuse(format!("`{to}` is no name that a global can have"));
        }
        let call = self.call_of(frame)?;
        let value = self.found(call.as_ref(), from)?;
        let is_constant = self
            .context
            .kept
            .borrow()
            .get(to)
            .map(|local| local.is_constant);
        if is_constant == Some(true) {
            return refuse(format!("{to} is a constant local of an earlier cell"));
        }
        self.look(|paused| {
            let key = paused.lua.create_string(to);
            let key = Value::String(key.map_err(|error| of_lua(&error))?);
            match is_constant {
                Some(_) => paused.set_kept(to, &value),
                None => paused.lua.globals().raw_set(key, &value),
            }
            .map_err(|error| of_lua(&error))
        })
    }
}
