//! Connections that do nothing, and one more pair beside them that works.
//!
//! That they are still there at the end is shown by each of them sending a message then.

use futures_util::future::try_join_all;

use crate::drive::{
    Figures, Load, Phase, Sender, Session, connect_consumers, connect_producers, consume_all, drain, measure, play,
    process_of, produce_all, settled_bytes, within,
};
use crate::target::{Producer, Target, TargetError};

/// Measures what so many connections take that do nothing, and `load` beside them.
pub(super) async fn run(target: &dyn Target, connections: usize, load: &Load) -> Result<Figures, TargetError> {
    // What they say at the end has to be carried to a consumer that is not theirs.
    target.keeps()?;
    within(target.prepare()).await?;
    let process = process_of(target);
    let consumers = connect_consumers(target, load).await?;
    let producers = connect_producers(target, load.producers).await?;
    let without = settled_bytes(process).await;
    let idle = connect_one_by_one(target, connections).await?;
    let with = settled_bytes(process).await;

    let session = Session::new(load, connections);
    let producing = produce_all(&session, producers);
    let consuming = consume_all(&session, consumers);
    let conducting = async {
        let figures = measure(&session, process).await;
        session.enter(Phase::Draining);
        speak_up(&session, idle).await?;
        drain(&session).await?;
        session.enter(Phase::Over);
        Ok(figures.audited(&session))
    };
    let parts = async { tokio::try_join!(conducting, producing, consuming).map(|(figures, ..)| figures) };
    let figures = play(&session, parts).await?;
    let taken_bytes = with.zip(without).map(|(with, without)| with.saturating_sub(without));
    let connection_bytes = taken_bytes.map(|bytes| bytes as f64 / connections.max(1) as f64);
    Ok(Figures { connection_bytes, ..figures })
}

/// A thousand at once would be more than some targets have room for in their listener's queue.
async fn connect_one_by_one(target: &dyn Target, count: usize) -> Result<Vec<Box<dyn Producer>>, TargetError> {
    let mut connected = Vec::new();
    for _ in 0..count {
        connected.push(within(target.producer()).await?);
    }
    Ok(connected)
}

/// Each sends a message and waits for its confirm.
async fn speak_up(session: &Session, idle: Vec<Box<dyn Producer>>) -> Result<(), TargetError> {
    let first = session.load.producers;
    let now_ns = session.now_ns();
    let speaking = idle.into_iter().enumerate().map(async |(number, producer)| {
        let mut sender = Sender::new(session, first + number, producer);
        sender.send(1, |_| now_ns).await?;
        sender.take_last_confirms().await
    });
    within(async { try_join_all(speaking).await.map(drop) }).await
}
