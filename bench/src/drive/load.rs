//! What is put on a target.

use std::fmt;
use std::time::Duration;

/// A load: who sends what, how fast, for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// How many producers there are, each on a connection of its own.
    pub producers: usize,
    /// How many consumers compete, each on a connection of its own.
    pub consumers: usize,
    /// Bytes of each body; at least [`STAMP_BYTES`](crate::stamp::STAMP_BYTES).
    pub body_bytes: usize,
    /// How fast messages are sent.
    pub pace: Pace,
    /// How long it is under load before anything is measured.
    pub warm_up: Duration,
    /// How long it is measured.
    pub measured: Duration,
    /// What may be outstanding.
    pub limits: Limits,
}

/// How fast messages are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// As fast as confirms and consumers allow.
    Closed,
    /// So many a second in all, evenly spaced, whether or not earlier ones were confirmed.
    Open {
        /// Messages a second.
        rate_per_s: f64,
    },
}

/// What may be outstanding, and for how long: the same for every target, so that none is given more to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many publishes of one producer may be unconfirmed, closed loop.
    pub window: u64,
    /// How many of one producer's messages may be sent and not received, closed loop: so that a slow consumer slows its
    /// producers instead of leaving a backlog.
    pub in_flight: u64,
    /// How many messages are sent in one go, closed loop.
    pub batch: usize,
    /// How many deliveries each consumer may hold unacknowledged.
    pub prefetch: u16,
    /// How long nothing may be confirmed or arrive while something is outstanding: then a target that owes confirms has
    /// died, and what has not arrived is lost.
    pub silence: Duration,
}

/// Longer than any pause of a target that is alive.
const SILENCE: Duration = Duration::from_secs(10);

impl Limits {
    /// For bodies of this size: thousands of small ones, or as many large ones as make 4 MiB.
    pub fn for_bodies(body_bytes: usize) -> Self {
        let window = ((4 << 20) / body_bytes.max(1) as u64).clamp(32, 2_000);
        Limits {
            window,
            in_flight: 2 * window,
            batch: (window / 8) as usize,
            prefetch: window as u16,
            silence: SILENCE,
        }
    }
}

impl fmt::Display for Load {
    /// In a line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Load { producers, consumers, body_bytes, pace, measured, limits, .. } = self;
        let Limits { window, batch, prefetch, .. } = limits;
        match pace {
            Pace::Closed => write!(formatter, "closed loop, window {window}, batches of {batch}")?,
            Pace::Open { rate_per_s } => write!(formatter, "open loop, {rate_per_s}/s")?,
        }
        let measured_s = measured.as_secs_f64();
        write!(
            formatter,
            ", {body_bytes} B, {producers} to {consumers}, prefetch {prefetch}, confirmed and acknowledged, {measured_s} s"
        )
    }
}
