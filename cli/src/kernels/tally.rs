use std::fmt::Display;
use std::io::{self, Write};

use anyhow::Result;
use serde_json::{Value, json};

use super::{Kernel, KernelError, SCHEMA_VERSION, exit_of};
use crate::exit::Exit;
use crate::standard;

/// What a command tells of one kernel after the other: lines as it goes, or one JSON document in the
/// end; and how it ends, where the first failure counts.
#[derive(Debug)]
pub struct Tally {
    json: bool,
    exit: Exit,
    documents: Vec<Value>,
}

impl Tally {
    /// Of nothing yet.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            exit: Exit::Success,
            documents: Vec::new(),
        }
    }

    /// Prints a line for a person; nothing where the document is wanted.
    ///
    /// # Errors
    ///
    /// When standard output takes no more.
    pub fn line(&self, text: impl Display) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        writeln!(io::stdout(), "{text}")
    }

    /// Takes what the document holds of a kernel.
    pub fn add(&mut self, document: Value) {
        self.documents.push(document);
    }

    /// Says why it failed with a kernel.
    pub fn fail(&mut self, error: &anyhow::Error) {
        standard::say(&format!("perilune: {error:#}"));
        self.end_with(exit_of(error));
    }

    /// The code to end with, unless another came before.
    pub fn end_with(&mut self, exit: Exit) {
        self.exit = self.exit.or(exit);
    }

    /// Prints the document, where it is wanted.
    ///
    /// # Errors
    ///
    /// When standard output takes no more.
    pub fn end(self) -> Result<Exit> {
        if self.json {
            let kernels = self.documents;
            let document = json!({"schema_version": SCHEMA_VERSION, "kernels": kernels});
            writeln!(io::stdout(), "{document}")?;
        }
        Ok(self.exit)
    }
}

/// Does something with a kernel if it was found. Returns its name too; none if it was not.
pub async fn with<T>(
    found: Result<Kernel, KernelError>,
    act: impl AsyncFnOnce(&Kernel) -> Result<T>,
) -> (Option<String>, Result<T>) {
    match found {
        Ok(kernel) => {
            let result = act(&kernel).await;
            (Some(kernel.name().to_owned()), result)
        }
        Err(error) => (None, Err(error.into())),
    }
}
