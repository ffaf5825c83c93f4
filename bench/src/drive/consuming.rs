//! One consumer of a run.

use futures_util::future::BoxFuture;

use super::batch::Batch;
use super::session::{Phase, Session};
use crate::target::{Consumer, TargetError};

/// Takes and acknowledges until the run is over.
pub(crate) async fn consume(session: &Session, number: usize, consumer: Box<dyn Consumer>) -> Result<(), TargetError> {
    let mut taker = Taker::new(session, consumer);
    while taker.take().await? {
        session.arrived(number, &taker.batch);
        taker.consumer.acknowledge().await?;
    }
    Ok(())
}

/// A consumer that takes, and leaves to others what becomes of it.
pub(crate) struct Taker<'a> {
    /// What came last.
    pub batch: Batch,
    /// Who took it.
    pub consumer: Box<dyn Consumer>,
    session: &'a Session,
    over: BoxFuture<'a, ()>,
}

impl<'a> Taker<'a> {
    /// Nothing is taken yet.
    pub fn new(session: &'a Session, consumer: Box<dyn Consumer>) -> Self {
        let over = Box::pin(session.reached(Phase::Over));
        Taker { batch: Batch::new(session.load.body_bytes), consumer, session, over }
    }

    /// Waits for the next batch; false if the run is over instead.
    pub async fn take(&mut self) -> Result<bool, TargetError> {
        let Taker { batch, consumer, session, over } = self;
        batch.clear();
        let mut take = |body: &[u8]| {
            // Once for what came in one go.
            if batch.is_empty() {
                batch.at_ns = session.now_ns();
            }
            batch.add(body);
        };
        tokio::select! {
            biased;
            () = over => Ok(false),
            taken = consumer.receive(&mut take) => taken.map(|()| true),
        }
    }
}
