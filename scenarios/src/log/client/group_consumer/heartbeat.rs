//! The task that keeps a member in its group while its owner works, and notices when the group rebalances.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{GroupId, HeartbeatRequest};
use tokio::sync::watch;

use super::member::{Membership, leave};
use crate::log::client::connection::Connection;
use crate::log::client::error::{ClientError, check};

/// What the heartbeats have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pulse {
    /// The member is in.
    Fine,
    /// The group rebalances: time to commit and join again.
    Rebalance,
    /// The member is out, and others may be reading what it read.
    Out,
    /// The broker cannot be asked any more.
    Broken(ClientError),
}

/// Beats for one membership until it is dropped.
pub(super) struct Heart {
    pulse: watch::Receiver<Pulse>,
    /// When the owner last asked for records, in nanoseconds since the epoch.
    polled_at: Arc<AtomicU64>,
}

/// How often a member says that it lives, and how long its owner may work without asking for more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    pub(super) interval: Duration,
    pub(super) max_poll_interval: Duration,
}

impl Heart {
    pub(super) fn start<R: Runtime>(
        runtime: &R,
        connection: Connection<R>,
        group: GroupId,
        membership: Membership,
        rhythm: Rhythm,
    ) -> Self {
        let polled_at = Arc::new(AtomicU64::new(runtime.now().as_nanoseconds()));
        let (shown, pulse) = watch::channel(Pulse::Fine);
        let beating =
            Beating { runtime: runtime.clone(), connection, group, membership, rhythm, polled_at: polled_at.clone() };
        runtime.spawn(beating.run(shown));
        Heart { pulse, polled_at }
    }

    /// The owner asks for records, so it is not stuck.
    pub(super) fn polled(&self, now: Timestamp) {
        self.polled_at.store(now.as_nanoseconds(), Ordering::Relaxed);
    }

    /// Completes when the pulse is not fine, and says what it is.
    pub(super) async fn not_fine(&mut self) -> Pulse {
        let pulse = self.pulse.wait_for(|pulse| *pulse != Pulse::Fine).await;
        // the task leaves a pulse behind unless its node died
        pulse.map_or(Pulse::Broken(ClientError::ConnectionLost), |pulse| *pulse)
    }
}

struct Beating<R: Runtime> {
    runtime: R,
    connection: Connection<R>,
    group: GroupId,
    membership: Membership,
    rhythm: Rhythm,
    polled_at: Arc<AtomicU64>,
}

impl<R: Runtime> Beating<R> {
    /// Beats until the member is out, the connection is lost, or nobody looks at the pulse any more.
    async fn run(self, shown: watch::Sender<Pulse>) {
        loop {
            tokio::select! {
                biased;
                () = shown.closed() => return,
                () = self.runtime.sleep(self.rhythm.interval) => {}
            }
            if self.owner_is_stuck() {
                shown.send_replace(Pulse::Out);
                // others shall have its partitions; should the broker not hear of it now, it will miss the heartbeats
                let _ = leave(&self.connection, &self.group, &self.membership.member_id).await;
                return;
            }
            let pulse = self.beat().await;
            shown.send_replace(pulse);
            if matches!(pulse, Pulse::Out | Pulse::Broken(_)) {
                return;
            }
        }
    }

    fn owner_is_stuck(&self) -> bool {
        let polled_at = Timestamp::from_nanoseconds(self.polled_at.load(Ordering::Relaxed));
        self.runtime.now().since(polled_at) > self.rhythm.max_poll_interval
    }

    async fn beat(&self) -> Pulse {
        let request = HeartbeatRequest::default()
            .with_group_id(self.group.clone())
            .with_generation_id(self.membership.generation)
            .with_member_id(self.membership.member_id.clone().into());
        let answered = self.connection.call(&request).await;
        match answered.and_then(|response| check(response.error_code)) {
            Ok(()) => Pulse::Fine,
            Err(ClientError::Refused(ResponseError::RebalanceInProgress)) => Pulse::Rebalance,
            Err(ClientError::Refused(_)) => Pulse::Out,
            Err(error) => Pulse::Broken(error),
        }
    }
}
