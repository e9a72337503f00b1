use std::rc::Rc;

use mlua::Value;
use perilune_language::debug::{Kind, Variable};

use super::PausedCode;
use super::calls::Call;
use super::looks::{Held, Holder};
use super::preview::preview;

impl PausedCode<'_> {
    /// A value as a variable.
    pub(super) fn variable(
        &self,
        name: String,
        value: &Value,
        path: Option<String>,
        call: Option<&Rc<Call>>,
    ) -> Variable {
        let (type_name, kind) = type_of(value);
        let is_holder = matches!(value, Value::Table(_));
        let holder = is_holder.then(|| {
            self.hold(Holder {
                what: Held::Value(value.clone()),
                path: path.clone(),
                call: call.cloned(),
            })
        });
        Variable {
            name,
            value: preview(self.lua, value),
            type_name: type_name.to_owned(),
            kind,
            evaluate_name: path,
            holder,
            named: 0,
            indexed: 0,
            is_constant: false,
            is_virtual: false,
            defined_at: None,
        }
    }
}

/// Lua's word for a value's type, and what sort of value it is.
pub(super) fn type_of(value: &Value) -> (&'static str, Kind) {
    match value {
        Value::Nil => ("nil", Kind::Other),
        Value::Boolean(_) => ("boolean", Kind::Boolean),
        Value::Integer(_) => ("integer", Kind::Integer),
        Value::Number(_) => ("float", Kind::Float),
        Value::String(_) => ("string", Kind::Text),
        Value::Function(_) => ("function", Kind::Function),
        Value::Table(_) => ("table", Kind::Compound),
        Value::Thread(_) => ("thread", Kind::Compound),
        _ => ("userdata", Kind::Other),
    }
}
