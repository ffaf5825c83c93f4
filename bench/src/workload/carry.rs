//! Messages go from producers to consumers, all connected at once.

use crate::drive::{
    Figures, Load, Session, conduct, connect_consumers, connect_producers, consume_all, play, process_of, produce_all,
    within,
};
use crate::target::{Target, TargetError};

/// Puts `load` on `target` and measures.
pub(super) async fn run(target: &dyn Target, load: &Load) -> Result<Figures, TargetError> {
    within(target.prepare()).await?;
    let consumers = connect_consumers(target, load).await?;
    let producers = connect_producers(target, load.producers).await?;
    let process = process_of(target);
    let session = Session::new(load, 0);
    let producing = produce_all(&session, producers);
    let consuming = consume_all(&session, consumers);
    let conducting = conduct(&session, process);
    play(&session, async { tokio::try_join!(conducting, producing, consuming).map(|(figures, ..)| figures) }).await
}
