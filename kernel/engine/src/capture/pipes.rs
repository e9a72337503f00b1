use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use perilune_language::Stream;

/// The pipes behind descriptors 1 and 2, read in the order in which they were written.
///
/// On Linux that order is exact for any single writer. Each pipe has room for one packet, so a
/// writer waits until the one before in the same pipe was read, and epoll reports, first come
/// first served, which of the two became readable earlier. See
/// `docs/decisions/0003-order-across-descriptors.md`.
pub(super) struct Pipes {
    readers: [PipeReader; 2],
    readiness: readiness::Readiness,
}

impl Drop for Pipes {
    fn drop(&mut self) {
        super::last_words::unwatch();
    }
}

const STREAMS: [Stream; 2] = [Stream::Stdout, Stream::Stderr];

impl Pipes {
    /// Two empty pipes, and the ends to write to.
    pub(super) fn new() -> io::Result<(Self, [OwnedFd; 2])> {
        let (out_reader, out_writer) = pipe()?;
        let (err_reader, err_writer) = pipe()?;
        let readers = [out_reader, err_reader];
        let readiness = readiness::Readiness::of(&readers)?;
        Ok((Self { readers, readiness }, [out_writer, err_writer]))
    }

    /// The ends to read from.
    pub(super) fn readers(&self) -> [&PipeReader; 2] {
        self.readers.each_ref()
    }

    /// What to poll for reading to know that there is something to read.
    pub(super) fn readable(&self) -> io::Result<OwnedFd> {
        self.readiness.as_fd().try_clone_to_owned()
    }

    /// The next piece that was written, if there is one; its length in `chunk`.
    pub(super) fn next(&mut self, chunk: &mut [u8]) -> io::Result<Option<(Stream, usize)>> {
        while let Some(index) = self.readiness.first(&self.readers)? {
            match self.readers[index].read(chunk) {
                Ok(length) => return Ok(Some((STREAMS[index], length))),
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                    ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

fn nonblocking(reader: &PipeReader) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(reader, FcntlArg::F_GETFL)?);
    fcntl(reader, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

#[cfg(target_os = "linux")]
fn pipe() -> io::Result<(PipeReader, OwnedFd)> {
    // Packets keep what was written at once together, and apart from what was written later.
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_DIRECT)?;
    let reader = PipeReader::from(reader);
    nonblocking(&reader)?;
    // The least there is: one page, which is one packet.
    fcntl(&writer, FcntlArg::F_SETPIPE_SZ(1))?;
    Ok((reader, writer))
}

#[cfg(not(target_os = "linux"))]
fn pipe() -> io::Result<(PipeReader, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    nonblocking(&reader)?;
    Ok((reader, writer.into()))
}

#[cfg(target_os = "linux")]
mod readiness {
    use super::{AsFd, BorrowedFd, PipeReader, io};
    use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

    /// An epoll that reports each packet once, in the order they came.
    pub(super) struct Readiness(Epoll);

    impl Readiness {
        pub(super) fn of(readers: &[PipeReader; 2]) -> io::Result<Self> {
            let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
            for (index, reader) in (0..).zip(readers) {
                let event = EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, index);
                epoll.add(reader, event)?;
            }
            Ok(Self(epoll))
        }

        /// Which pipe became readable first.
        pub(super) fn first(&self, readers: &[PipeReader; 2]) -> io::Result<Option<usize>> {
            let mut events = [EpollEvent::empty()];
            let ready = self.0.wait(&mut events, EpollTimeout::ZERO)?;
            let index = usize::try_from(events[0].data()).unwrap_or_default();
            Ok((ready > 0 && index < readers.len()).then_some(index))
        }
    }

    impl AsFd for Readiness {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.0.as_fd()
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod readiness {
    use super::{AsFd, BorrowedFd, PipeReader, io};
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
    use std::os::fd::AsRawFd;

    /// A kqueue to wait on; which pipe was written first it does not tell.
    pub(super) struct Readiness(Kqueue);

    impl Readiness {
        pub(super) fn of(readers: &[PipeReader; 2]) -> io::Result<Self> {
            let queue = Kqueue::new()?;
            for reader in readers {
                let ident = usize::try_from(reader.as_raw_fd()).unwrap_or_default();
                let wanted = KEvent::new(
                    ident,
                    EventFilter::EVFILT_READ,
                    EvFlags::EV_ADD,
                    FilterFlag::empty(),
                    0,
                    0,
                );
                queue.kevent(&[wanted], &mut [], None)?;
            }
            Ok(Self(queue))
        }

        /// The first pipe that is readable.
        pub(super) fn first(&self, readers: &[PipeReader; 2]) -> io::Result<Option<usize>> {
            let mut fds = readers
                .each_ref()
                .map(|reader| PollFd::new(reader.as_fd(), PollFlags::POLLIN));
            poll(&mut fds, PollTimeout::ZERO)?;
            Ok(fds.iter().position(|fd| fd.any() == Some(true)))
        }
    }

    impl AsFd for Readiness {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    fn run(script: &str) -> Vec<(Stream, Vec<u8>)> {
        let (mut pipes, [out, err]) = Pipes::new().unwrap();
        let mut child = Command::new("/bin/sh")
            .args(["-c", script])
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .unwrap();
        let mut written = Vec::new();
        let mut chunk = [0; 1 << 16];
        loop {
            let ended = child.try_wait().unwrap().is_some();
            match pipes.next(&mut chunk).unwrap() {
                Some((_, 0)) => {}
                Some((stream, length)) => written.push((stream, chunk[..length].to_vec())),
                None if ended => return written,
                None => std::thread::yield_now(),
            }
        }
    }

    #[test]
    fn what_one_process_writes_to_both_is_read_in_its_order() {
        let script = "i=0; while [ $i -lt 500 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done";
        let written = run(script);
        let expected: Vec<_> = (0..500)
            .flat_map(|i| {
                let of = |letter: char| format!("{letter}{i}\n").into_bytes();
                [(Stream::Stdout, of('o')), (Stream::Stderr, of('e'))]
            })
            .collect();
        assert_eq!(written, expected);
    }

    #[test]
    fn a_large_write_arrives_whole() {
        let written = run("head -c 1000000 /dev/zero");
        let total: usize = written.iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(total, 1_000_000);
    }
}
