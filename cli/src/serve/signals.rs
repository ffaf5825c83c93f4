//! Which signals a service obeys, and how: SIGTERM and SIGINT ask it to leave. SIGHUP does the same if somebody runs it
//! in a terminal, which is then gone; otherwise it asks for certificate and key to be read again, and never ends it.

use std::future::pending;
use std::io::{self, IsTerminal as _};

use handoff_serve::Identity;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask a service to leave.
pub struct Leave {
    terminate: Signal,
    interrupt: Signal,
    /// Only in a terminal.
    hangup: Option<Signal>,
}

impl Leave {
    /// Takes the signals over: none of them ends the process any more.
    pub fn listen() -> io::Result<Self> {
        let hangup = signal(SignalKind::hangup())?;
        Ok(Leave {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: is_in_terminal().then_some(hangup),
        })
    }

    /// Completes at the next one.
    pub async fn asked(&mut self) {
        let hung_up = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hung_up => {}
        }
    }
}

/// Reads certificate and key again at each SIGHUP, if there are any, until the process ends.
pub fn renew_on_hangup(identity: Option<Identity>) -> io::Result<()> {
    if is_in_terminal() {
        return Ok(());
    }
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match identity.as_ref().map(Identity::renew) {
                None => tracing::info!("there is no certificate to be read again"),
                Some(Ok(())) => tracing::info!("certificate and key were read again"),
                Some(Err(invalid)) => tracing::warn!(%invalid, "certificate and key stay as they were"),
            }
        }
    });
    Ok(())
}

fn is_in_terminal() -> bool {
    io::stdin().is_terminal()
}
