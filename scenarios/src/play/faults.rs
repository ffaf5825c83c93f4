//! Carries out what the script says.

use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};

use super::script::{Action, script};
use super::{LOOK_EVERY, PlayError, Run};
use crate::architecture::{Wiring, worker};
use crate::stage::Stage;

/// How long workers that are asked to stop may take before they are killed, if nothing else is said.
const GRACE: Duration = Duration::from_secs(5);

impl<S: Stage> Run<S> {
    /// Breaks and mends what the scenario says, until `end`.
    pub(super) async fn break_things<W: Wiring<S>>(
        &self,
        wiring: &W,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<(), PlayError> {
        for (offset, action) in script(&self.scenario().faults) {
            if start + offset > end {
                break;
            }
            self.watch_until(wiring, start + offset).await;
            match action {
                Action::Replay(since) => wiring.replay(self, start + since).await?,
                Action::CrashBroker => {
                    if let Some(broker) = W::BROKER {
                        self.stage().crash(broker);
                    }
                }
                Action::RestartBroker => wiring.restart_broker(self).await?,
                Action::SetSlowness(Some(worker), factor) => self.crew().set_slowness(worker, factor),
                Action::SetSlowness(None, factor) => {
                    (1..=self.scenario().work.workers).for_each(|worker| self.crew().set_slowness(worker, factor));
                }
                Action::Crash(worker) => self.crash_worker(worker),
                Action::Silence(worker) => {
                    self.possible(self.stage().silence(&worker::name(worker)), "silence")?;
                    self.recorder().crashed(self.director().now(), worker);
                }
                Action::Restart(worker) => {
                    self.note_restart(worker);
                    wiring.start_worker(self, worker).await?;
                }
                Action::Stop(worker) => {
                    wiring.drain_worker(worker);
                    self.crew().ask_to_stop(worker);
                }
                Action::Redeploy(worker) => {
                    self.end_of_grace(worker);
                    wiring.start_worker(self, worker).await?;
                }
                Action::Pause(worker) => self.possible(self.stage().pause(&worker::name(worker)), "pause")?,
                Action::Resume(worker) => self.stage().resume(&worker::name(worker)),
            }
        }
        Ok(())
    }

    /// Asks all workers to stop, gives them time to finish what they are at, and ends them.
    pub async fn stop_workers(&self) {
        let workers = 1..=self.scenario().work.workers;
        workers.clone().for_each(|worker| self.crew().ask_to_stop(worker));
        let end_of_grace = self.director().now() + GRACE;
        while workers.clone().any(|worker| self.recorder().is_busy(worker)) && self.director().now() < end_of_grace {
            self.director().sleep(LOOK_EVERY).await;
        }
        // To say goodbye in.
        self.director().sleep(LOOK_EVERY).await;
        workers.for_each(|worker| self.end_of_grace(worker));
    }

    /// Ends every task of a worker, and notes its death.
    fn crash_worker(&self, worker: u32) {
        self.stage().crash(&worker::name(worker));
        self.recorder().crashed(self.director().now(), worker);
    }

    /// Notes that a worker comes back.
    fn note_restart(&self, worker: u32) {
        self.recorder().restarted(self.director().now(), worker);
    }

    /// A worker that was asked to stop has had its time. Only if it is still at a job is this a death.
    fn end_of_grace(&self, worker: u32) {
        if self.recorder().is_busy(worker) {
            self.crash_worker(worker);
            self.note_restart(worker);
        } else {
            self.stage().crash(&worker::name(worker));
        }
    }

    fn possible(&self, done: bool, fault: &'static str) -> Result<(), PlayError> {
        if done { Ok(()) } else { Err(PlayError::Impossible { fault }) }
    }
}
