//! What the producers and consumers of one run share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::load::Load;
use crate::audit::Audit;
use crate::latency::Latencies;

/// Where a run has got to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Producers send.
    Sending,
    /// Producers wait for their last confirms; consumers go on.
    Draining,
    /// Everybody stops.
    Over,
}

/// What is shared.
pub(super) struct Session {
    /// Tells this run from the others of this process.
    pub run: u8,
    /// What is put on the target.
    pub load: Load,
    /// One for each producer.
    pub lanes: Vec<Lane>,
    phase: watch::Sender<Phase>,
    started: Instant,
    record: Mutex<Record>,
}

/// One producer's messages.
#[derive(Default)]
pub(super) struct Lane {
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

    /// How many arrived, counted once each.
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

    fn add_arrived(&self) {
        self.arrived.fetch_add(1, Ordering::Relaxed);
        self.arrival.notify_one();
    }
}

/// What arrived.
pub(super) struct Record {
    pub audit: Audit,
    pub latencies: Latencies,
    /// Latencies of messages that were meant to be sent in this time are kept.
    pub measured: std::ops::Range<u64>,
}

impl Session {
    pub fn new(load: Load, run: u8) -> Self {
        let measured = load.warm_up..load.warm_up + load.measured;
        let record = Record {
            audit: Audit::new(run, load.body_bytes, load.producers, load.consumers),
            latencies: Latencies::new(),
            measured: nanoseconds(measured.start)..nanoseconds(measured.end),
        };
        Session {
            run,
            lanes: (0..load.producers).map(|_| Lane::default()).collect(),
            phase: watch::Sender::new(Phase::Sending),
            started: Instant::now(),
            record: Mutex::new(record),
            load,
        }
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

    /// Notes what consumer number `consumer` got at `now_ns`.
    pub fn arrived(&self, consumer: usize, body: &[u8], now_ns: u64) {
        let sent = |producer: u16| self.lanes[usize::from(producer)].sent();
        let mut record = self.record();
        let Some(stamp) = record.audit.arrived(consumer, body, sent) else { return };
        if record.measured.contains(&stamp.intended_ns) {
            record.latencies.record(now_ns.saturating_sub(stamp.intended_ns) / 1_000);
        }
        drop(record);
        self.lanes[usize::from(stamp.producer)].add_arrived();
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}
