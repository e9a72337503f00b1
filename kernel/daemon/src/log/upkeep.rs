use std::fs::{File, TryLockError};
use std::io::{self, BufReader, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::folder::{Forms, LogFolder};
use super::limits::Limits;
use super::names::Form;

/// What is done with the files that are not written to any more, on a thread that ends with it.
///
/// Nothing here is lost by a crash: a file is removed when its compressed form is on the disk, and
/// what was half done is done anew by the next.
pub(crate) struct Upkeep {
    folder: Arc<LogFolder>,
    work: Arc<AtomicU8>,
}

const NONE: u8 = 0;
const BEGUN: u8 = 1;
const BEGUN_AND_MORE: u8 = 2;

impl Upkeep {
    pub fn of(folder: Arc<LogFolder>) -> Self {
        Self {
            folder,
            work: Arc::default(),
        }
    }

    /// Begins, or lets the thread that is at work look once more.
    pub fn begin(&self, limits: &Limits, now: SystemTime) {
        let before = self
            .work
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |work| {
                Some(if work == NONE { BEGUN } else { BEGUN_AND_MORE })
            });
        if before != Ok(NONE) {
            return;
        }
        let (folder, work) = (Arc::clone(&self.folder), Arc::clone(&self.work));
        let limits = limits.clone();
        let run = move || {
            loop {
                work.store(BEGUN, Ordering::Release);
                if let Err(error) = keep_up(&folder, &limits, now) {
                    // It goes into this very log, whose lock is not held here.
                    tracing::warn!(%error, "old files of the log stay as they are");
                }
                let rest = work.compare_exchange(BEGUN, NONE, Ordering::AcqRel, Ordering::Acquire);
                if rest.is_ok() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("log".to_owned());
        if thread.spawn(run).is_err() {
            self.work.store(NONE, Ordering::Release);
        }
    }
}

/// Removes what is too much, and compresses the rest if it shall be.
fn keep_up(folder: &LogFolder, limits: &Limits, now: SystemTime) -> io::Result<()> {
    let names = folder.names();
    for number in limits.surplus(folder.old()?, now) {
        for form in [Form::Gzip, Form::Partial, Form::Plain] {
            folder.remove(&names.rotated(number, form))?;
        }
    }
    for (number, forms) in folder.rotated()? {
        match forms {
            Forms { plain: true, .. } if limits.gzip => compress(folder, number)?,
            Forms {
                plain: false,
                partial: true,
                ..
            } => folder.remove(&names.rotated(number, Form::Partial))?,
            _ => {}
        }
    }
    Ok(())
}

/// Compresses a file, unless somebody still writes to it: then it is the turn of who comes next.
fn compress(folder: &LogFolder, number: u64) -> io::Result<()> {
    let names = folder.names();
    let plain = names.rotated(number, Form::Plain);
    let source = match folder.open_to_read(&plain) {
        Ok(source) => source,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    match source.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(()),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let partial = names.rotated(number, Form::Partial);
    let written = folder
        .create(&partial)
        .and_then(|target| copy_compressed(&source, target))
        .and_then(|()| folder.rename(&partial, &names.rotated(number, Form::Gzip)));
    if let Err(error) = written {
        // The disk may be full: not with this.
        let _ = folder.remove(&partial);
        return Err(error);
    }
    folder.remove(&plain)
}

fn copy_compressed(source: &File, target: File) -> io::Result<()> {
    let mut encoder = GzEncoder::new(BufWriter::new(target), Compression::default());
    io::copy(&mut BufReader::new(source), &mut encoder)?;
    let mut target = encoder.finish()?;
    target.flush()?;
    target.get_ref().sync_all()?;
    // The age of the lines is the age of the file.
    let modified = source.metadata()?.modified()?;
    target.get_ref().set_modified(modified)
}
