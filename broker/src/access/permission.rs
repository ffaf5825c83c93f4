//! What a user may do in a virtual host: RabbitMQ's three permissions, each a pattern of names.

use std::fmt;
use std::sync::Arc;

use regex::bytes::{Regex, RegexBuilder};
use thiserror::Error;

/// How much memory a compiled pattern may take.
const PATTERN_MAX_BYTES: usize = 1024 * 1024;

/// What somebody wants to do with a queue or an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Create or delete it, or change how it works.
    Configure,
    /// Put messages into it.
    Write,
    /// Take messages out of it.
    Read,
}

/// The names of the queues and exchanges with which a user may do each of these. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Permissions {
    /// What it may create and delete.
    pub configure: Pattern,
    /// What it may put messages into.
    pub write: Pattern,
    /// What it may take messages out of.
    pub read: Pattern,
}

/// A regular expression that a name has to contain a match of, as in RabbitMQ: write `^` and `$` to match all of it.
/// An empty one matches no name.
#[derive(Clone)]
pub struct Pattern(Matcher);

#[derive(Clone)]
enum Matcher {
    /// What most users have; costs nothing.
    Everything,
    Regex(Arc<Regex>),
}

/// A text that is no regular expression, with what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("'{pattern}' is no regular expression: {reason}")]
pub struct InvalidPattern {
    /// The text.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Permissions {
    /// Everything is allowed.
    pub fn everything() -> Self {
        let everything = Pattern(Matcher::Everything);
        Permissions { configure: everything.clone(), write: everything.clone(), read: everything }
    }

    /// Whether this may be done with what has this name.
    pub fn allow(&self, permission: Permission, name: &str) -> bool {
        let pattern = match permission {
            Permission::Configure => &self.configure,
            Permission::Write => &self.write,
            Permission::Read => &self.read,
        };
        pattern.matches(name)
    }
}

impl Permission {
    /// RabbitMQ's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::Configure => "configure",
            Permission::Write => "write",
            Permission::Read => "read",
        }
    }
}

impl Pattern {
    /// Reads a regular expression. Matching takes time linear in the name, whatever the expression.
    ///
    /// # Errors
    /// An [`InvalidPattern`] if it is none, or if it takes more memory than a pattern of names should.
    pub fn new(pattern: &str) -> Result<Self, InvalidPattern> {
        match pattern {
            ".*" => Ok(Pattern(Matcher::Everything)),
            "" => Pattern::compile("^$"),
            pattern => Pattern::compile(pattern),
        }
    }

    fn compile(pattern: &str) -> Result<Self, InvalidPattern> {
        let regex = RegexBuilder::new(pattern).size_limit(PATTERN_MAX_BYTES).build();
        let invalid = |error: regex::Error| InvalidPattern { pattern: pattern.to_owned(), reason: error.to_string() };
        Ok(Pattern(Matcher::Regex(Arc::new(regex.map_err(invalid)?))))
    }

    fn matches(&self, name: &str) -> bool {
        match &self.0 {
            Matcher::Everything => true,
            Matcher::Regex(regex) => regex.is_match(name.as_bytes()),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Matcher::Everything => formatter.write_str("/.*/"),
            Matcher::Regex(regex) => write!(formatter, "/{}/", regex.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(name)
    }

    #[test]
    fn a_pattern_matches_anywhere_in_the_name_unless_anchored() {
        assert!(allows("jobs", "my-jobs-2"));
        assert!(!allows("^jobs$", "my-jobs-2"));
        assert!(allows("^(jobs|mail)\\.", "mail.urgent"));
        assert!(!allows("^(jobs|mail)\\.", "hail.urgent"));
    }

    #[test]
    fn an_empty_pattern_allows_the_default_exchange_at_most() {
        assert!(!allows("", "jobs"));
        assert!(allows("", ""));
        assert!(allows(".*", ""));
    }

    #[test]
    fn a_text_that_is_no_pattern_says_why() {
        let error = Pattern::new("(jobs").unwrap_err();
        assert!(error.to_string().contains("(jobs") && error.to_string().contains("unclosed"), "{error}");
        assert!(Pattern::new("(a{1000}){1000}").is_err(), "it would take gigabytes");
    }

    #[test]
    fn each_permission_has_its_own_pattern() {
        let pattern = |text| Pattern::new(text).unwrap();
        let permissions = Permissions { configure: pattern("^c"), write: pattern("^w"), read: pattern("^r") };
        let allowed = |name| {
            let all = [Permission::Configure, Permission::Write, Permission::Read];
            all.map(|permission| permissions.allow(permission, name))
        };
        assert_eq!(allowed("cat"), [true, false, false]);
        assert_eq!(allowed("wolf"), [false, true, false]);
        assert_eq!(allowed("rat"), [false, false, true]);
    }
}
