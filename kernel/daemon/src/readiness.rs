use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::process::ProcessIdentity;

/// The daemon's end of the pipe to whoever started it.
#[derive(Debug)]
pub struct Readiness(File);

/// The starter's end of the pipe from the daemon.
#[derive(Debug)]
pub struct News(File);

/// How a start went.
#[derive(Debug, PartialEq, Eq)]
pub enum Start {
    /// The daemon serves, and says this of itself.
    Ready(String),
    /// The daemon could not start.
    Failed {
        /// The exit code that tells so.
        code: u8,
        /// Why.
        reason: String,
    },
    /// The daemon ended without a word.
    Silent,
    /// The daemon, which is this process, has not said anything in time.
    Late(Option<ProcessIdentity>),
}

const READY: u8 = b'+';
const FAILED: u8 = b'-';
/// How long beyond the time for all a starter waits for the daemon's first words.
const FIRST_WORDS: Duration = Duration::from_secs(1);
/// What ends the daemon's first words, who it is.
const END_OF_IDENTITY: &[u8] = b"\n\n";

impl Readiness {
    /// Says at once who we are, so that a starter that loses patience knows whom to end.
    pub(crate) fn new(pipe: OwnedFd) -> Self {
        let mut pipe = File::from(pipe);
        let identity = ProcessIdentity::of_this_process().to_text() + "\n";
        // Who started us may have gone; then the last word fails too, and that is told.
        let _ = pipe.write_all(identity.as_bytes());
        Self(pipe)
    }

    /// Tells the starter that all is well, and something about it.
    ///
    /// # Errors
    ///
    /// When the starter is gone: nobody waits for this daemon any more.
    pub fn ready(mut self, about: &str) -> io::Result<()> {
        self.0.write_all(&[&[READY], about.as_bytes()].concat())
    }

    /// Tells the starter why it could not be done, and with which code to end.
    pub fn failed(mut self, code: u8, reason: &str) {
        let _ = self
            .0
            .write_all(&[&[FAILED, code], reason.as_bytes()].concat());
    }
}

impl News {
    pub(crate) fn new(pipe: OwnedFd) -> Self {
        Self(pipe.into())
    }

    /// Waits until the daemon has said how it fares, has ended, or the time is over.
    ///
    /// # Errors
    ///
    /// When the pipe cannot be read.
    pub fn wait(mut self, patience: Duration) -> io::Result<Start> {
        let deadline = Instant::now() + patience;
        let mut heard = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            // Else nobody would know whom to end.
            let deadline = match identity(&heard).0 {
                None => deadline + FIRST_WORDS,
                Some(_) => deadline,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up, or the last millisecond would be spent in haste.
            let left =
                PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
            let mut pipe = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            match poll(&mut pipe, left) {
                Ok(0) | Err(nix::Error::EINTR) if Instant::now() >= deadline => {
                    return Ok(Start::Late(identity(&heard).0));
                }
                Ok(0) | Err(nix::Error::EINTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            match self.0.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => heard.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let text = |rest: &[u8]| String::from_utf8_lossy(rest).into_owned();
        Ok(match identity(&heard).1 {
            [READY, rest @ ..] => Start::Ready(text(rest)),
            [FAILED, code, rest @ ..] => Start::Failed {
                code: *code,
                reason: text(rest),
            },
            _ => Start::Silent,
        })
    }
}

/// Who speaks, and what else they said.
fn identity(heard: &[u8]) -> (Option<ProcessIdentity>, &[u8]) {
    let end = heard
        .windows(END_OF_IDENTITY.len())
        .position(|window| window == END_OF_IDENTITY);
    let Some(end) = end else {
        return (None, &[]);
    };
    let text = str::from_utf8(&heard[..end]).unwrap_or_default();
    (
        ProcessIdentity::from_text(text),
        &heard[end + END_OF_IDENTITY.len()..],
    )
}

#[cfg(test)]
mod tests {
    use nix::unistd::pipe;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn pair() -> (News, Readiness) {
        let (news, readiness) = pipe().unwrap();
        (News::new(news), Readiness::new(readiness))
    }

    #[test]
    fn the_starter_hears_how_it_went() {
        let (news, readiness) = pair();
        readiness
            .ready("{\"long\": \"\u{e4}\"}\n\nand more")
            .unwrap();
        assert_eq!(
            news.wait(LONG).unwrap(),
            Start::Ready("{\"long\": \"\u{e4}\"}\n\nand more".to_owned())
        );
        let (news, readiness) = pair();
        readiness.failed(5, "it is running already");
        let failed = Start::Failed {
            code: 5,
            reason: "it is running already".to_owned(),
        };
        assert_eq!(news.wait(LONG).unwrap(), failed);
    }

    #[test]
    fn a_daemon_that_ends_without_a_word_is_not_waited_for() {
        let (news, readiness) = pair();
        drop(readiness);
        assert_eq!(news.wait(LONG).unwrap(), Start::Silent);
        let (news, readiness) = pipe().unwrap();
        drop(readiness);
        assert_eq!(News::new(news).wait(LONG).unwrap(), Start::Silent);
    }

    #[test]
    fn who_is_late_is_known() {
        let (news, _readiness) = pair();
        let me = ProcessIdentity::of_this_process();
        assert_eq!(
            news.wait(Duration::from_millis(1)).unwrap(),
            Start::Late(Some(me))
        );
    }

    #[test]
    fn a_starter_that_is_gone_is_noticed() {
        let (news, readiness) = pair();
        drop(news);
        assert!(readiness.ready("").is_err());
    }
}
