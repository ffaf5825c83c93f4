//! Logs go to stderr; `HANDOFF_LOG` says how much, in the words of `tracing` (`info`, `handoff_broker=debug`).

use std::io;

use tracing_subscriber::EnvFilter;

/// Warnings and errors. The simulated world's scheduler gives each of its tasks a span, which costs a tenth of a run's time
/// and says nothing that the trace does not.
const FILTER: &str = "warn,madsim=off";

/// Starts logging; warnings and errors unless `HANDOFF_LOG` says otherwise.
pub fn init() {
    let filter = EnvFilter::try_from_env("HANDOFF_LOG").unwrap_or_else(|_| EnvFilter::new(FILTER));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
}
