//! `handoff serve`: the broker as a service.

mod flags;
mod signals;

use handoff_serve::http::{AMQP, AMQP_OVER_TLS, HTTP};
use handoff_serve::{Node, Settings};

use self::flags::{Changed, Flags};
use self::signals::Leave;
use crate::logging;
use crate::outcome::{BadInput, Outcome};
use crate::output;

/// Runs the broker: AMQP 0-9-1 on TCP, messages in memory only
///
/// A restart loses what is queued. Prints `listening on ADDRESS` when ready. SIGTERM or Ctrl-C asks every client to
/// close and leaves when they have, or when the time for it is over; a second one leaves at once. SIGHUP reads the
/// certificate and its key again, or in a terminal leaves. Everything can be left out, and docs/operating.md explains it. Logs go to stderr;
/// HANDOFF_LOG says how much (info).
#[derive(clap::Args)]
pub struct Arguments {
    /// Settings, users and permissions among them; flags win over what it says
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    #[command(flatten)]
    flags: Flags,
}

/// Serves until a signal says otherwise.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let settings = match &arguments.config {
        Some(file) => Settings::load(file).map_err(|error| BadInput(error.to_string()))?,
        None => Settings::default(),
    };
    let (settings, changed) = arguments.flags.change(settings)?;
    let origin = Origin { file: arguments.config.as_deref(), changed };
    logging::start_service(settings.log_format);
    // One thread: a publish is carried to its consumers' outputs without a hop, and nothing contends for the core.
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio.block_on(serve(&settings, &origin))
}

async fn serve(settings: &Settings, origin: &Origin<'_>) -> anyhow::Result<Outcome> {
    let mut leave = Leave::listen()?;
    let checked = settings.check().map_err(|invalid| origin.blame(invalid))?;
    let node = Node::open(checked).await.map_err(|invalid| origin.blame(invalid))?;
    for listening in node.listening() {
        let prefix = match listening.protocol {
            AMQP => "",
            AMQP_OVER_TLS => "TLS ",
            HTTP => "HTTP ",
            _ => "log ",
        };
        output::line(&format!("{prefix}listening on {}", listening.address))?;
    }
    signals::renew_on_hangup(node.identity())?;
    eprintln!("messages are kept in memory only: a restart loses what is queued");
    let (stop, stopping) = tokio::sync::oneshot::channel();
    let serving = node.serve(async {
        // An error means that nobody is left to say stop.
        let _ = stopping.await;
    });
    let twice = async {
        leave.asked().await;
        let _ = stop.send(());
        leave.asked().await;
    };
    tokio::select! {
        biased;
        () = serving => {}
        () = twice => tracing::warn!("left at once: asked twice"),
    }
    Ok(Outcome::Holds)
}

/// Where a setting comes from, for whoever has to correct it.
struct Origin<'a> {
    file: Option<&'a str>,
    changed: Changed,
}

impl Origin<'_> {
    /// One line that names the flag, or the file and the key.
    fn blame(&self, mut invalid: handoff_scenarios::document::Invalid) -> BadInput {
        if let Some(flag) = self.changed.flag_of(&invalid.key) {
            invalid.key = flag.to_owned();
        } else if let Some(file) = self.file {
            return BadInput(invalid.in_file(file).to_string());
        }
        BadInput(invalid.to_string())
    }
}
