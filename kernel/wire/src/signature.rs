use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::WireError;

/// The secret that kernel and clients share, ready to sign with.
///
/// The key is used as the literal bytes of the connection file's `key`; that it looks like a UUID
/// or hex means nothing. An empty key turns signing off, as the specification says.
#[derive(Clone)]
pub struct Key(Option<Hmac<Sha256>>);

/// An HMAC-SHA256 over the four parts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature(pub [u8; 32]);

impl Key {
    /// A key of these bytes; of none, no signing.
    pub fn new(secret: &[u8]) -> Self {
        // HMAC takes keys of any length, so this never fails.
        Self(if secret.is_empty() {
            None
        } else {
            Hmac::new_from_slice(secret).ok()
        })
    }

    /// Whether messages are signed at all.
    pub fn signs(&self) -> bool {
        self.0.is_some()
    }

    /// The signature as it travels: lower-case hex, or nothing without a key.
    pub fn sign(&self, parts: [&[u8]; 4]) -> String {
        self.mac(parts)
            .map_or_else(String::new, |mac| hex::encode(mac.finalize().into_bytes()))
    }

    /// Compares a signature that came in, in constant time. `None` when nothing is signed.
    ///
    /// # Errors
    ///
    /// [`WireError::BadSignature`].
    pub fn verify(
        &self,
        signature: &[u8],
        parts: [&[u8]; 4],
    ) -> Result<Option<Signature>, WireError> {
        let Some(mac) = self.mac(parts) else {
            return Ok(None);
        };
        let mut claimed = [0; 32];
        hex::decode_to_slice(signature, &mut claimed).map_err(|_| WireError::BadSignature)?;
        mac.verify_slice(&claimed)
            .map_err(|_| WireError::BadSignature)?;
        Ok(Some(Signature(claimed)))
    }

    fn mac(&self, parts: [&[u8]; 4]) -> Option<Hmac<Sha256>> {
        let mut mac = self.0.clone()?;
        for part in parts {
            mac.update(part);
        }
        Some(mac)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.signs() {
            "Key(secret)"
        } else {
            "Key(none)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [&[u8]; 4] = [b"{\"a\":1}", b"{}", b"{}", b"{\"b\":2}"];

    #[test]
    fn signs_as_the_reference_implementation_does() {
        // python: hmac.new(b"secret", b'{"a":1}{}{}{"b":2}', "sha256").hexdigest()
        assert_eq!(
            Key::new(b"secret").sign(PARTS),
            "9b14d94617bffb278285cea390d9dc17e01ec3188dba313f9548021906557a7b"
        );
    }

    #[test]
    fn accepts_its_own_signature_and_no_other() {
        let key = Key::new(b"secret");
        let good = key.sign(PARTS);
        assert!(key.verify(good.as_bytes(), PARTS).unwrap().is_some());
        let mut flipped = good.clone().into_bytes();
        flipped[0] ^= 1;
        for bad in [
            &flipped[..],
            b"",
            b"zz",
            &good.as_bytes()[..62],
            &[b'0'; 128],
        ] {
            assert!(
                matches!(key.verify(bad, PARTS), Err(WireError::BadSignature)),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn an_empty_key_turns_signing_off() {
        let key = Key::new(b"");
        assert_eq!(key.sign(PARTS), "");
        assert!(key.verify(b"anything", PARTS).unwrap().is_none());
    }

    #[test]
    fn a_key_never_shows_itself() {
        assert_eq!(format!("{:?}", Key::new(b"hunter2")), "Key(secret)");
    }
}
