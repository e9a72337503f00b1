use std::fmt;

use sha2::{Digest, Sha256};

/// What whoever asks over TCP must know.
#[derive(Clone)]
pub struct Token(String);

/// Who can guess a shorter one would only need time.
const SHORTEST: usize = 16;

impl Token {
    /// A new one, of 244 random bits.
    pub fn random() -> Self {
        let half = || uuid::Uuid::new_v4().simple();
        Self(format!("{}{}", half(), half()))
    }

    /// One that was chosen elsewhere; nothing if it is too short, or cannot stand in a header.
    pub fn new(text: &str) -> Option<Self> {
        let is_token = text.len() >= SHORTEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(text.to_owned()))
    }

    /// Its text, for the file in which its owner finds it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is it. How long that takes says nothing of how much of it was right: what is
    /// compared are digests, which nobody chooses byte by byte.
    pub fn is(&self, text: &[u8]) -> bool {
        let difference = Sha256::digest(&self.0)
            .iter()
            .zip(Sha256::digest(text))
            .fold(0, |difference, (ours, theirs)| difference | (ours ^ theirs));
        difference == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token([secret])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_itself_is_right() {
        let token = Token::new("abcdefghijklmnop").unwrap();
        assert!(token.is(b"abcdefghijklmnop"));
        for wrong in [
            "",
            "abcdefghijklmno",
            "abcdefghijklmnoq",
            "abcdefghijklmnopq",
        ] {
            assert!(!token.is(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn what_is_short_or_no_word_is_none() {
        for text in [
            "",
            "short",
            "abcdefghijklmno ",
            "abcdefghijklmnop\n",
            "äbcdefghijklmnop",
        ] {
            assert!(Token::new(text).is_none(), "{text}");
        }
    }

    #[test]
    fn no_two_are_the_same_and_none_is_shown() {
        let token = Token::random();
        assert_ne!(token.expose(), Token::random().expose());
        assert_eq!(token.expose().len(), 64);
        assert!(!format!("{token:?}").contains(token.expose()));
    }
}
