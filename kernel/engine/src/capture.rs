use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use self::pipes::Pipes;
use crate::context::Context;
use crate::error::EngineError;

mod last_words;
mod pipes;

pub use last_words::last_words;
pub(crate) use last_words::make_room_for_handlers;

/// The process's standard output and error, taken over, so that what C code and child processes
/// write there reaches the notebook.
pub struct Descriptors {
    pipes: Pipes,
    /// What standard output was before.
    pub stdout: File,
    /// What standard error was before.
    pub stderr: File,
}

impl Descriptors {
    /// Takes over file descriptors 1 and 2 of this process, for the rest of its life.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn take() -> Result<Self, EngineError> {
        Self::try_take().map_err(EngineError::system("standard output could not be captured"))
    }

    fn try_take() -> io::Result<Self> {
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let (pipes, [out, err]) = Pipes::new()?;
        last_words::watch(pipes.readers());
        nix::unistd::dup2_stdout(&out)?;
        nix::unistd::dup2_stderr(&err)?;
        buffer_lines_of_c_stdout();
        Ok(Self {
            pipes,
            stdout,
            stderr,
        })
    }
}

/// C's `printf` would otherwise keep kilobytes back, now that its output is a pipe.
fn buffer_lines_of_c_stdout() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    unsafe extern "C" {
        #[link_name = "stdout"]
        static C_STDOUT: *mut libc::FILE;
    }
    #[cfg(any(target_os = "macos", target_os = "ios"))]
    unsafe extern "C" {
        #[link_name = "__stdoutp"]
        static C_STDOUT: *mut libc::FILE;
    }
    // SAFETY: C's stdout is a valid stream from the program's start, and a null buffer lets the
    // library choose one of its own.
    unsafe {
        libc::setvbuf(C_STDOUT, std::ptr::null_mut(), libc::_IOLBF, 0);
    }
}

/// Reads what was written to the captured descriptors into the outbox.
pub(crate) struct Capture {
    pipes: Mutex<Pipes>,
}

impl Capture {
    pub(crate) fn new(descriptors: Descriptors) -> Self {
        Self {
            pipes: Mutex::new(descriptors.pipes),
        }
    }

    /// Takes what foreign code has written so far, before something else is taken.
    pub(crate) fn catch_up(&self, context: &Context) {
        if context.has_foreigners() {
            self.drain(context);
        }
    }

    /// Takes everything that has been written so far.
    pub(crate) fn drain(&self, context: &Context) {
        if context.has_foreigners() {
            // SAFETY: flushing all of C's output streams is allowed at any time, from any thread.
            unsafe { libc::fflush(std::ptr::null_mut()) };
        }
        self.read(context);
    }

    fn read(&self, context: &Context) {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chunk = [0; LONGEST_PACKET];
        for _ in 0..MOST_PIECES {
            match pipes.next(&mut chunk) {
                Ok(Some((stream, length))) => {
                    last_words::remember(&chunk[..length]);
                    context.outbox.push_text(stream, &chunk[..length]);
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "captured output is unreadable");
                    return;
                }
            }
        }
    }
}

/// What a pipe holds of one write at most: a page, of the largest there are. The rest of a packet
/// that is read in part is lost.
const LONGEST_PACKET: usize = 64 << 10;
/// A child that never stops writing must not keep a cell from its end.
const MOST_PIECES: usize = 256;

/// The thread that reads while the language does something else, for as long as it is kept.
pub(crate) struct CaptureThread {
    stop: Option<PipeWriter>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl CaptureThread {
    pub(crate) fn start(capture: Arc<Capture>, context: Arc<Context>) -> Result<Self, EngineError> {
        let failed = || EngineError::system("the capturing thread did not start");
        let (stopped, stop) = io::pipe().map_err(failed())?;
        let readable = {
            let pipes = capture.pipes.lock().unwrap_or_else(PoisonError::into_inner);
            pipes.readable().map_err(failed())?
        };
        let thread = std::thread::Builder::new()
            .name("capture".to_owned())
            .stack_size(256 << 10)
            .spawn(move || watch(&capture, &context, &readable, &stopped))
            .map_err(failed())?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for CaptureThread {
    fn drop(&mut self) {
        if let Some(mut stop) = self.stop.take() {
            let _ = stop.write_all(&[0]);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn watch(capture: &Capture, context: &Context, readable: &OwnedFd, stopped: &PipeReader) {
    loop {
        let mut fds =
            [readable.as_fd(), stopped.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => {
                tracing::error!(%error, "captured output is not watched");
                return;
            }
        }
        if fds[1].any() == Some(true) {
            return;
        }
        capture.read(context);
    }
}
