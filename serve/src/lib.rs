//! Running the broker as a service: settings, passwords at rest, TLS, the HTTP port, and leaving in good order.
//!
//! [`Settings`] are read from a TOML file and changed by flags; [checked](Settings::check), they become a [`Node`] that
//! listens and serves until it is asked to leave. All of it is the real world: simulations run the broker without this.
#![allow(clippy::disallowed_methods, reason = "a service lives in the real world")]

pub mod http;
mod memory;
mod node;
pub mod password;
pub mod settings;
mod tls;

pub use node::Node;
pub use settings::Settings;
pub use tls::Identity;
