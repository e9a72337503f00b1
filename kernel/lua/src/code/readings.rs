use std::collections::HashMap;
use std::sync::Arc;

use super::source::Source;

/// The cells that were read, so that each is read once.
#[derive(Default)]
pub(crate) struct Readings {
    /// By the address of their code.
    read: HashMap<*const u8, Arc<Source>>,
}

impl Readings {
    /// The sources of cells, in the same order. What is not among them is forgotten.
    pub(super) fn of<'a>(
        &mut self,
        cells: impl Iterator<Item = (&'a str, &'a Arc<str>)>,
    ) -> Vec<Arc<Source>> {
        let mut former = std::mem::take(&mut self.read);
        cells
            .map(|(name, code)| {
                let known = former
                    .remove(&code.as_ptr())
                    .filter(|known| known.name == name);
                let source =
                    known.unwrap_or_else(|| Arc::new(Source::read(name, Arc::clone(code))));
                self.read.insert(code.as_ptr(), Arc::clone(&source));
                source
            })
            .collect()
    }
}
