//! HTTP basic authentication (RFC 7617) with the broker's own users.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handoff_broker::access::Login;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use super::view::View;

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It says of nobody who it is from.
    Anonymous,
    /// It is from nobody who may see this.
    Login {
        /// Who it says it is from.
        user: String,
        /// Why it was refused; for the log.
        reason: String,
    },
}

impl View {
    /// Whether a request with these headers, from `peer`, may see the management API.
    ///
    /// # Errors
    /// A [`Refused`] if not.
    pub(super) fn admit(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<(), Refused> {
        let login = login(headers).ok_or(Refused::Anonymous)?;
        let refused = |reason: String| Refused::Login { user: login.user.clone(), reason };
        self.access().log_in(&login, peer.ip()).map_err(|reason| refused(reason.to_string()))?;
        if self.may_monitor(&login.user) { Ok(()) } else { Err(refused("the user may not monitor".into())) }
    }
}

/// The user and password that a request brings.
fn login(headers: &HeaderMap) -> Option<Login> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(Login { user: user.to_owned(), password: password.as_bytes().to_vec() })
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn login_of(authorization: &'static str) -> Option<(String, String)> {
        let headers = [(AUTHORIZATION, HeaderValue::from_static(authorization))].into_iter().collect();
        login(&headers).map(|login| (login.user, String::from_utf8_lossy(&login.password).into_owned()))
    }

    #[test]
    fn a_login_is_user_and_password_in_base64() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(login_of("Basic Z3Vlc3Q6Z3Vlc3Q="), pair("guest", "guest"));
        assert_eq!(login_of("basic YTpiOmM="), pair("a", "b:c"));
        for nothing in ["", "Basic", "Basic !", "Basic Z3Vlc3Q=", "Bearer Z3Vlc3Q6Z3Vlc3Q=", "Basic /////w=="] {
            assert_eq!(login_of(nothing), None, "{nothing}");
        }
    }
}
