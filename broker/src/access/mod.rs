//! Who may connect, and what they may do: users, virtual hosts, permissions.
//!
//! Pure and without I/O: the protocol and the operator's doors (management, metrics) ask the same questions here. How a
//! password is stored is not known here: whoever configures a user hands in the [check](CheckPassword).

mod password;
mod permission;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use thiserror::Error;

pub use password::{CheckPassword, Password};
pub use permission::{InvalidPattern, Pattern, Permission, Permissions};

/// The virtual host that clients ask for unless they are told otherwise.
pub const DEFAULT_VIRTUAL_HOST: &str = "/";

/// The users and the virtual hosts of a broker.
#[derive(Clone, Debug)]
pub struct AccessControl {
    /// The users by name.
    pub users: BTreeMap<String, User>,
    /// The names of the virtual hosts, each once.
    pub virtual_hosts: Vec<String>,
}

/// Somebody who may connect.
#[derive(Clone, Debug)]
pub struct User {
    /// What proves that it is this user.
    pub password: Password,
    /// Whether it may connect over the loopback interface only.
    pub loopback_only: bool,
    /// What it may do, by virtual host; it may not open a virtual host that is not here.
    pub permissions: BTreeMap<String, Permissions>,
}

/// A user's name and password, as a client sent them.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Vec<u8>,
}

/// Why a login was refused. For the log only: the client is told no more than that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoginRefused {
    /// No such user, or another password. Which of the two is not said, and takes the same time.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The user may connect over the loopback interface only.
    #[error("user can only connect via localhost")]
    LoopbackOnly,
}

/// Why a virtual host could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostRefused {
    /// There is none of this name.
    Unknown,
    /// The user has no permissions there.
    NoAccess,
}

impl AccessControl {
    /// Checks a login that came from `peer`. May take as long as the user's password check does.
    ///
    /// # Errors
    /// A [`LoginRefused`] for the log.
    pub fn log_in(&self, login: &Login, peer: IpAddr) -> Result<(), LoginRefused> {
        let user = self.users.get(&login.user);
        // For a name that nobody has some user's password is checked, so that the answer takes as long.
        let Some(checked) = user.or_else(|| self.users.values().next()) else {
            return Err(LoginRefused::InvalidCredentials);
        };
        let is_right = checked.password.is(&login.password);
        match user {
            Some(user) if is_right && user.loopback_only && !is_loopback(peer) => Err(LoginRefused::LoopbackOnly),
            Some(_) if is_right => Ok(()),
            _ => Err(LoginRefused::InvalidCredentials),
        }
    }

    /// What `user` may do in a virtual host, and the host's place in [`virtual_hosts`](AccessControl::virtual_hosts).
    ///
    /// # Errors
    /// A [`HostRefused`] if it may not open it.
    pub fn open(&self, user: &str, virtual_host: &str) -> Result<(usize, Permissions), HostRefused> {
        let host = self.virtual_hosts.iter().position(|name| name == virtual_host).ok_or(HostRefused::Unknown)?;
        let permissions = self.users.get(user).and_then(|user| user.permissions.get(virtual_host));
        Ok((host, permissions.ok_or(HostRefused::NoAccess)?.clone()))
    }
}

impl AccessControl {
    /// The default, but `guest` may connect from anywhere: for a network in which nobody is a stranger.
    pub fn trusting() -> Self {
        let mut access = AccessControl::default();
        access.users.values_mut().for_each(|user| user.loopback_only = false);
        access
    }
}

impl Default for AccessControl {
    /// The virtual host `/`, and the user `guest` with the password `guest`, who may do everything there, but connect
    /// over the loopback interface only.
    fn default() -> Self {
        let guest = User {
            password: Password::Plain("guest".into()),
            loopback_only: true,
            permissions: [(DEFAULT_VIRTUAL_HOST.to_owned(), Permissions::everything())].into(),
        };
        AccessControl {
            users: [("guest".to_owned(), guest)].into(),
            virtual_hosts: vec![DEFAULT_VIRTUAL_HOST.to_owned()],
        }
    }
}

impl fmt::Debug for Login {
    /// Without the password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// An IPv4 address may come as an IPv6 one.
fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn login(user: &str, password: &str) -> Login {
        Login { user: user.into(), password: password.into() }
    }

    fn with_user(name: &str, host: &str, permissions: Permissions) -> AccessControl {
        let mut access = AccessControl::default();
        access.virtual_hosts.push("other".into());
        let permissions = [(host.to_owned(), permissions)].into();
        let user = User { password: Password::Plain("secret".into()), loopback_only: false, permissions };
        access.users.insert(name.into(), user);
        access
    }

    #[test]
    fn guest_logs_in_from_anywhere_where_all_are_trusted() {
        let elsewhere = IpAddr::from([10, 0, 0, 1]);
        assert_eq!(AccessControl::trusting().log_in(&login("guest", "guest"), elsewhere), Ok(()));
    }

    #[test]
    fn guest_logs_in_from_here_only() {
        let access = AccessControl::default();
        assert_eq!(access.log_in(&login("guest", "guest"), LOOPBACK), Ok(()));
        assert_eq!(access.log_in(&login("guest", "guest"), "::1".parse().unwrap()), Ok(()));
        assert_eq!(access.log_in(&login("guest", "guest"), "::ffff:127.0.0.1".parse().unwrap()), Ok(()));
        let elsewhere = access.log_in(&login("guest", "guest"), "10.0.0.1".parse().unwrap());
        assert_eq!(elsewhere, Err(LoginRefused::LoopbackOnly));
        let wrong = access.log_in(&login("guest", "wrong"), "10.0.0.1".parse().unwrap());
        assert_eq!(wrong, Err(LoginRefused::InvalidCredentials), "who does not know the password learns nothing");
    }

    #[test]
    fn a_name_that_nobody_has_is_refused_whatever_the_password() {
        let access = AccessControl::default();
        for password in ["", "guest", "x"] {
            assert_eq!(access.log_in(&login("nobody", password), LOOPBACK), Err(LoginRefused::InvalidCredentials));
        }
        let empty = AccessControl { users: BTreeMap::new(), ..AccessControl::default() };
        assert_eq!(empty.log_in(&login("guest", "guest"), LOOPBACK), Err(LoginRefused::InvalidCredentials));
    }

    #[test]
    fn a_virtual_host_opens_for_those_who_have_permissions_there() {
        let access = with_user("alice", "other", Permissions::everything());
        assert_eq!(access.open("alice", "other").map(|(host, _)| host), Ok(1));
        assert_eq!(access.open("alice", "/").map(|(host, _)| host), Err(HostRefused::NoAccess));
        assert_eq!(access.open("alice", "nowhere").map(|(host, _)| host), Err(HostRefused::Unknown));
        assert_eq!(access.open("guest", "/").map(|(host, _)| host), Ok(0));
    }

    #[test]
    fn a_password_is_not_shown() {
        assert!(!format!("{:?}", login("guest", "sesame")).contains("sesame"));
        assert!(!format!("{:?}", Password::Plain("sesame".into())).contains("sesame"));
    }
}
