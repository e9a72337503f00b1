use std::collections::BTreeMap;

use perilune_wire::content::CommTarget;

/// The comms that are open, whoever opened them.
#[derive(Debug, Default)]
pub(crate) struct Comms(BTreeMap<String, String>);

impl Comms {
    pub(crate) fn open(&mut self, id: &str, target: &str) {
        self.0.insert(id.to_owned(), target.to_owned());
    }

    pub(crate) fn close(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// The open comms, all or those of one target.
    pub(crate) fn list(&self, target: Option<&str>) -> BTreeMap<String, CommTarget> {
        self.0
            .iter()
            .filter(|(_, name)| target.is_none_or(|target| target == name.as_str()))
            .map(|(id, name)| {
                (
                    id.clone(),
                    CommTarget {
                        target_name: name.clone(),
                    },
                )
            })
            .collect()
    }
}
