//! What the producers and consumers of one run share.

use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::batch::Batch;
use super::load::Load;
use super::tally::Tally;
use crate::audit::{Audit, Death};
use crate::latency::Latencies;
use crate::stamp::Stamp;

/// Where a run has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Producers send.
    Sending,
    /// Producers wait for their last confirms; consumers go on.
    Draining,
    /// Everybody stops.
    Over,
}

/// What is shared.
pub(crate) struct Session {
    /// Tells this run from the others of this process.
    pub run: u8,
    /// What is put on the target.
    pub load: Load,
    /// One for each producer.
    pub lanes: Vec<Lane>,
    /// How many messages are sent at most, if not as many as there is time for.
    pub quota: Option<u64>,
    /// Whether messages wait in the target until the last was sent, so that none of them holds up its producer.
    pub is_storing: bool,
    phase: watch::Sender<Phase>,
    started: Instant,
    record: Mutex<Record>,
}

/// One producer's messages.
#[derive(Default)]
pub(crate) struct Lane {
    sent: AtomicU64,
    confirmed: AtomicU64,
    arrived: AtomicU64,
    /// Some arrived.
    pub arrival: Notify,
}

impl Lane {
    /// How many were sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many were confirmed.
    pub fn confirmed(&self) -> u64 {
        self.confirmed.load(Ordering::Relaxed)
    }

    /// How many arrived where they should end, counted once each.
    pub fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// More are on their way.
    pub fn add_sent(&self, count: u64) {
        self.sent.fetch_add(count, Ordering::Relaxed);
    }

    /// More were confirmed.
    pub fn add_confirmed(&self, count: u64) {
        self.confirmed.fetch_add(count, Ordering::Relaxed);
    }

    /// More arrived.
    pub fn add_arrived(&self, count: u64) {
        self.arrived.fetch_add(count, Ordering::Relaxed);
        self.arrival.notify_one();
    }
}

/// What arrived.
pub(crate) struct Record {
    pub audit: Audit,
    pub latencies: Latencies,
    /// Latencies of messages that were meant to be sent in this time are kept, in nanoseconds since the run began.
    pub measured: Range<u64>,
}

impl Session {
    /// A run that begins now, with so many producers beyond those of the load, for which nothing is sent by itself.
    pub fn new(load: &Load, more_producers: usize) -> Self {
        let producers = load.producers + more_producers;
        let run = next_run();
        let record =
            Record { audit: Audit::new(run, producers, load.consumers), latencies: Latencies::new(), measured: 0..0 };
        Session {
            run,
            load: load.clone(),
            lanes: (0..producers).map(|_| Lane::default()).collect(),
            quota: None,
            is_storing: false,
            phase: watch::Sender::new(Phase::Sending),
            started: Instant::now(),
            record: Mutex::new(record),
        }
    }

    /// A run in which at most `quota` messages wait until the last was sent.
    pub fn storing(load: &Load, quota: u64) -> Self {
        Session { quota: Some(quota), is_storing: true, ..Session::new(load, 0) }
    }

    /// From now on latencies are kept.
    pub fn begin_measuring(&self) {
        self.record().measured = self.now_ns()..u64::MAX;
    }

    /// Latencies of messages that were meant to be sent by now are kept, when they arrive; those of later ones are not.
    pub fn end_measuring(&self) {
        let now_ns = self.now_ns();
        self.record().measured.end = now_ns;
    }

    /// The most that one producer sends.
    pub fn quota_of(&self, producer: usize) -> u64 {
        let (producer, producers) = (producer as u64, self.load.producers.max(1) as u64);
        self.quota.map_or(u64::MAX, |quota| quota / producers + u64::from(producer < quota % producers))
    }

    /// Since the run began, in nanoseconds.
    pub fn now_ns(&self) -> u64 {
        nanoseconds(self.started.elapsed())
    }

    /// What arrived so far.
    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Completes when the run is in `phase` or beyond.
    pub async fn reached(&self, phase: Phase) {
        // The sender is ours, so it is never gone.
        let _ = self.phase.subscribe().wait_for(|now| *now >= phase).await;
    }

    /// A sum over all producers.
    pub fn total(&self, count: fn(&Lane) -> u64) -> u64 {
        self.lanes.iter().map(count).sum()
    }

    /// Notes what consumer number `consumer` got and will acknowledge.
    pub fn arrived(&self, consumer: usize, batch: &Batch) {
        self.note(batch, |audit, stamp| audit.arrived(consumer, stamp, |producer| self.sent_by(producer)));
    }

    /// Notes what consumer number `consumer` got and will reject.
    pub fn rejected(&self, consumer: usize, batch: &Batch) {
        self.note(batch, |audit, stamp| {
            if audit.arrived(consumer, stamp, |producer| self.sent_by(producer)) {
                audit.rejected(stamp);
            }
            false
        });
    }

    /// Notes what came from the dead letter queue.
    pub fn dead_lettered(&self, batch: &Batch) {
        self.note(batch, Audit::dead_lettered);
    }

    /// Notes that consumer number `consumer` is about to die.
    pub fn died(&self, consumer: usize, death: Death<'_>) {
        let sent = self.lanes.iter().map(Lane::sent).collect();
        self.record().audit.died(consumer, death, sent);
    }

    /// Whether everything that was sent is confirmed and has arrived where it should.
    pub fn is_drained(&self) -> bool {
        let sent = self.total(Lane::sent);
        self.total(Lane::confirmed) == sent && self.total(Lane::arrived) == sent && self.record().audit.owed() == 0
    }

    fn sent_by(&self, producer: u16) -> u64 {
        self.lanes.get(usize::from(producer)).map_or(0, Lane::sent)
    }

    /// Has each message judged; those for which `judge` says so have arrived where they should.
    fn note(&self, batch: &Batch, mut judge: impl FnMut(&mut Audit, Stamp) -> bool) {
        let mut record = self.record();
        let Record { audit, latencies, measured } = &mut *record;
        audit.corrupted(batch.corrupted);
        let mut tally = Tally::new(&self.lanes, latencies, measured, batch.at_ns);
        for stamp in &batch.stamps {
            if judge(audit, *stamp) {
                tally.add(*stamp);
            }
        }
    }
}

/// Numbers the runs of this process, so that leftovers of one are not taken for another's.
fn next_run() -> u8 {
    static RUNS: AtomicU8 = AtomicU8::new(0);
    RUNS.fetch_add(1, Ordering::Relaxed)
}

fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

#[cfg(test)]
mod tests {
    use super::super::load::{Limits, Pace};
    use super::*;

    #[test]
    fn producers_share_a_quota_to_the_last_message() {
        let load = Load {
            producers: 3,
            consumers: 1,
            body_bytes: 16,
            pace: Pace::Closed,
            warm_up: Duration::ZERO,
            measured: Duration::ZERO,
            limits: Limits::for_bodies(16),
        };
        let session = Session::storing(&load, 11);
        assert_eq!([0, 1, 2].map(|producer| session.quota_of(producer)), [4, 4, 3]);
        assert_eq!(Session::new(&load, 0).quota_of(0), u64::MAX);
    }
}
