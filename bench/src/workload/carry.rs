//! Messages go from producers to consumers, all connected at once.

use futures_util::future::try_join_all;

use crate::drive::{
    Figures, Load, Session, conduct, connect_consumers, connect_producers, consume, play, produce, within,
};
use crate::process::Process;
use crate::target::{Target, TargetError};

/// Puts `load` on `target` and measures.
pub(super) async fn run(target: &dyn Target, load: &Load) -> Result<Figures, TargetError> {
    within(target.prepare()).await?;
    let consumers = connect_consumers(target, load).await?;
    let producers = connect_producers(target, load.producers).await?;
    let process = target.listens_on().and_then(Process::listening_on);
    let session = Session::new(load, 0);
    let producing = try_join_all(producers.into_iter().enumerate().map(|(number, it)| produce(&session, number, it)));
    let consuming = try_join_all(consumers.into_iter().enumerate().map(|(number, it)| consume(&session, number, it)));
    let conducting = conduct(&session, process);
    play(&session, async { tokio::try_join!(conducting, producing, consuming).map(|(figures, ..)| figures) }).await
}
