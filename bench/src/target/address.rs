//! Where a target is and how it is to be used, as a URL says it.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

use hyper::Uri;
use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A target's URL: `scheme://[user:password@]host[:port][/path][?key=value&...]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What is spoken there.
    pub scheme: String,
    /// Whom to log in as.
    pub user: Option<(String, String)>,
    /// The host's name or address.
    pub host: String,
    /// The port.
    pub port: Option<u16>,
    /// What comes after the slash, decoded; `None` if there is no slash.
    pub path: Option<String>,
    query: Vec<(String, String)>,
}

/// A text that is no target's URL.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("'{text}': expected a URL such as amqp://guest:guest@127.0.0.1:5672/%2f, {problem}")]
pub struct AddressError {
    text: String,
    problem: String,
}

impl Address {
    /// The value of a key after the question mark.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The first address of the host.
    ///
    /// # Errors
    /// If the host has none.
    pub fn resolve(&self, default_port: u16) -> std::io::Result<SocketAddr> {
        let mut found = (self.host.as_str(), self.port.unwrap_or(default_port)).to_socket_addrs()?;
        found.next().ok_or_else(|| std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address"))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let wrong = |problem: &str| AddressError { text: text.to_owned(), problem: problem.to_owned() };
        let uri: Uri = text.parse().map_err(|_| wrong("and this is none"))?;
        let scheme =
            uri.scheme_str().filter(|scheme| !scheme.is_empty()).ok_or_else(|| wrong("and this has no scheme"))?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| wrong("and this has no host"))?;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let user = authority.rsplit_once('@').map(|(user, _)| user.split_once(':').unwrap_or((user, "")));
        let after_host = text.split_once("://").map_or("", |(_, rest)| rest).trim_start_matches(authority);
        let has_path = after_host.starts_with('/');
        let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        Ok(Address {
            scheme: scheme.to_owned(),
            user: user.map(|(name, password)| (decode(name), decode(password))),
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16(),
            path: has_path.then(|| decode(uri.path().trim_start_matches('/'))),
            query: pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(key, value)| (decode(key), decode(value)))
                .collect(),
        })
    }
}

/// Replaces `%2f` and its like by the bytes they stand for; what is none stays as it is.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_url_has_all_parts() {
        let address: Address = "amqp://me:s%40fe@[::1]:5673/%2f?queue=quorum&x".parse().expect("a URL");
        assert_eq!((address.scheme.as_str(), address.host.as_str(), address.port), ("amqp", "::1", Some(5673)));
        assert_eq!(address.user, Some(("me".into(), "s@fe".into())));
        assert_eq!(address.path.as_deref(), Some("/"));
        assert_eq!((address.get("queue"), address.get("x"), address.get("y")), (Some("quorum"), Some(""), None));
    }

    #[test]
    fn what_is_left_out_is_none() {
        let address: Address = "redis://127.0.0.1".parse().expect("a URL");
        assert_eq!((address.user, address.port, address.path), (None, None, None));
    }

    #[test]
    fn what_is_no_url_is_refused_in_one_line() {
        for text in ["", "queue", "://x", "amqp://", "amqp:///x"] {
            let error = text.parse::<Address>().expect_err("no URL").to_string();
            assert!(error.contains("expected a URL such as") && !error.contains('\n'), "{error}");
        }
    }
}
