use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::bufread::MultiGzDecoder;

use super::folder::{FileId, LogFolder};
use super::names::Form;
use crate::error::DaemonError;

/// Reads a log's lines in the order in which they were written, from the oldest that is kept, also
/// those that are written meanwhile; each once, whatever is rotated or compressed under it.
#[derive(Debug)]
pub struct Follower {
    folder: LogFolder,
    /// The number that the file has which is read, or will have when it is rotated.
    number: u64,
    source: Source,
    /// A line of which more may come.
    piece: Vec<u8>,
}

/// What comes next in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A line, without what ends it.
    Line(Vec<u8>),
    /// Nothing yet.
    Nothing,
}

enum Source {
    /// None is open.
    None,
    /// The file that is written to.
    Current { reader: BufReader<File>, id: FileId },
    /// One that was the current one; who wrote to it may not know yet.
    JustRotated {
        reader: BufReader<File>,
        since: Instant,
    },
    /// One to whose end nothing is added.
    Ended(Box<dyn BufRead + Send>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::Current { .. } => "Current",
            Self::JustRotated { .. } => "JustRotated",
            Self::Ended(_) => "Ended",
        })
    }
}

/// How long another process may take to see that its file was rotated.
const PATIENCE: Duration = Duration::from_secs(1);

impl Follower {
    /// Reads the log at a path from its oldest line. The log may be written later.
    ///
    /// # Errors
    ///
    /// [`DaemonError`] when there is no folder that it could be in.
    pub fn open(path: &Path) -> Result<Self, DaemonError> {
        Ok(Self {
            folder: LogFolder::of(path)?,
            number: 0,
            source: Source::None,
            piece: Vec::new(),
        })
    }

    /// The next line that is whole.
    ///
    /// # Errors
    ///
    /// When a file cannot be read; the next call goes on behind it.
    #[allow(
        clippy::should_implement_trait,
        reason = "there may be more after nothing"
    )]
    pub fn next(&mut self) -> io::Result<Next> {
        loop {
            if let Some(line) = self.line_of_source()? {
                return Ok(Next::Line(line));
            }
            // Its present end.
            match std::mem::replace(&mut self.source, Source::None) {
                Source::None => {
                    if !self.open_next()? {
                        return Ok(Next::Nothing);
                    }
                }
                Source::Current { reader, id } => {
                    match self.folder.look(self.folder.names().current())? {
                        Some(found) if found.id == id => {
                            self.source = Source::Current { reader, id };
                            return Ok(Next::Nothing);
                        }
                        _ => {
                            let since = Instant::now();
                            self.source = Source::JustRotated { reader, since };
                        }
                    }
                }
                Source::JustRotated { reader, since } => {
                    if since.elapsed() > PATIENCE || is_left_alone(reader.get_ref()) {
                        // Once more to its end, where it now stays.
                        self.source = Source::Ended(Box::new(reader));
                        continue;
                    }
                    self.source = Source::JustRotated { reader, since };
                    return Ok(Next::Nothing);
                }
                Source::Ended(_) => {
                    self.number += 1;
                    if let Some(torn) = self.take_piece() {
                        return Ok(Next::Line(torn));
                    }
                }
            }
        }
    }

    /// What was written of a line that is not whole, when no more is to come.
    pub fn take_piece(&mut self) -> Option<Vec<u8>> {
        Some(std::mem::take(&mut self.piece)).filter(|piece| !piece.is_empty())
    }

    fn line_of_source(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let reader: &mut dyn BufRead = match &mut self.source {
                Source::None => return Ok(None),
                Source::Current { reader, .. } | Source::JustRotated { reader, .. } => reader,
                Source::Ended(reader) => reader,
            };
            let read = reader.read_until(b'\n', &mut self.piece);
            if let Err(error) = read {
                // It would fail for ever.
                self.source = Source::None;
                self.number += 1;
                return Err(error);
            }
            if self.piece.last() != Some(&b'\n') {
                return Ok(None);
            }
            self.piece.pop();
            // What ends a line that was torn leaves an empty one.
            if !self.piece.is_empty() {
                return Ok(self.take_piece());
            }
        }
    }

    /// Opens the next file there is; says whether there is one.
    fn open_next(&mut self) -> io::Result<bool> {
        loop {
            let names = self.folder.names();
            let rotated = self.folder.rotated()?;
            let next = rotated
                .range(self.number..)
                .find(|(_, forms)| forms.plain || forms.gzip);
            if let Some((&number, forms)) = next {
                let form = if forms.plain { Form::Plain } else { Form::Gzip };
                match self.folder.open_to_read(&names.rotated(number, form)) {
                    Ok(file) => {
                        let file = BufReader::new(file);
                        self.source = Source::Ended(match form {
                            Form::Plain => Box::new(file),
                            _ => Box::new(BufReader::new(MultiGzDecoder::new(file))),
                        });
                        self.number = number;
                        return Ok(true);
                    }
                    // It was compressed or removed in this moment.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => {
                        self.number = number + 1;
                        return Err(error);
                    }
                }
            }
            let file = match self.folder.open_to_read(names.current()) {
                Ok(file) => file,
                // Between two files, or before the first.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(error),
            };
            // Only if nothing was rotated meanwhile is its number known.
            let last = rotated.keys().next_back().copied();
            if self.folder.rotated()?.keys().next_back().copied() != last {
                continue;
            }
            self.number = last.unwrap_or(0) + 1;
            self.source = Source::Current {
                id: FileId::of(&file)?,
                reader: BufReader::new(file),
            };
            return Ok(true);
        }
    }
}

/// Whether nobody has a file open to write to it.
fn is_left_alone(file: &File) -> bool {
    match file.try_lock() {
        Ok(()) => {
            let _ = file.unlock();
            true
        }
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => true,
    }
}
