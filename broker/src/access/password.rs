//! What proves who somebody is.

use std::fmt;
use std::sync::Arc;

/// Tells a user's password from others, however it is stored: hashed, or in a directory.
///
/// Slow checks are welcome: the server makes them outside its lock, and a runtime may make them beside its other work.
pub trait CheckPassword: Send + Sync {
    /// Whether this is the password. Should take the same time whatever is wrong with it.
    fn is(&self, password: &[u8]) -> bool;
}

/// A user's password.
#[derive(Clone)]
pub enum Password {
    /// Held as it is: for users whose password everybody knows.
    Plain(String),
    /// Known only to whoever checks it.
    Checked(Arc<dyn CheckPassword>),
}

impl Password {
    /// Whether this is it.
    pub(super) fn is(&self, password: &[u8]) -> bool {
        match self {
            Password::Plain(expected) => is_equal_in_constant_time(password, expected.as_bytes()),
            Password::Checked(check) => check.is(password),
        }
    }
}

impl fmt::Debug for Password {
    /// What kind it is, and nothing of what it is.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Password::Plain(_) => "Plain",
            Password::Checked(_) => "Checked",
        })
    }
}

/// Takes as long for a wrong first byte as for a wrong last one.
fn is_equal_in_constant_time(given: &[u8], expected: &[u8]) -> bool {
    let differing = given.iter().zip(expected).fold(0, |differing, (left, right)| differing | (left ^ right));
    given.len() == expected.len() && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Reversed;

    impl CheckPassword for Reversed {
        fn is(&self, password: &[u8]) -> bool {
            password.iter().rev().eq(b"terces")
        }
    }

    #[test]
    fn only_the_whole_password_is_it() {
        let plain = Password::Plain("secret".into());
        let checked = Password::Checked(Arc::new(Reversed));
        for password in [plain, checked] {
            assert!(password.is(b"secret"));
            for wrong in [&b""[..], b"s", b"secre", b"secrets", b"Secret", b"secreT"] {
                assert!(!password.is(wrong), "{wrong:?}");
            }
        }
    }
}
