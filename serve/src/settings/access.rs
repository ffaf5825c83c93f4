//! From the users of the settings to those of the broker.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use handoff_broker::access::{self, AccessControl, CheckPassword, Password, Pattern, Permissions};
use handoff_scenarios::document::Invalid;

use super::{Permission, Settings, User};
use crate::password::{PasswordHash, Verifier};

/// The one user of a broker whose settings name nobody.
const GUEST: &str = "guest";

impl CheckPassword for Verifier {
    fn is(&self, password: &[u8]) -> bool {
        self.accepts(password)
    }
}

/// Who may connect, and which of them may monitor.
pub(super) fn access(settings: &Settings) -> Result<(AccessControl, BTreeSet<String>), Invalid> {
    check_virtual_hosts(&settings.virtual_hosts)?;
    let virtual_hosts = settings.virtual_hosts.clone();
    if settings.users.is_empty() {
        let mut users = AccessControl::default().users;
        let everywhere = || virtual_hosts.iter().map(|host| (host.clone(), Permissions::everything())).collect();
        users.values_mut().for_each(|user| user.permissions = everywhere());
        return Ok((AccessControl { users, virtual_hosts }, [GUEST.to_owned()].into()));
    }
    let mut users = BTreeMap::new();
    for (index, user) in settings.users.iter().enumerate() {
        let key = format!("user[{index}]");
        let made = self::user(&key, user, &virtual_hosts)?;
        if user.name.is_empty() || users.insert(user.name.clone(), made).is_some() {
            let got = format!("'{}'", user.name);
            return Err(Invalid::new(format!("{key}.name"), "a name that no other user has", got));
        }
    }
    let monitors = settings.users.iter().filter(|user| user.monitoring).map(|user| user.name.clone());
    Ok((AccessControl { users, virtual_hosts }, monitors.collect()))
}

fn check_virtual_hosts(names: &[String]) -> Result<(), Invalid> {
    let distinct: BTreeSet<&String> = names.iter().collect();
    if names.is_empty() || distinct.len() < names.len() || distinct.contains(&String::new()) {
        return Err(Invalid::new("virtual_hosts", "at least one name, and each once", format!("{names:?}")));
    }
    Ok(())
}

fn user(key: &str, user: &User, virtual_hosts: &[String]) -> Result<access::User, Invalid> {
    let hash_key = || format!("{key}.password_hash");
    // What was there is not repeated: it may be a password.
    let hash: PasswordHash = user
        .password_hash
        .parse()
        .map_err(|_| Invalid::new(hash_key(), "a hash as `handoff hash-password` prints it", "something else"))?;
    let verifier =
        Verifier::new(hash).map_err(|error| Invalid::new(hash_key(), "random bytes from the system", error))?;
    let mut permissions = BTreeMap::new();
    for (index, permission) in user.permissions.iter().enumerate() {
        let key = format!("{key}.permission[{index}]");
        let made = self::permissions(&key, permission)?;
        let host = &permission.virtual_host;
        if !virtual_hosts.contains(host) || permissions.insert(host.clone(), made).is_some() {
            let expected = format!("one of the virtual_hosts ({}), each once", virtual_hosts.join(", "));
            return Err(Invalid::new(format!("{key}.virtual_host"), expected, format!("'{host}'")));
        }
    }
    let password = Password::Checked(Arc::new(verifier));
    Ok(access::User { password, loopback_only: user.loopback_only, permissions })
}

fn permissions(key: &str, permission: &Permission) -> Result<Permissions, Invalid> {
    let pattern = |name: &str, text: &str| {
        Pattern::new(text).map_err(|error| {
            let reason = error.reason.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            Invalid::new(format!("{key}.{name}"), "a regular expression", format!("'{text}' ({reason})"))
        })
    };
    Ok(Permissions {
        configure: pattern("configure", &permission.configure)?,
        write: pattern("write", &permission.write)?,
        read: pattern("read", &permission.read)?,
    })
}
