//! What a run comes to: the difference between two looks at its counters.

use std::time::{Duration, Instant};

use super::load::{Load, Pace};
use super::session::{Lane, Session};
use crate::audit::Findings;
use crate::latency::LatencySummary;
use crate::process::Process;

/// A generator that used more of its processor than this may be what was measured.
const BUSY_GENERATOR: f64 = 0.9;
/// An open loop that sent less than this share of what it should have is late.
const KEPT_UP: f64 = 0.98;
/// Messages that take longer than this on average wait in the target, or in front of it, in seconds.
const TRANSIT_S: f64 = 0.02;

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Messages that were sent, a second.
    pub sent_per_s: f64,
    /// Messages that arrived for the first time (or, where nobody consumes, were confirmed), a second.
    pub messages_per_s: f64,
    /// From the moment at which a message was meant to be sent until its consumer had it. Empty if messages were made to
    /// wait.
    pub latency_us: LatencySummary,
    /// Processor seconds that the target's process used for a million messages; `None` if it could not be found.
    pub cpu_s_per_million: Option<f64>,
    /// The most memory that the target's process had, in bytes; `None` if it could not be found.
    pub rss_bytes: Option<u64>,
    /// How much of one processor the generator used, from 0 to 1.
    pub generator_cpu: f64,
    /// Whether the generator was the limit: it was busy, or sent less than was asked although the target kept up.
    pub generator_limited: bool,
    /// Resident bytes for each waiting message, above those of the empty target.
    pub waiting_bytes: Option<f64>,
    /// Resident bytes when everything was taken again.
    pub after_bytes: Option<u64>,
    /// Resident bytes for each connection that does nothing.
    pub connection_bytes: Option<f64>,
    /// Messages confirmed a second while nobody consumed.
    pub fill_per_s: Option<f64>,
    /// Messages taken a second while nobody sent.
    pub drain_per_s: Option<f64>,
    /// Messages that came again because whoever held them died.
    pub redelivered: Option<u64>,
    /// What the audit found.
    pub findings: Findings,
}

/// Counters at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    at: Instant,
    sent: u64,
    /// How many messages were confirmed.
    pub confirmed: u64,
    /// How many arrived.
    pub arrived: u64,
    target_cpu: Option<Duration>,
    target_peak_bytes: Option<u64>,
    own_cpu: Option<Duration>,
}

impl Reading {
    /// Looks now.
    pub fn take(session: &Session, process: Option<Process>) -> Self {
        Reading {
            at: Instant::now(),
            sent: session.total(Lane::sent),
            confirmed: session.total(Lane::confirmed),
            arrived: session.total(Lane::arrived),
            target_cpu: process.and_then(Process::cpu),
            target_peak_bytes: process.and_then(Process::peak_resident_bytes),
            own_cpu: Process::this().cpu(),
        }
    }

    /// What happened since; a message is done with when `done` counts it.
    pub fn since(&self, before: &Reading, done: fn(&Reading) -> u64) -> Figures {
        let elapsed_s = self.at.duration_since(before.at).as_secs_f64().max(1e-9);
        let between =
            |read: fn(&Reading) -> Option<Duration>| Some(read(self)?.saturating_sub(read(before)?).as_secs_f64());
        let count = done(self) - done(before);
        let generator_cpu = between(|reading| reading.own_cpu).unwrap_or_default() / elapsed_s;
        Figures {
            sent_per_s: (self.sent - before.sent) as f64 / elapsed_s,
            messages_per_s: count as f64 / elapsed_s,
            cpu_s_per_million: between(|reading| reading.target_cpu).map(|cpu_s| cpu_s / count.max(1) as f64 * 1e6),
            rss_bytes: self.target_peak_bytes,
            generator_cpu,
            generator_limited: generator_cpu > BUSY_GENERATOR,
            ..Figures::default()
        }
    }

    /// The most memory that the target's process had until then.
    pub fn peak_bytes(&self) -> Option<u64> {
        self.target_peak_bytes
    }

    /// How many messages have been sent and not arrived.
    pub fn outstanding(&self) -> u64 {
        self.sent - self.arrived
    }
}

impl Figures {
    /// With what is known when everything has arrived that can: latencies, and what the audit found.
    pub(crate) fn audited(self, session: &Session) -> Figures {
        let confirmed: Vec<u64> = session.lanes.iter().map(Lane::confirmed).collect();
        let record = session.record();
        Figures { latency_us: record.latencies.summary(), findings: record.audit.finish(&confirmed), ..self }
    }

    /// With the generator named as the limit if it fell behind its rate, `outstanding` messages being on their way at the
    /// end, and it was not the target that held it up: then messages would have waited in front of it.
    pub(crate) fn held_to(self, load: &Load, outstanding: u64) -> Figures {
        let Pace::Open { rate_per_s } = load.pace else { return self };
        let target_kept_up =
            self.messages_per_s >= KEPT_UP * self.sent_per_s && (outstanding as f64) < TRANSIT_S * self.messages_per_s;
        let is_late = self.sent_per_s < KEPT_UP * rate_per_s;
        Figures { generator_limited: self.generator_limited || (is_late && target_kept_up), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::Limits;

    fn load(pace: Pace) -> Load {
        Load {
            producers: 1,
            consumers: 1,
            body_bytes: 16,
            pace,
            warm_up: Duration::ZERO,
            measured: Duration::from_secs(1),
            limits: Limits::for_bodies(16),
        }
    }

    fn is_limited(sent_per_s: f64, messages_per_s: f64, outstanding: u64) -> bool {
        let figures = Figures { sent_per_s, messages_per_s, ..Figures::default() };
        figures.held_to(&load(Pace::Open { rate_per_s: 1_000.0 }), outstanding).generator_limited
    }

    #[test]
    fn a_generator_that_is_late_on_its_own_is_the_limit() {
        assert!(is_limited(900.0, 900.0, 5));
        assert!(!is_limited(990.0, 990.0, 5), "it sent nearly all");
        assert!(!is_limited(900.0, 700.0, 5), "the target did not keep up");
        assert!(!is_limited(900.0, 900.0, 500), "messages waited in front of the target");
    }

    #[test]
    fn a_busy_generator_is_the_limit_of_any_loop() {
        for pace in [Pace::Closed, Pace::Open { rate_per_s: 1.0 }] {
            let busy = Figures { generator_limited: true, sent_per_s: 1.0, ..Figures::default() };
            assert!(busy.held_to(&load(pace), 0).generator_limited);
        }
        assert!(!Figures::default().held_to(&load(Pace::Closed), 0).generator_limited);
    }
}
