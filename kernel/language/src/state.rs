/// What became of a session that was saved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// How many variables the user had, and are saved.
    pub variables: u64,
    /// How many values they hold between them that are counted once: tables, functions, strings.
    pub objects: u64,
    /// What could not be saved.
    pub losses: Losses,
}

/// What became of a session that was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// How many variables the user has again.
    pub variables: u64,
    /// What was saved and could not be restored.
    pub losses: Losses,
}

/// What did not come along: the first of it by name, and how much it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    /// The first [`Losses::MOST_NAMED`] of them.
    pub named: Vec<Loss>,
    /// How many there were.
    pub total: u64,
}

/// One thing that did not come along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Where a user finds it: `model.file`.
    pub path: String,
    /// What it is, or why it did not: `a file`.
    pub what: String,
}

impl Losses {
    /// How many are told by name.
    pub const MOST_NAMED: usize = 100;

    /// One more; its words are made only if it is told by name.
    pub fn add(&mut self, loss: impl FnOnce() -> Loss) {
        self.total += 1;
        if self.named.len() < Self::MOST_NAMED {
            self.named.push(loss());
        }
    }
}

/// Why a session was not saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// There was no memory for it.
    #[error("there is not enough memory to save the state")]
    Memory,
    /// Somebody wanted it to stop.
    #[error("saving the state was stopped before its end")]
    Stopped,
    /// It could not be written.
    #[error("the state cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// The language failed in a way that it should not.
    #[error("the state cannot be saved: {0}")]
    Internal(String),
}

/// Why a session was not restored. None of it is there then.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There was no memory for it.
    #[error("there is not enough memory to restore the state")]
    Memory,
    /// Somebody wanted it to stop.
    #[error("restoring the state was stopped before its end")]
    Stopped,
    /// It is not what the language has written.
    #[error("the state is damaged: {0}")]
    Damaged(String),
}
