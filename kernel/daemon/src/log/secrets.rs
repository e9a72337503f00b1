use std::borrow::Cow;
use std::sync::{LazyLock, PoisonError, RwLock};

use regex::{Captures, Regex};

/// What must never be read in a log: values that were [registered](Secrets::register), and what
/// looks like a key.
#[derive(Debug, Default)]
pub struct Secrets {
    values: RwLock<Vec<String>>,
}

/// Stands in a secret's place.
const HIDDEN: &str = "[secret]";
/// What is shorter is too likely to be a part of something else.
const SHORTEST: usize = 8;

/// The secrets of this process.
pub fn secrets() -> &'static Secrets {
    static SECRETS: Secrets = Secrets {
        values: RwLock::new(Vec::new()),
    };
    &SECRETS
}

impl Secrets {
    /// Keeps a value out of whatever is redacted from now on. One of fewer than eight characters
    /// guards nothing, and is not looked for.
    pub fn register(&self, value: &str) {
        let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
        if value.len() >= SHORTEST && !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    }

    /// The text without secrets.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        {
            let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
            for value in values.iter() {
                if text.contains(value) {
                    text = Cow::Owned(text.replace(value, HIDDEN));
                }
            }
        }
        if may_hold_keys(&text) {
            for pattern in &*PATTERNS {
                if let Cow::Owned(redacted) = pattern.hide(&text) {
                    text = Cow::Owned(redacted);
                }
            }
        }
        text
    }

    /// The value of a field, which may be a secret by the field's name alone.
    pub(crate) fn redact_field<'a>(&self, name: &str, value: &'a str) -> Cow<'a, str> {
        if is_name_of_secret(name) {
            Cow::Borrowed(HIDDEN)
        } else {
            self.redact(value)
        }
    }
}

fn is_name_of_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "key"
        || name.ends_with("_key")
        || [
            "authorization",
            "credential",
            "password",
            "passwd",
            "secret",
            "token",
            "apikey",
        ]
        .iter()
        .any(|word| name.contains(word))
}

/// A glance that spares nearly every line the search.
fn may_hold_keys(text: &str) -> bool {
    const SIGNS: [&str; 13] = [
        "auth", "bearer", "key", "token", "secret", "passw", "://", "sk-", "gh", "xox", "eyj",
        "akia", "hf_",
    ];
    let text = text.to_ascii_lowercase();
    SIGNS.iter().any(|sign| text.contains(sign)) || text.contains("glpat-") || text.contains("aiza")
}

/// Something that is a secret by how it looks; the first group, if there is one, is not hidden.
struct Pattern(Regex);

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    [
        // A header, with or without the name of its scheme.
        r#"(?i)(authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest)\s+)?)[^\s"',;]+"#,
        r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{6,}",
        // A name and its value, in an address, a configuration, JSON or a command line.
        r#"(?ix)
        ( (?: \b | [a-z0-9_-] )
          (?: api[_-]?key | access[_-]?key | private[_-]?key | hmac[_-]?key | signing[_-]?key
            | secret | token | password | passwd )
          ["']? \s* [:=] \s* ["']? )
        [^\s"',;&\[\]]+"#,
        r#"(?i)(["']key["']\s*:\s*["'])[^"']+"#,
        r"([a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?:@)",
        // Those that say by their beginning what they are.
        r"\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
        r"\b(?:glpat-[A-Za-z0-9_-]{16,}|xox[a-z]-[A-Za-z0-9-]{10,}|hf_[A-Za-z0-9]{20,})",
        r"\b(?:AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35})",
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    ]
    .into_iter()
    // A test looks that each of them is one.
    .filter_map(|pattern| Regex::new(pattern).ok().map(Pattern))
    .collect()
});

impl Pattern {
    fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.replace_all(text, |found: &Captures<'_>| {
            let kept = found.get(1).map_or("", |kept| kept.as_str());
            let end = if found[0].ends_with('@') { "@" } else { "" };
            format!("{kept}{HIDDEN}{end}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_value_is_nowhere() {
        let secrets = Secrets::default();
        secrets.register("0d1ac5f7-canary");
        assert_eq!(
            secrets.redact("the key is 0d1ac5f7-canary, or x0d1ac5f7-canaryx"),
            "the key is [secret], or x[secret]x"
        );
    }

    #[test]
    fn what_is_too_short_to_guard_anything_hides_nothing() {
        let secrets = Secrets::default();
        secrets.register("");
        secrets.register("abc");
        assert_eq!(secrets.redact("abc"), "abc");
    }

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), 9);
    }

    #[test]
    fn what_looks_like_a_key_is_hidden_wherever_it_stands() {
        let secrets = Secrets::default();
        for (text, safe) in [
            (
                "Authorization: Bearer abcdef123",
                "Authorization: Bearer [secret]",
            ),
            (
                "authorization=Basic dXNlcjpw",
                "authorization=Basic [secret]",
            ),
            ("sent bearer abc.def-123", "sent bearer [secret]"),
            ("GET /api?token=abc123&x=1", "GET /api?token=[secret]&x=1"),
            ("OPENAI_API_KEY=whatever run", "OPENAI_API_KEY=[secret] run"),
            (
                r#"{"key": "a-b-c", "ip": "::1"}"#,
                r#"{"key": "[secret]", "ip": "::1"}"#,
            ),
            (r#"{"api_key":"a-b-c"}"#, r#"{"api_key":"[secret]"}"#),
            ("password: hunter2", "password: [secret]"),
            (
                "postgres://me:hunter2@host/db",
                "postgres://me:[secret]@host/db",
            ),
            ("it is sk-proj-abcdefghijklmnop1234", "it is [secret]"),
            ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[secret]"),
            ("xoxb-1234567890-abc", "[secret]"),
            ("AKIAIOSFODNN7EXAMPLE", "[secret]"),
            ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJ", "[secret]"),
        ] {
            assert_eq!(secrets.redact(text), safe);
        }
    }

    #[test]
    fn what_only_speaks_of_keys_is_left_alone() {
        let secrets = Secrets::default();
        for text in [
            "the kernel listens on tcp://127.0.0.1:4711",
            "a token is needed; the key was wrong",
            "unexpected token near '='",
            "ghost in a keyboard",
        ] {
            assert_eq!(secrets.redact(text), text);
        }
    }

    #[test]
    fn a_field_may_be_secret_by_its_name() {
        let secrets = Secrets::default();
        for name in [
            "key",
            "connection_key",
            "Token",
            "http.authorization",
            "db_password",
        ] {
            assert_eq!(secrets.redact_field(name, "x"), "[secret]", "{name}");
        }
        for name in ["keyboard", "path", "monkey", "reason"] {
            assert_eq!(secrets.redact_field(name, "x"), "x", "{name}");
        }
    }
}
