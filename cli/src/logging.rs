//! Logs go to stderr; `HANDOFF_LOG` says how much, in the words of `tracing` (`info`, `handoff_broker=debug`).

use std::env;
use std::io::{self, IsTerminal as _};

use handoff_serve::settings::LogFormat;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The simulated world's scheduler gives each of its tasks a span, which costs a tenth of a run's time and says nothing
/// that the trace does not.
const WITHOUT: &str = "madsim";

/// Logs of a command that a person waits for: warnings and errors, unless `HANDOFF_LOG` says otherwise.
pub fn start() {
    start_with(LevelFilter::WARN, LogFormat::Text);
}

/// Logs of a service: who came and went, too, unless `HANDOFF_LOG` says otherwise.
pub fn start_service(format: LogFormat) {
    start_with(LevelFilter::INFO, format);
}

fn start_with(level: LevelFilter, format: LogFormat) {
    let asked = env::var("HANDOFF_LOG").ok().and_then(|filter| filter.parse::<Targets>().ok());
    let targets = asked.unwrap_or_else(|| Targets::new().with_default(level).with_target(WITHOUT, LevelFilter::OFF));
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => tracing_subscriber::registry().with(lines).with(targets).init(),
        LogFormat::Json => tracing_subscriber::registry().with(lines.json().flatten_event(true)).with(targets).init(),
    }
}
