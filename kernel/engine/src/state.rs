//! Keeping the language's state beyond the kernel's life.

mod file;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chrono::{SecondsFormat, Utc};
use perilune_language::{Language, LanguageInfo, Losses, RestoreError, SaveError, Saved};
use perilune_transport::Weight;
use perilune_wire::content::{ReplyStatus, SaveReply, SavedLoss, StreamContent};
use perilune_wire::{Outgoing, Parent};

use crate::context::Context;
use crate::shutdown::ShutdownPolicy;
use file::{Description, StateFileError};

/// Where a kernel keeps its state, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateOptions {
    /// The file, in a folder that is there and is its owner's alone.
    pub file: PathBuf,
    /// Whether the state is saved when the kernel ends.
    pub saves_at_end: bool,
    /// Whether the kernel begins with the state that was saved.
    pub restore: Restore,
}

/// Whether a kernel begins with the state that an earlier one has saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restore {
    /// It begins empty.
    #[default]
    Never,
    /// It does if it can, and begins empty if it cannot.
    IfSaved,
    /// It does, or does not begin at all.
    Always,
}

/// Saves the language's state and restores it, on the executor's thread.
pub(crate) struct Keeper {
    options: Option<StateOptions>,
    shutdown: Arc<ShutdownPolicy>,
    language: &'static str,
    language_version: &'static str,
    /// Whether the file is of this session.
    is_ours: bool,
    /// Whether there is anything that was not there when the kernel began.
    is_worth_it: bool,
}

/// Why a state was not restored.
#[derive(Debug, thiserror::Error)]
enum StateError {
    #[error(transparent)]
    File(#[from] StateFileError),
    #[error("{}: {reason}", .file.display())]
    Restore { file: PathBuf, reason: RestoreError },
}

impl Keeper {
    pub(crate) fn new(
        options: Option<StateOptions>,
        shutdown: Arc<ShutdownPolicy>,
        info: &LanguageInfo,
    ) -> Self {
        Self {
            options,
            shutdown,
            language: info.name,
            language_version: info.version,
            is_ours: false,
            is_worth_it: false,
        }
    }

    /// Code is about to run.
    pub(crate) fn code_runs(&mut self) {
        self.is_worth_it = true;
    }

    /// Restores what was saved, where that is wanted, and tells what became of it.
    ///
    /// # Errors
    ///
    /// When the kernel must not begin without.
    pub(crate) fn begin(
        &mut self,
        context: &Context,
        language: &mut impl Language,
    ) -> Result<(), String> {
        let Some(options) = &self.options else {
            return Ok(());
        };
        let restore = options.restore;
        if restore == Restore::Never {
            return Ok(());
        }
        let text = match restored(
            &options.file,
            self.language,
            self.language_version,
            language,
        ) {
            Ok((execution_count, text)) => {
                self.is_ours = true;
                self.is_worth_it = true;
                context.knowledge.count_from(execution_count);
                // A line each, as elsewhere in the log.
                for line in text.lines() {
                    tracing::info!("{line}");
                }
                text
            }
            Err(error) if restore == Restore::Always => {
                return Err(format!("{error}; --restore=if-saved begins without it"));
            }
            Err(StateError::File(StateFileError::Missing(_))) => return Ok(()),
            Err(error) => {
                tracing::error!(%error, "the kernel begins without its state");
                format!("The state was not restored: {error}\n")
            }
        };
        let stream = StreamContent {
            name: "stderr",
            text,
        };
        context.publish(
            Outgoing::new("stream", Parent::none(), stream),
            Weight::Output,
        );
        Ok(())
    }

    /// Saves the state now; an interrupt stops it.
    pub(crate) fn save(
        &mut self,
        context: &Context,
        language: &mut impl Language,
    ) -> Result<SaveReply, SaveError> {
        self.write(context, language, &mut || !context.running.is_interrupted())
    }

    /// Saves the state at the end of the kernel, where that is wanted and there is one.
    pub(crate) fn end(&mut self, context: &Context, language: &mut impl Language) {
        let options = self.options.as_ref();
        if !options.is_some_and(|options| options.saves_at_end) || !self.is_worth_it {
            return;
        }
        let deadline = Instant::now() + self.shutdown.deadlines().save;
        match self.write(context, language, &mut || Instant::now() < deadline) {
            Ok(reply) => {
                let SaveReply {
                    file,
                    bytes,
                    variables,
                    ..
                } = &reply;
                tracing::info!(file, bytes, variables, "the state was saved");
                for loss in &reply.losses {
                    tracing::warn!(path = loss.path, what = loss.what, "left out of the state");
                }
                let unnamed = reply.losses_total - reply.losses.len() as u64;
                if unnamed > 0 {
                    tracing::warn!(unnamed, "more was left out of the state");
                }
            }
            Err(error) => tracing::error!(%error, "the state was not saved"),
        }
    }

    fn write(
        &mut self,
        context: &Context,
        language: &mut impl Language,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<SaveReply, SaveError> {
        let Some(options) = &self.options else {
            let message = "this kernel has no place for it; one that was started with a name has";
            return Err(SaveError::Internal(message.to_owned()));
        };
        let began = Instant::now();
        let mut saved = Saved::default();
        let bytes = file::write(&options.file, !self.is_ours, |to| {
            saved = language.save(to, go_on)?;
            Ok(Description {
                language: self.language.to_owned(),
                language_version: self.language_version.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                saved: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
                execution_count: context.knowledge.execution_count(),
                variables: saved.variables,
                losses: pairs(&saved.losses),
                losses_total: saved.losses.total,
            })
        })?;
        self.is_ours = true;
        Ok(SaveReply {
            status: ReplyStatus::Ok,
            file: options.file.to_string_lossy().into_owned(),
            bytes,
            seconds: began.elapsed().as_secs_f64(),
            variables: saved.variables,
            objects: saved.objects,
            losses: pairs(&saved.losses)
                .into_iter()
                .map(|(path, what)| SavedLoss { path, what })
                .collect(),
            losses_total: saved.losses.total,
        })
    }
}

/// Restores what is in a file; returns how many cells had been counted, and what to tell people.
fn restored(
    file: &Path,
    name: &str,
    version: &str,
    language: &mut impl Language,
) -> Result<(u64, String), StateError> {
    let state = file::read(file, name, version)?;
    let restored = language
        .restore(state.body(), &mut || true)
        .map_err(|reason| StateError::Restore {
            file: file.to_owned(),
            reason,
        })?;
    let description = state.description;
    let variables = match restored.variables {
        1 => "1 variable".to_owned(),
        number => format!("{number} variables"),
    };
    let mut text = format!("Restored {variables}, saved {}.\n", description.saved);
    for (what, named, total) in [
        ("saved", description.losses, description.losses_total),
        ("restored", pairs(&restored.losses), restored.losses.total),
    ] {
        if total > 0 {
            let _ = writeln!(text, "Could not be {what}:");
        }
        for (path, what) in &named {
            let _ = writeln!(text, "  {path}: {what}");
        }
        let more = total.saturating_sub(named.len() as u64);
        if more > 0 {
            let _ = writeln!(text, "  and {more} more");
        }
    }
    Ok((description.execution_count, text))
}

fn pairs(losses: &Losses) -> Vec<(String, String)> {
    let named = losses.named.iter();
    named
        .map(|loss| (loss.path.clone(), loss.what.clone()))
        .collect()
}
