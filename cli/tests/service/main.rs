//! `handoff serve` as a service: settings, logins, TLS, the HTTP port, and how it leaves.
#![allow(clippy::disallowed_methods, reason = "processes run in the real world")]

mod http;
mod leaving;
mod process;
mod settings;
mod tls;
