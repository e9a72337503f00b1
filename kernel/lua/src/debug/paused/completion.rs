//! Completing what is typed into a debugger's console.

use perilune_language::Completion;
use perilune_language::debug::FrameId;

use super::PausedCode;
use crate::code;

impl PausedCode<'_> {
    /// What could stand at a cursor, the frame's own variables first.
    pub(super) fn completed(
        &self,
        frame: Option<FrameId>,
        code: &str,
        cursor: usize,
    ) -> Completion {
        let visible = frame
            .and_then(|frame| self.call(frame).ok())
            .and_then(|call| self.visible(Some(&call)).ok());
        let Some(visible) = visible else {
            return code::complete(self.lua, self.context, code, cursor);
        };
        let seen = visible.all().iter().map(|seen| {
            let value = self.value_of(&visible, &seen.name);
            (seen.name.clone(), value.unwrap_or(mlua::Value::Nil))
        });
        let seen = seen.collect();
        let globals = self.environment(&visible);
        code::complete_among(self.lua, self.context, seen, globals, code, cursor)
    }
}
