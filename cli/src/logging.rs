//! Logs go to stderr; `HANDOFF_LOG` says how much, in the words of `tracing` (`info`, `handoff_broker=debug`).

use std::io::{self, IsTerminal as _};

use handoff_serve::settings::LogFormat;
use tracing_subscriber::EnvFilter;

/// The simulated world's scheduler gives each of its tasks a span, which costs a tenth of a run's time and says nothing
/// that the trace does not.
const WITHOUT: &str = "madsim=off";

/// Logs of a command that a person waits for: warnings and errors, unless `HANDOFF_LOG` says otherwise.
pub fn start() {
    start_with("warn", LogFormat::Text);
}

/// Logs of a service: who came and went, too, unless `HANDOFF_LOG` says otherwise.
pub fn start_service(format: LogFormat) {
    start_with("info", format);
}

fn start_with(filter: &str, format: LogFormat) {
    let filter =
        EnvFilter::try_from_env("HANDOFF_LOG").unwrap_or_else(|_| EnvFilter::new(format!("{filter},{WITHOUT}")));
    let is_coloured = io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(is_coloured);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
}
