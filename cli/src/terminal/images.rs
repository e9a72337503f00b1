use std::env;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{self, LocalFlags, SetArg};
use perilune_client::event::Object;
use perilune_config::Images as Choice;

use crate::standard::Kept;

/// How a terminal is given images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// <https://sw.kovidgoyal.net/kitty/graphics-protocol/>
    Kitty,
    /// <https://iterm2.com/documentation-images.html>
    Iterm2,
}

/// Images on a terminal that can show them. What the terminal can is found out when there is an
/// image to show.
#[derive(Debug)]
pub struct Images {
    choice: Choice,
    found: Option<Option<Protocol>>,
}

/// How long a terminal has to say what it can. Each answers the last of the questions.
const PATIENCE: Duration = Duration::from_millis(500);
/// kitty takes so much of an image at once.
const CHUNK: usize = 4096;
/// Whether it knows kitty's protocol, what it is called, and what it can do at all.
const QUESTIONS: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[c";

impl Images {
    /// As the user wants it.
    pub fn new(choice: Choice) -> Self {
        Self {
            choice,
            found: None,
        }
    }

    /// What draws the image of a display, if there is one that the terminal can show, and its size
    /// in pixels, if it is known.
    pub fn of(&mut self, data: &Object, kept: &Kept) -> Option<(String, Option<(u32, u32)>)> {
        if self.choice == Choice::Off || !kept.stdout.is_terminal() || super::is_dumb() {
            return None;
        }
        let of = |kind: &str| data.get(kind)?.as_str().filter(|it| !it.is_empty());
        let png = of("image/png");
        let other = of("image/jpeg").or_else(|| of("image/gif"));
        // Before the terminal is asked anything.
        png.or(other)?;
        match (self.protocol(kept)?, png, other) {
            (_, Some(png), _) if !is_base64(png) => None,
            (Protocol::Kitty, Some(png), _) => {
                let size = size_of_png(png);
                Some((kitty(png, size, columns(kept)), size))
            }
            (Protocol::Iterm2, Some(png), _) => Some((iterm2(png), size_of_png(png))),
            (Protocol::Iterm2, None, Some(other)) if is_base64(other) => {
                Some((iterm2(other), None))
            }
            _ => None,
        }
    }

    fn protocol(&mut self, kept: &Kept) -> Option<Protocol> {
        match self.choice {
            Choice::Kitty => Some(Protocol::Kitty),
            Choice::Iterm2 => Some(Protocol::Iterm2),
            Choice::Off => None,
            Choice::Auto => *self.found.get_or_insert_with(|| find(kept)),
        }
    }
}

/// What stands in an escape sequence must not end it.
fn is_base64(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=\n\r".contains(&byte);
    text.bytes().all(is_part)
}

fn kitty(png: &str, size: Option<(u32, u32)>, window: Option<(u32, u32)>) -> String {
    let png: String = png.split_whitespace().collect();
    // An image wider than the window is made to fit.
    let fit = match (size, window) {
        (Some((width, _)), Some((columns, pixels))) if width > pixels => format!(",c={columns}"),
        _ => String::new(),
    };
    let mut text = String::with_capacity(png.len() + png.len() / CHUNK * 16 + 32);
    let mut rest = png.as_str();
    let mut control = format!("a=T,f=100,q=2{fit},");
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
        let more = u8::from(!after.is_empty());
        text.push_str(&format!("\x1b_G{control}m={more};{chunk}\x1b\\"));
        control.clear();
        rest = after;
        if rest.is_empty() {
            return text;
        }
    }
}

fn iterm2(image: &str) -> String {
    let image: String = image.split_whitespace().collect();
    format!("\x1b]1337;File=inline=1:{image}\x07")
}

/// Width and height in pixels, from the header (PNG specification, section 11.2.2).
fn size_of_png(png: &str) -> Option<(u32, u32)> {
    let png: String = png.split_whitespace().take(1).collect();
    let header = STANDARD.decode(png.get(..32)?).ok()?;
    let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    (header.get(12..16)? == b"IHDR").then_some(())?;
    Some((number(16)?, number(20)?))
}

/// The window's width, in columns and in pixels, if it says so.
fn columns(kept: &Kept) -> Option<(u32, u32)> {
    let size = rustix::termios::tcgetwinsize(&kept.stdout).ok()?;
    (size.ws_xpixel > 0).then_some((size.ws_col.into(), size.ws_xpixel.into()))
}

