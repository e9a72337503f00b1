//! What a client over TCP must know.

use std::path::Path;

use anyhow::{Context, Result, bail};
use perilune_health::Token;

/// The variable with the token.
pub const VARIABLE: &str = "PERILUNE_DAP_TOKEN";

/// A token, and whether somebody has to be told of it.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The token.
    pub token: Token,
    /// Whether it was made up here.
    pub is_new: bool,
}

/// The one that was given: in words, in a file, or in the environment; else a new one.
///
/// # Errors
///
/// When what was given is no token.
pub fn choose(text: Option<&str>, file: Option<&Path>) -> Result<Chosen> {
    let (origin, text) = match (text, file, std::env::var_os(VARIABLE)) {
        (Some(text), _, _) => ("--token".to_owned(), text.to_owned()),
        (None, Some(path), _) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("reading the token in {}", path.display()))?;
            (path.display().to_string(), text.trim_end().to_owned())
        }
        (None, None, Some(text)) => {
            let text = text.to_string_lossy().into_owned();
            (VARIABLE.to_owned(), text)
        }
        (None, None, None) => {
            return Ok(Chosen {
                token: Token::random(),
                is_new: true,
            });
        }
    };
    match Token::new(&text) {
        Some(token) => Ok(Chosen {
            token,
            is_new: false,
        }),
        None => bail!(
            "{origin} is no token: it needs 16 letters, digits and signs at least, without spaces"
        ),
    }
}
