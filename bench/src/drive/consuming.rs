//! One consumer of a run.

use super::session::{Phase, Session};
use crate::target::{Consumer, TargetError};

/// Takes and acknowledges until the run is over.
pub(super) async fn consume(
    session: &Session,
    number: usize,
    mut consumer: Box<dyn Consumer>,
) -> Result<(), TargetError> {
    loop {
        let mut now_ns = None;
        let mut take = |body: &[u8]| {
            // Once for what came in one go.
            let now_ns = *now_ns.get_or_insert_with(|| session.now_ns());
            session.arrived(number, body, now_ns);
        };
        tokio::select! {
            biased;
            () = session.reached(Phase::Over) => return Ok(()),
            taken = consumer.receive(&mut take) => taken?,
        }
        consumer.acknowledge().await?;
    }
}
