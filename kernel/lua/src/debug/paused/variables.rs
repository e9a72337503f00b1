use std::rc::Rc;

use mlua::Value;
use perilune_language::debug::{HolderId, Part, Refusal, Variable};

use super::looks::{Held, Holder};
use super::{PausedCode, of_lua, refuse};

/// So many variables are given at once at most.
const MOST: usize = 1_000;

impl PausedCode<'_> {
    pub(super) fn variables_of(
        &mut self,
        holder: HolderId,
        part: Part,
    ) -> Result<Vec<Variable>, Refusal> {
        let holder = self.holder(holder)?;
        match &holder.what {
            Held::Locals => {
                let Some(call) = &holder.call else {
                    return Ok(Vec::new());
                };
                let locals = call.locals(self.lua).map_err(|error| of_lua(&error))?;
                Ok(locals
                    .into_iter()
                    .map(|local| {
                        let path = Some(local.name.clone());
                        self.variable(local.name, &local.value, path, Some(call))
                    })
                    .collect())
            }
            Held::Upvalues => {
                let Some(call) = &holder.call else {
                    return Ok(Vec::new());
                };
                let upvalues = call.upvalues(self.lua).map_err(|error| of_lua(&error))?;
                Ok(upvalues
                    .into_iter()
                    .filter(|upvalue| upvalue.name != "_ENV")
                    .map(|upvalue| {
                        let path = Some(upvalue.name.clone());
                        self.variable(upvalue.name, &upvalue.value, path, Some(call))
                    })
                    .collect())
            }
            Held::Session | Held::Globals | Held::Library | Held::Varargs => Ok(Vec::new()),
            Held::Value(Value::Table(table)) => {
                let mut found = Vec::new();
                let _ = part;
                for (key, value) in table.pairs::<Value, Value>().flatten().take(MOST) {
                    let name = super::preview::key(&key);
                    found.push(self.variable(name, &value, None, holder.call.as_ref()));
                }
                Ok(found)
            }
            Held::Value(_) => Ok(Vec::new()),
        }
    }

    pub(super) fn holder(&self, id: HolderId) -> Result<Rc<Holder>, Refusal> {
        match self.context.looks.borrow().holder(id) {
            Some(holder) => Ok(holder),
            None => refuse("this value is gone: code has gone on since it was shown"),
        }
    }
}
