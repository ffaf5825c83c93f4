//! Passwords at rest: salted and stretched, so that a file of hashes is not a file of passwords.
//!
//! A hash is written as `$pbkdf2-sha256$i=ITERATIONS$SALT$HASH` (the PHC string format, with unpadded base64), and says
//! itself how it is to be checked.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, pbkdf2};
use thiserror::Error;

const NAME: &str = "pbkdf2-sha256";
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = digest::SHA256_OUTPUT_LEN;
/// What a new hash is stretched by.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(100_000).expect("not zero");
/// More would take whole seconds.
const MAX_ITERATIONS: u32 = 1_000_000;

/// A password that was hashed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    iterations: NonZeroU32,
    salt: Vec<u8>,
    hash: [u8; HASH_BYTES],
}

/// Why a text is not a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected $pbkdf2-sha256$i=ITERATIONS$SALT$HASH, as `handoff hash-password` prints it")]
pub struct NotAHash;

/// The system has no randomness to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system's random generator gives nothing")]
pub struct NoRandomness;

impl PasswordHash {
    /// Hashes `password` with a fresh salt.
    ///
    /// # Errors
    /// If the system gives no random bytes for it.
    pub fn of(password: &[u8]) -> Result<Self, NoRandomness> {
        Ok(PasswordHash::derive(password, random::<SALT_BYTES>()?.to_vec(), ITERATIONS))
    }

    /// Whether it is the hash of `password`. Takes as long for one that is nearly right as for any other.
    pub fn is_of(&self, password: &[u8]) -> bool {
        let PasswordHash { iterations, salt, hash } = self;
        pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, *iterations, salt, password, hash).is_ok()
    }

    fn derive(password: &[u8], salt: Vec<u8>, iterations: NonZeroU32) -> Self {
        let mut hash = [0; HASH_BYTES];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, password, &mut hash);
        PasswordHash { iterations, salt, hash }
    }
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], NoRandomness> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (salt, hash) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(self.hash));
        write!(formatter, "${NAME}$i={}${salt}${hash}", self.iterations)
    }
}

/// A hash does not belong into a log.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash")
    }
}

impl FromStr for PasswordHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let parts: Vec<&str> = text.split('$').collect();
        let ["", NAME, iterations, salt, hash] = parts[..] else { return Err(NotAHash) };
        let iterations = iterations.strip_prefix("i=").and_then(|number| number.parse::<NonZeroU32>().ok());
        let iterations = iterations.filter(|number| number.get() <= MAX_ITERATIONS).ok_or(NotAHash)?;
        let decode = |part: &str| STANDARD_NO_PAD.decode(part).map_err(|_| NotAHash);
        let hash = decode(hash)?.try_into().map_err(|_| NotAHash)?;
        let salt = decode(salt)?;
        if salt.is_empty() { Err(NotAHash) } else { Ok(PasswordHash { iterations, salt, hash }) }
    }
}

/// Tells the password that a hash is of from others, at little cost once it was seen: ten thousand clients that come
/// back after a restart do not wait for ten thousand stretched checks.
pub struct Verifier {
    hash: PasswordHash,
    /// What is kept of the right password is its digest under a key of this process.
    key: [u8; HASH_BYTES],
    seen: Mutex<Option<[u8; HASH_BYTES]>>,
}

impl Verifier {
    /// Accepts the password that `hash` is of.
    ///
    /// # Errors
    /// If the system gives no random bytes for it.
    pub fn new(hash: PasswordHash) -> Result<Self, NoRandomness> {
        Ok(Verifier { hash, key: random()?, seen: Mutex::default() })
    }

    /// Whether it is this password. Slow, unless it was accepted before.
    pub fn accepts(&self, password: &[u8]) -> bool {
        let digest = self.digest(password);
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // How far two digests agree says nothing of the passwords to who does not know the key.
        if seen == Some(digest) {
            return true;
        }
        let is_right = self.hash.is_of(password);
        if is_right {
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
        }
        is_right
    }

    fn digest(&self, password: &[u8]) -> [u8; HASH_BYTES] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.key);
        context.update(password);
        let mut bytes = [0; HASH_BYTES];
        bytes.copy_from_slice(context.finish().as_ref());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_its_password_and_of_no_other_and_survives_being_written() {
        let hash = PasswordHash::of(b"correct horse").expect("random bytes");
        assert!(hash.is_of(b"correct horse"));
        assert!(!hash.is_of(b"correct hors") && !hash.is_of(b"") && !hash.is_of(b"correct horse "));
        assert_eq!(hash.to_string().parse(), Ok(hash.clone()));
        assert!(hash != PasswordHash::of(b"correct horse").expect("random bytes"), "each has a salt of its own");
        assert!(!format!("{hash:?}").contains('$'));
    }

    /// RFC 7914, section 11: PBKDF2-HMAC-SHA-256 of "passwd" with the salt "salt", once.
    #[test]
    fn it_is_pbkdf2_as_others_know_it() {
        let hash = PasswordHash::derive(b"passwd", b"salt".to_vec(), NonZeroU32::MIN);
        assert_eq!(hash.hash[..8], [0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3, 0x08, 0x9f]);
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let good = PasswordHash::of(b"x").expect("random bytes").to_string();
        let bad = [
            String::new(),
            "secret".into(),
            good.replace("sha256", "sha1"),
            good.replace("i=100000", "i=0"),
            good.replace("i=100000", "i=4000000000"),
            good.replace("i=100000", "100000"),
            good[..good.len() - 4].to_owned(),
            format!("{good}$"),
            format!("$pbkdf2-sha256$i=1$${}", good.rsplit('$').next().unwrap_or_default()),
        ];
        for text in bad {
            assert_eq!(text.parse::<PasswordHash>(), Err(NotAHash), "{text}");
        }
    }

    #[test]
    fn a_lock_that_has_opened_accepts_the_same_password_only() {
        let verifier = Verifier::new(PasswordHash::of(b"right").expect("random bytes")).expect("random bytes");
        assert!(!verifier.accepts(b"wrong"));
        assert!(verifier.accepts(b"right"));
        assert!(verifier.accepts(b"right"));
        assert!(!verifier.accepts(b"wrong") && !verifier.accepts(b""));
    }
}
