use std::path::Path;

use perilune_wire::content::Object;

use crate::context::Context;
use crate::steward::Refusal;

/// Writes down what the kernel is at. Returns what the reply says beside its status.
pub(crate) fn write(_context: &Context, _folder: Option<&Path>) -> Result<Object, Refusal> {
    Err(Refusal::new("NotSupported", "dumps are on their way"))
}
