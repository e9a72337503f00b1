use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use perilune_language::Stream;

use crate::context::Context;
use crate::error::EngineError;

/// The process's standard output and error, taken over, so that what C code and child processes
/// write there reaches the notebook.
pub struct Descriptors {
    pipes: [PipeReader; 2],
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
        let (out_reader, out_writer) = pipe()?;
        let (err_reader, err_writer) = pipe()?;
        nix::unistd::dup2_stdout(&out_writer)?;
        nix::unistd::dup2_stderr(&err_writer)?;
        buffer_lines_of_c_stdout();
        Ok(Self {
            pipes: [out_reader, err_reader],
            stdout,
            stderr,
        })
    }
}

fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    let flags = OFlag::from_bits_retain(fcntl(&reader, FcntlArg::F_GETFL)?);
    fcntl(&reader, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok((reader, writer))
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
    pipes: Mutex<[PipeReader; 2]>,
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
        let [stdout, stderr] = &mut *pipes;
        read_all(stdout, Stream::Stdout, context);
        read_all(stderr, Stream::Stderr, context);
    }
}

fn read_all(pipe: &mut PipeReader, stream: Stream, context: &Context) {
    let mut chunk = [0; 16 << 10];
    loop {
        match pipe.read(&mut chunk) {
            Ok(0) => return,
            Ok(length) => context.outbox.push_text(stream, &chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) => {
                tracing::error!(%error, stream = stream.name(), "captured output is unreadable");
                return;
            }
        }
    }
}

/// The thread that reads while the language does something else, for as long as it is kept.
pub(crate) struct CaptureThread {
    stop: Option<PipeWriter>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl CaptureThread {
    pub(crate) fn start(capture: Arc<Capture>, context: Arc<Context>) -> Result<Self, EngineError> {
        let failed = || EngineError::system("the capturing thread did not start");
        let (stopped, stop) = io::pipe().map_err(failed())?;
        // The pipes live as long as the capture, and the lock is not held while waiting.
        let watched = {
            let pipes = capture.pipes.lock().unwrap_or_else(PoisonError::into_inner);
            [
                duplicate(&pipes[0]).map_err(failed())?,
                duplicate(&pipes[1]).map_err(failed())?,
            ]
        };
        let thread = std::thread::Builder::new()
            .name("capture".to_owned())
            .stack_size(256 << 10)
            .spawn(move || watch(&capture, &context, &watched, &stopped))
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

fn duplicate(pipe: &PipeReader) -> io::Result<OwnedFd> {
    pipe.as_fd().try_clone_to_owned()
}

fn watch(capture: &Capture, context: &Context, watched: &[OwnedFd; 2], stopped: &PipeReader) {
    let readable = |fd: BorrowedFd<'_>| {
        let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    };
    loop {
        let [stdout, stderr] = watched;
        let mut fds = [stdout.as_fd(), stderr.as_fd(), stopped.as_fd()]
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(error) => {
                tracing::error!(%error, fd = stopped.as_raw_fd(), "captured output is not watched");
                return;
            }
        }
        capture.read(context);
        if readable(stopped.as_fd()) {
            return;
        }
    }
}
