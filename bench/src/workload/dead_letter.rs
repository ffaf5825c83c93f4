//! Consumers reject, and another consumer takes what they rejected from the dead letter queue.
//!
//! A message is done with when it is acknowledged, or has come from the dead letter queue. That is what the rate counts,
//! what producers wait for, and where latencies end.

use futures_util::future::try_join_all;

use crate::drive::{
    Figures, Load, Session, Taker, conduct, connect_consumers, connect_producers, play, process_of, produce_all, within,
};
use crate::target::{Consumer, Target, TargetError};

/// Carries `load`; of what comes to a consumer in one go, every so many is rejected.
pub(super) async fn run(target: &dyn Target, load: &Load, every: u64) -> Result<Figures, TargetError> {
    target.keeps()?;
    within(target.prepare_dead_letters()).await?;
    let undertaker = within(target.dead_letter_consumer(load.limits.prefetch)).await?;
    let consumers = connect_consumers(target, load).await?;
    let producers = connect_producers(target, load.producers).await?;
    let process = process_of(target);
    let session = Session::new(load, 0);
    let producing = produce_all(&session, producers);
    let consuming =
        try_join_all(consumers.into_iter().enumerate().map(|(number, it)| reject(&session, number, it, every)));
    let burying = bury(&session, undertaker);
    let conducting = conduct(&session, process);
    let parts = async { tokio::try_join!(conducting, producing, consuming, burying).map(|(figures, ..)| figures) };
    play(&session, parts).await
}

async fn reject(session: &Session, number: usize, consumer: Box<dyn Consumer>, every: u64) -> Result<(), TargetError> {
    let mut taker = Taker::new(session, consumer);
    let mut batches = 0;
    while taker.take().await? {
        batches += 1;
        // Noted first: a dead letter may arrive as soon as the rejection is on its way.
        if batches % every.max(1) == 0 {
            session.rejected(number, &taker.batch);
            taker.consumer.reject().await?;
        } else {
            session.arrived(number, &taker.batch);
            taker.consumer.acknowledge().await?;
        }
    }
    Ok(())
}

async fn bury(session: &Session, consumer: Box<dyn Consumer>) -> Result<(), TargetError> {
    let mut taker = Taker::new(session, consumer);
    while taker.take().await? {
        session.dead_lettered(&taker.batch);
        taker.consumer.acknowledge().await?;
    }
    Ok(())
}
