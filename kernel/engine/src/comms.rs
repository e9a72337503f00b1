use std::collections::BTreeMap;

use perilune_wire::Parent;
use perilune_wire::content::CommTarget;

/// The comms that are open, whoever opened them.
#[derive(Debug, Default)]
pub(crate) struct Comms(BTreeMap<String, Comm>);

#[derive(Debug)]
struct Comm {
    target: String,
    /// Below which cell goes what its handlers write, if below one.
    cell: Option<Parent>,
}

impl Comms {
    /// A comm that was opened by the code of this cell, or by no cell.
    pub(crate) fn open(&mut self, id: &str, target: &str, cell: Option<Parent>) {
        let target = target.to_owned();
        self.0.insert(id.to_owned(), Comm { target, cell });
    }

    pub(crate) fn close(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// From now on what the handlers of an open comm write goes below this cell.
    pub(crate) fn place(&mut self, id: &str, cell: Parent) {
        if let Some(comm) = self.0.get_mut(id) {
            comm.cell = Some(cell);
        }
    }

    /// Below which cell goes what a comm's handlers write.
    pub(crate) fn cell(&self, id: &str) -> Option<Parent> {
        self.0.get(id)?.cell.clone()
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The open comms, all or those of one target.
    pub(crate) fn list(&self, target: Option<&str>) -> BTreeMap<String, CommTarget> {
        self.0
            .iter()
            .filter(|(_, comm)| target.is_none_or(|target| target == comm.target))
            .map(|(id, comm)| {
                (
                    id.clone(),
                    CommTarget {
                        target_name: comm.target.clone(),
                    },
                )
            })
            .collect()
    }
}
