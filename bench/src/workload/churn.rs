//! Consumers die with messages that they have not acknowledged, one after the other, and are replaced.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::audit::Death;
use crate::drive::{
    Figures, Load, Phase, Session, Taker, conduct, connect_consumers, connect_producers, play, process_of, produce_all,
    within,
};
use crate::stamp::Stamp;
use crate::target::{Consumer, Target, TargetError};

/// Carries `load` while a consumer dies `every` so often, in turn.
pub(super) async fn run(target: &dyn Target, load: &Load, every: Duration) -> Result<Figures, TargetError> {
    target.keeps()?;
    target.redelivers()?;
    within(target.prepare()).await?;
    let consumers = connect_consumers(target, load).await?;
    let producers = connect_producers(target, load.producers).await?;
    let process = process_of(target);
    let session = Session::new(load, 0);
    let producing = produce_all(&session, producers);
    let consuming = try_join_all(
        consumers
            .into_iter()
            .enumerate()
            .map(|(number, first)| Mortal { session: &session, target, number, every }.consume(first)),
    );
    let conducting = conduct(&session, process);
    let parts = async { tokio::try_join!(conducting, producing, consuming).map(|(figures, ..)| figures) };
    let figures = play(&session, parts).await?;
    let redelivered = session.record().audit.redelivered();
    Ok(Figures { redelivered: Some(redelivered), ..figures })
}

/// A consumer that dies again and again.
struct Mortal<'a> {
    session: &'a Session,
    target: &'a dyn Target,
    number: usize,
    every: Duration,
}

impl Mortal<'_> {
    async fn consume(self, mut consumer: Box<dyn Consumer>) -> Result<(), TargetError> {
        let prefetch = self.session.load.limits.prefetch;
        let mut death = Instant::now() + self.every * (self.number as u32 + 1);
        while self.live(consumer, death).await? {
            consumer = within(self.target.consumer(prefetch)).await?;
            death += self.every * self.session.load.consumers as u32;
        }
        Ok(())
    }

    /// Takes and acknowledges until the run is over; or, from `death` on, until there is something to die with. Whether
    /// it died.
    async fn live(&self, consumer: Box<dyn Consumer>, death: Instant) -> Result<bool, TargetError> {
        let prefetch = self.session.load.limits.prefetch;
        let mut taker = Taker::new(self.session, consumer);
        // The target may not have read the acknowledgements of these.
        let mut latest: VecDeque<Stamp> = VecDeque::new();
        while taker.take().await? {
            self.session.arrived(self.number, &taker.batch);
            let held = &taker.batch.stamps;
            // From the drain on everybody lives, so that everything comes to an end.
            if self.session.phase() == Phase::Sending && Instant::now() >= death && !held.is_empty() {
                self.session.died(self.number, Death { held, unsure: latest.make_contiguous(), prefetch });
                return Ok(true);
            }
            taker.consumer.acknowledge().await?;
            latest.extend(held);
            latest.drain(..latest.len().saturating_sub(prefetch.into()));
        }
        Ok(false)
    }
}
