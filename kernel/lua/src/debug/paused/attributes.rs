//! Which variables are constant. Lua forgets it when it has compiled them, so the code is asked.

use std::rc::Rc;

use super::PausedCode;
use super::calls::{Call, Upvalue};

impl PausedCode<'_> {
    /// Whether a local of a function around a call's was declared constant.
    pub(super) fn is_constant_upvalue(&self, _call: &Rc<Call>, _upvalue: &Upvalue) -> bool {
        false
    }
}
