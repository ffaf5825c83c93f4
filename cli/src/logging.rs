//! Logs go to stderr; `HANDOFF_LOG` says how much, in the words of `tracing` (`info`, `handoff_broker=debug`).

use std::io;

use tracing_subscriber::EnvFilter;

/// Starts logging; warnings and errors unless `HANDOFF_LOG` says otherwise.
pub fn init() {
    let filter = EnvFilter::try_from_env("HANDOFF_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
}
