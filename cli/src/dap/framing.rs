use std::io::{self, BufRead, Read, Write};

/// The longest header, in bytes: all its lines together.
const LONGEST_HEADER: u64 = 4 << 10;
/// The longest message, in bytes. A client's longest are code to be evaluated.
pub const LONGEST_MESSAGE: u64 = 32 << 20;

/// Why what a client sends is not read on. After each of these nobody knows where the next message
/// would begin.
#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    /// The header has no end, or is not a header at all.
    #[error(
        "a header is longer than {LONGEST_HEADER} bytes; a message begins with Content-Length: N \
         and an empty line"
    )]
    LongHeader,
    /// A line of the header ends otherwise, or is no text.
    #[error("a header line is {0:?}; NAME: VALUE is expected, and CR LF at its end")]
    HeaderLine(String),
    /// There is no length, or more than one.
    #[error("a header names Content-Length {0} times instead of once")]
    Lengths(usize),
    /// The length is no number.
    #[error("Content-Length is {0:?}, which is no number of bytes")]
    NoNumber(String),
    /// The length is more than is accepted.
    #[error("a message of {0} bytes was announced; {LONGEST_MESSAGE} are accepted at most")]
    LongMessage(u64),
    /// The client has gone in the middle of it.
    #[error("the client's last message was cut off: {got} of {expected} bytes came")]
    CutOff {
        /// How many bytes were announced.
        expected: u64,
        /// How many came.
        got: u64,
    },
    /// The operating system refused.
    #[error("reading from the client: {0}")]
    System(#[from] io::Error),
}

/// Reads the next message's content; `None` when the client has ended between two messages.
///
/// Framing is that of the Debug Adapter Protocol's overview, "Base protocol": a header of `NAME:
/// VALUE` lines, of which `Content-Length` is required, an empty line, and so many bytes. Lines end
/// with CR LF.
///
/// # Errors
///
/// [`FramingError`]; nothing can be read after it.
pub fn read(input: &mut impl BufRead) -> Result<Option<Vec<u8>>, FramingError> {
    let mut header = input.by_ref().take(LONGEST_HEADER);
    let mut lengths = Vec::new();
    let mut is_first = true;
    loop {
        let mut line = Vec::new();
        header.read_until(b'\n', &mut line)?;
        if line.is_empty() && is_first {
            return Ok(None);
        }
        is_first = false;
        let shown = || FramingError::HeaderLine(String::from_utf8_lossy(shortened(&line)).into());
        let Some(text) = line.strip_suffix(b"\r\n") else {
            return Err(match header.limit() {
                0 => FramingError::LongHeader,
                _ => shown(),
            });
        };
        if text.is_empty() {
            break;
        }
        let text = str::from_utf8(text).map_err(|_| shown())?;
        let (name, value) = text.split_once(':').ok_or_else(shown)?;
        if name.eq_ignore_ascii_case("Content-Length") {
            lengths.push(length(value.trim())?);
        }
    }
    let &[expected] = &lengths[..] else {
        return Err(FramingError::Lengths(lengths.len()));
    };
    // Grows with what comes, not with what was announced.
    let mut content = Vec::new();
    let got = input.take(expected).read_to_end(&mut content)? as u64;
    if got < expected {
        return Err(FramingError::CutOff { expected, got });
    }
    Ok(Some(content))
}

fn length(text: &str) -> Result<u64, FramingError> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let length = text.parse().ok().filter(|_| is_number);
    match length {
        Some(length) if length > LONGEST_MESSAGE => Err(FramingError::LongMessage(length)),
        Some(length) => Ok(length),
        None => Err(FramingError::NoNumber(shortened_text(text))),
    }
}

/// Enough of it to know what it is.
fn shortened(bytes: &[u8]) -> &[u8] {
    bytes.get(..60).unwrap_or(bytes)
}

fn shortened_text(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Writes a message, whole, and lets it go.
///
/// # Errors
///
/// Those of the output.
pub fn write(output: &mut impl Write, content: &[u8]) -> io::Result<()> {
    let mut message = format!("Content-Length: {}\r\n\r\n", content.len()).into_bytes();
    message.extend_from_slice(content);
    output.write_all(&message)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(bytes: &[u8]) -> (Vec<String>, Option<String>) {
        let mut input = io::BufReader::with_capacity(3, bytes);
        let mut messages = Vec::new();
        loop {
            match read(&mut input) {
                Ok(Some(content)) => messages.push(String::from_utf8(content).unwrap()),
                Ok(None) => return (messages, None),
                Err(error) => return (messages, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let mut bytes = Vec::new();
        for text in ["{}", "", "{\"a\":\"ä\\r\\n\"}"] {
            write(&mut bytes, text.as_bytes()).unwrap();
        }
        let expected = ["{}", "", "{\"a\":\"ä\\r\\n\"}"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(read_all(&bytes), (expected, None));
    }

    #[test]
    fn a_header_may_say_more_and_in_any_case() {
        let bytes = b"Content-Type: application/json\r\ncontent-length:  2 \r\n\r\n{}";
        assert_eq!(read_all(bytes), (vec!["{}".to_owned()], None));
    }

    #[test]
    fn what_is_no_header_is_refused_in_words() {
        let long = "x".repeat(5000);
        for (bytes, words) in [
            (
                "GET / HTTP/1.1\r\n\r\n",
                "a header line is \"GET / HTTP/1.1\\r\\n\"",
            ),
            ("Content-Length: 2\n\n{}", "CR LF"),
            ("{\"seq\":1}", "NAME: VALUE is expected"),
            ("\r\n", "0 times instead of once"),
            (
                "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
                "2 times instead of once",
            ),
            (
                "Content-Length: -1\r\n\r\n",
                "\"-1\", which is no number of bytes",
            ),
            (
                "Content-Length: +1\r\n\r\n",
                "\"+1\", which is no number of bytes",
            ),
            (
                "Content-Length: \r\n\r\n",
                "\"\", which is no number of bytes",
            ),
            (
                "Content-Length: 99999999999999999999999\r\n\r\n",
                "which is no number of bytes",
            ),
            (
                "Content-Length: 33554433\r\n\r\n",
                "33554432 are accepted at most",
            ),
            ("Content-Length: 5\r\n\r\n{}", "2 of 5 bytes came"),
            ("Content-Length: 5\r\n", "a header line is \"\""),
            (&*long, "longer than 4096 bytes"),
        ] {
            let (messages, error) = read_all(bytes.as_bytes());
            let error = error.unwrap_or_default();
            assert!(
                messages.is_empty() && error.contains(words),
                "{bytes:?}: {error}"
            );
        }
    }

    #[test]
    fn a_message_of_the_longest_length_is_read() {
        let content = vec![b' '; usize::try_from(LONGEST_MESSAGE).unwrap()];
        let mut bytes = Vec::new();
        write(&mut bytes, &content).unwrap();
        let read = read(&mut &bytes[..]).unwrap().unwrap();
        assert_eq!(read.len(), content.len());
    }
}
