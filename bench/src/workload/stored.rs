//! Messages wait until the last was sent, and only then are taken: publishing alone, draining alone, and a backlog.
//!
//! It is the same run each time, and everything that was stored is taken again and audited. What differs is how much is
//! stored and which part is measured.

use std::time::Duration;

use crate::drive::{
    Figures, Lane, Limits, Load, Pace, Phase, Reading, Session, connect_consumers, connect_producers, consume_all,
    drain, play, process_of, produce_all, settled_bytes, wait_for_confirms, within,
};
use crate::process::Process;
use crate::target::{Target, TargetError};

/// The most messages that are stored when it is time that ends the sending.
const MOST_MESSAGES: u64 = 5_000_000;
/// The most bytes of bodies that are stored then.
const MOST_BYTES: u64 = 512 << 20;

/// What was seen of a run, in the order in which it happened.
struct Readings {
    begun: Reading,
    /// After the warm-up.
    warm: Reading,
    /// When the time for sending was over or the quota confirmed.
    sent: Reading,
    /// When everything was confirmed.
    filled: Reading,
    /// When consumers began.
    draining: Reading,
    drained: Reading,
}

/// Resident bytes of the target's process.
#[derive(Default)]
struct Resident {
    empty: Option<u64>,
    full: Option<u64>,
    drained: Option<u64>,
}

/// Measures how fast messages are confirmed while nobody consumes.
pub(super) async fn publish_only(target: &dyn Target, load: &Load) -> Result<Figures, TargetError> {
    let stored = Stored { load, messages: most(load), warm_up: load.warm_up, looks_at_memory: false };
    let (readings, session, _) = stored.run(target).await?;
    Ok(readings.sent.since(&readings.warm, |reading| reading.confirmed).audited(&session))
}

/// Measures how fast messages are taken while nobody sends.
pub(super) async fn drain_only(target: &dyn Target, load: &Load) -> Result<Figures, TargetError> {
    let stored = Stored { load, messages: most(load), warm_up: Duration::ZERO, looks_at_memory: false };
    let (readings, session, _) = stored.run(target).await?;
    let figures = readings.drained.since(&readings.draining, |reading| reading.arrived);
    Ok(Figures { sent_per_s: 0.0, ..figures.audited(&session) })
}

/// Measures what so many waiting messages take, and how fast they come and go.
pub(super) async fn backlog(target: &dyn Target, messages: u64, body_bytes: usize) -> Result<Figures, TargetError> {
    let load = Load {
        producers: 1,
        consumers: 1,
        body_bytes,
        pace: Pace::Closed,
        warm_up: Duration::ZERO,
        measured: Duration::MAX,
        limits: Limits::for_bodies(body_bytes),
    };
    let stored = Stored { load: &load, messages, warm_up: Duration::ZERO, looks_at_memory: true };
    let (readings, session, resident) = stored.run(target).await?;
    let Readings { begun, filled, draining, drained, .. } = &readings;
    let fill = filled.since(begun, |reading| reading.confirmed);
    let drain = drained.since(draining, |reading| reading.arrived);
    let above_empty = resident.full.zip(resident.empty).map(|(full, empty)| full.saturating_sub(empty));
    let all = messages as f64;
    let figures = Figures {
        sent_per_s: fill.sent_per_s,
        messages_per_s: all / (all / fill.messages_per_s + all / drain.messages_per_s),
        cpu_s_per_million: fill.cpu_s_per_million.zip(drain.cpu_s_per_million).map(|(fill, drain)| fill + drain),
        rss_bytes: drained.peak_bytes(),
        generator_cpu: fill.generator_cpu.max(drain.generator_cpu),
        generator_limited: fill.generator_limited || drain.generator_limited,
        waiting_bytes: above_empty.map(|bytes| bytes as f64 / all),
        after_bytes: resident.drained,
        fill_per_s: Some(fill.messages_per_s),
        drain_per_s: Some(drain.messages_per_s),
        ..Figures::default()
    };
    Ok(figures.audited(&session))
}

/// As many as there is time for, but not more than fit a small machine.
fn most(load: &Load) -> u64 {
    (MOST_BYTES / load.body_bytes.max(1) as u64).clamp(1, MOST_MESSAGES)
}

struct Stored<'a> {
    load: &'a Load,
    messages: u64,
    warm_up: Duration,
    looks_at_memory: bool,
}

impl Stored<'_> {
    async fn run(&self, target: &dyn Target) -> Result<(Readings, Session, Resident), TargetError> {
        target.keeps()?;
        within(target.prepare()).await?;
        let process = process_of(target);
        let producers = connect_producers(target, self.load.producers).await?;
        let empty = self.resident(process).await;
        if let Some(process) = process {
            process.forget_peak();
        }
        let session = Session::storing(self.load, self.messages);
        let producing = produce_all(&session, producers);
        let conducting = self.conduct(target, &session, process);
        let parts = async { tokio::try_join!(conducting, producing) };
        let ((readings, resident), _) = play(&session, parts).await?;
        Ok((readings, session, Resident { empty, ..resident }))
    }

    async fn conduct(
        &self,
        target: &dyn Target,
        session: &Session,
        process: Option<Process>,
    ) -> Result<(Readings, Resident), TargetError> {
        let look = || Reading::take(session, process);
        let begun = look();
        self.fill(session, self.messages / 4, self.warm_up).await?;
        let warm = look();
        self.fill(session, self.messages, self.load.measured).await?;
        let sent = look();
        session.enter(Phase::Draining);
        wait_for_confirms(session, session.total(Lane::sent)).await?;
        let filled = look();
        let full = self.resident(process).await;
        let consumers = connect_consumers(target, self.load).await?;
        let draining = look();
        let consuming = consume_all(session, consumers);
        let emptying = async {
            drain(session).await?;
            let drained = (look(), self.resident(process).await);
            session.enter(Phase::Over);
            Ok(drained)
        };
        let ((drained, after), _) = tokio::try_join!(emptying, consuming)?;
        let resident = Resident { empty: None, full, drained: after };
        Ok((Readings { begun, warm, sent, filled, draining, drained }, resident))
    }

    /// Waits until so many are confirmed, but not longer than `longest`.
    async fn fill(&self, session: &Session, messages: u64, longest: Duration) -> Result<(), TargetError> {
        let filled = tokio::time::timeout(longest, wait_for_confirms(session, messages)).await;
        filled.unwrap_or(Ok(()))
    }

    async fn resident(&self, process: Option<Process>) -> Option<u64> {
        if self.looks_at_memory { settled_bytes(process).await } else { None }
    }
}
