//! The broker's server in the world: what it does when memory is short is as deterministic as everything else.

use std::net::SocketAddr;

use handoff_broker::Runtime;
use handoff_broker::client::{Channel, ClientError, Connection, ConnectionOptions};
use handoff_broker::core::{Broker, QueueOptions};
use handoff_broker::server::{MemoryWatermark, Server, ServerOptions};
use handoff_scenarios::Stage;
use handoff_sim::world::{Outcome, SimulatedRuntime, SimulatedStage, run};

use crate::support::{listen, random, us};

const MESSAGES: usize = 400;
const BODY: [u8; 1_000] = [7; 1_000];
/// Room for fifty messages or so, and the buffers of two connections.
const WATERMARK_BYTES: u64 = 64 * 1024;

async fn channel(runtime: &SimulatedRuntime, address: SocketAddr) -> Result<(Connection, Channel), ClientError> {
    let connection = Connection::open(runtime, address, &ConnectionOptions::default()).await?;
    let channel = connection.open_channel().await?;
    channel.select_confirms().await?;
    channel.declare_queue("jobs", &QueueOptions::default()).await?;
    Ok((connection, channel))
}

/// A producer that is ten times as fast as its consumer. Gives the most memory that was in use, how often producers
/// were seen to be blocked, and what the consumer got.
fn flood(seed: u64) -> Outcome<(u64, u64, usize)> {
    run(random(seed), |stage: SimulatedStage| async move {
        let (listener, address) = listen(&stage).await;
        let memory = MemoryWatermark::at(WATERMARK_BYTES);
        let options = ServerOptions { memory, ..ServerOptions::trusting() };
        let server = Server::new(Broker::new(), options);
        let (serving, runtime) = (server.clone(), stage.node("server"));
        stage.node("server").spawn(async move { serving.serve(runtime, listener).await });

        let producer = stage.node("producer");
        stage.node("producer").spawn(async move {
            let (_connection, channel) = channel(&producer, address).await.expect("the broker is there");
            let mut confirmations = Vec::new();
            for _ in 0..MESSAGES {
                confirmations.push(channel.publish("", b"jobs", &[0, 0], &BODY).expect("open"));
                producer.sleep(us(100)).await;
            }
            for confirmation in confirmations {
                confirmation.await.expect("confirmed, if late");
            }
        });
        let (connection, channel) = channel(&stage.node("consumer"), address).await.expect("the broker is there");
        channel.set_prefetch(4).await.expect("open");
        let mut deliveries = channel.consume("jobs", "slow").await.expect("open");
        let (mut most_bytes, mut blocked, mut got) = (0, 0, 0);
        while got < MESSAGES {
            let delivery = deliveries.next().await.expect("everything arrives");
            stage.sleep(us(1_000)).await;
            channel.acknowledge(delivery.delivery_tag, false).expect("open");
            got += 1;
            let memory = server.snapshot().memory;
            most_bytes = most_bytes.max(memory.message_bytes + memory.buffer_bytes);
            blocked += u64::from(memory.is_blocking);
        }
        drop(connection);
        (most_bytes, blocked, got)
    })
}

#[test]
fn a_flood_is_held_at_the_watermark_and_every_message_arrives() {
    let (most_bytes, blocked, got) = flood(1).value.expect("the world runs to its end");
    assert_eq!(got, MESSAGES);
    assert!(blocked > 10, "the producer was seen blocked {blocked} times");
    assert!(most_bytes < 2 * WATERMARK_BYTES, "{most_bytes} bytes");
}

#[test]
fn blocking_is_the_same_for_the_same_seed() {
    let (first, second) = (flood(7), flood(7));
    assert_eq!((first.value, first.hash, first.elapsed), (second.value, second.hash, second.elapsed));
}