/// Asks the terminal.
fn find(kept: &Kept) -> Option<Protocol> {
    // It would show what it does not know, and a multiplexer cannot pass images on.
    let term = env::var("TERM").unwrap_or_default();
    if env::var_os("TMUX").is_some()
        || ["screen", "tmux", "linux"]
            .iter()
            .any(|it| term.starts_with(it))
    {
        return None;
    }
    let answers = ask(kept).unwrap_or_else(|error| {
        tracing::debug!(%error, "the terminal was not asked about images");
        Vec::new()
    });
    read(&String::from_utf8_lossy(&answers))
}

/// What the answers mean.
fn read(answers: &str) -> Option<Protocol> {
    if answers.contains("_Gi=31;OK") {
        return Some(Protocol::Kitty);
    }
    ["iTerm2", "WezTerm", "mintty", "Konsole"]
        .iter()
        .any(|name| answers.contains(&format!(">|{name}")))
        .then_some(Protocol::Iterm2)
}

fn ask(kept: &Kept) -> io::Result<Vec<u8>> {
    let stdin = io::stdin();
    let before = termios::tcgetattr(&stdin)?;
    let mut silent = before.clone();
    silent
        .local_flags
        .remove(LocalFlags::ICANON | LocalFlags::ECHO);
    termios::tcsetattr(&stdin, SetArg::TCSANOW, &silent)?;
    let answers = (&kept.stdout)
        .write_all(QUESTIONS)
        .and_then(|()| read_answers(&stdin));
    termios::tcsetattr(&stdin, SetArg::TCSANOW, &before)?;
    answers
}

/// Reads until the terminal has answered the last question.
fn read_answers(stdin: &io::Stdin) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + PATIENCE;
    let mut answers = Vec::new();
    while !has_last(&answers) {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
        let mut ready = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, left) {
            Ok(0) => break,
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let mut bytes = [0; 1024];
        match nix::unistd::read(stdin, &mut bytes)? {
            0 => break,
            count => answers.extend(&bytes[..count]),
        }
    }
    Ok(answers)
}

/// `ESC [ ? 6 2 ; 4 c`, the primary device attributes.
fn has_last(answers: &[u8]) -> bool {
    let Some(start) = answers.windows(3).rposition(|it| it == b"\x1b[?") else {
        return false;
    };
    let rest = &answers[start + 3..];
    let end = rest
        .iter()
        .position(|byte| !byte.is_ascii_digit() && *byte != b';');
    end.is_some_and(|end| rest[end] == b'c')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAFElEQVR4nGP8z8DAwMDAxAADCBYAG10BBdmz9y8AAAAASUVORK5CYII=";

    #[test]
    fn a_terminal_is_believed_that_says_what_it_can() {
        let kitty = "\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.32)\x1b\\\x1b[?62;c";
        assert_eq!(read(kitty), Some(Protocol::Kitty));
        let iterm2 = "\x1bP>|iTerm2 3.5\x1b\\\x1b[?64;1;4c";
        assert_eq!(read(iterm2), Some(Protocol::Iterm2));
        assert_eq!(read("\x1b[?6c"), None);
        assert_eq!(read(""), None);
    }

    #[test]
    fn the_last_answer_is_known() {
        assert!(has_last(b"\x1b_Gi=31;OK\x1b\\\x1b[?62;4c"));
        assert!(!has_last(b"\x1b[?62;4"));
        assert!(!has_last(b"\x1b[?2026;2$y"));
    }

    #[test]
    fn a_large_image_goes_in_parts() {
        let text = kitty(&"A".repeat(CHUNK + 4), None, None);
        let first = format!("\x1b_Ga=T,f=100,q=2,m=1;{}\x1b\\", "A".repeat(CHUNK));
        assert_eq!(text, format!("{first}\x1b_Gm=0;AAAA\x1b\\"));
    }

    #[test]
    fn an_image_wider_than_the_window_is_made_to_fit() {
        assert_eq!(size_of_png(PNG), Some((2, 3)));
        let wide = kitty("AAAA", Some((2000, 10)), Some((80, 800)));
        assert!(wide.starts_with("\x1b_Ga=T,f=100,q=2,c=80,m=0;"));
    }

    #[test]
    fn nothing_but_base64_gets_into_an_escape_sequence() {
        assert!(is_base64(PNG));
        assert!(!is_base64("AAAA\x1b\\rm"));
    }
}
