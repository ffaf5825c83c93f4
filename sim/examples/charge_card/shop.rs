//! The application's producer: has each order on the queue before it takes the next.

use std::net::SocketAddr;

use handoff_broker::Runtime;
use handoff_broker::client::{ClientError, Connection, ConnectionOptions};
use handoff_broker::core::QueueOptions;

/// The queue of orders to be paid.
pub const QUEUE: &str = "orders";

/// Publishes `orders` orders, and is done when the broker has them all. One that starts again after a crash publishes
/// them again: better twice than never.
pub async fn sell<R: Runtime>(runtime: R, broker: SocketAddr, orders: u64) -> Result<(), ClientError> {
    let connection = Connection::open(&runtime, broker, &ConnectionOptions::default()).await?;
    let channel = connection.open_channel().await?;
    channel.declare_queue(QUEUE, &QueueOptions::default()).await?;
    channel.select_confirms().await?;
    for number in 1..=orders {
        channel.publish("", QUEUE.as_bytes(), b"\0\0", format!("order {number}").as_bytes())?.await?;
    }
    Ok(())
}
