//! What a step can go into.

use perilune_language::debug::{FrameId, Refusal, StepTarget};

use super::PausedCode;
use crate::failure::{calls_ahead, frame_of, record_of};

impl PausedCode<'_> {
    /// The calls on a frame's line that are still to be done, by their instructions.
    pub(super) fn targets(&self, frame: FrameId) -> Result<Vec<StepTarget>, Refusal> {
        let call = self.call(frame)?;
        let mut record = record_of(call.call);
        // SAFETY: the call has not ended.
        let Some(frame) = (unsafe { frame_of(call.thread, &mut record) }) else {
            return Ok(Vec::new());
        };
        let calls = calls_ahead(self.lua, &self.context.sources.borrow(), &frame);
        let line = frame.line.and_then(|line| u32::try_from(line).ok());
        Ok(calls
            .into_iter()
            .filter_map(|call| {
                Some(StepTarget {
                    id: u32::try_from(call.instruction).ok()?,
                    label: shortened(&call.text),
                    line: line?,
                    column: call.column,
                })
            })
            .collect())
    }
}

/// So much of a call is shown, in characters.
const LONGEST: usize = 80;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
