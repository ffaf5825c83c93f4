//! The application's consumer: charges the card of each order, and acknowledges it when that is done.

use std::net::SocketAddr;

use handoff_broker::Runtime;
use handoff_broker::client::{ClientError, Connection, ConnectionOptions};
use handoff_broker::core::QueueOptions;

use super::bank::Bank;
use super::shop::QUEUE;

/// How much care a worker takes.
#[derive(Clone, Copy, Debug)]
pub enum Care {
    /// Charges whatever it is delivered.
    Naive,
    /// Tells the bank which order a charge is for, so that the same order is never booked twice.
    Idempotent,
}

/// Works until the connection ends.
pub async fn work<R: Runtime>(
    runtime: R,
    broker: SocketAddr,
    name: &str,
    bank: &Bank,
    care: Care,
    log: impl Fn(String) + Send,
) -> Result<(), ClientError> {
    let options = ConnectionOptions { heartbeat_s: Some(1), ..ConnectionOptions::default() };
    let connection = Connection::open(&runtime, broker, &options).await?;
    let channel = connection.open_channel().await?;
    channel.declare_queue(QUEUE, &QueueOptions::default()).await?;
    channel.set_prefetch(1).await?;
    let mut orders = channel.consume(QUEUE, name).await?;
    while let Some(delivery) = orders.next().await {
        let order = String::from_utf8_lossy(&delivery.body).into_owned();
        let idempotency_key = match care {
            Care::Naive => None,
            Care::Idempotent => Some(&*order),
        };
        log(format!("charges the card for {order}"));
        bank.charge(&runtime, &order, idempotency_key).await;
        log(format!("has charged the card for {order}"));
        channel.acknowledge(delivery.delivery_tag, false)?;
    }
    Ok(())
}
