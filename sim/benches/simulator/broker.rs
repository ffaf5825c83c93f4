//! The broker at work in a simulated world: the same program, generic over the runtime.

use std::net::SocketAddr;

use criterion::{Criterion, Throughput};
use handoff_broker::client::{ClientError, Connection, ConnectionOptions};
use handoff_broker::core::{Broker, QueueOptions};
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Listener, Runtime};
use handoff_scenarios::Stage;
use handoff_sim::world::{SimulatedStage, WorldOptions, run};

use crate::is_measured;

/// How many publishes wait for their confirm at once.
const BATCH: u64 = 10;
const BODY: [u8; 64] = [7; 64];

pub fn hand_off(criterion: &mut Criterion) {
    let messages = if is_measured() { 5_000 } else { BATCH };
    let mut group = criterion.benchmark_group("simulator/hand-off");
    group.throughput(Throughput::Elements(messages));
    group.bench_function("handoff", |bencher| bencher.iter(|| on_handoff(messages)));
    #[cfg(feature = "turmoil")]
    group.bench_function("turmoil", |bencher| bencher.iter(|| crate::turmoil::hand_off(messages)));
    group.finish();
}

/// The broker, until its node ends.
pub async fn serve<R: Runtime>(runtime: R, listener: R::Listener) {
    Server::new(Broker::new(), ServerOptions::trusting()).serve(runtime, listener).await;
}

/// Publishes messages in batches, and consumes each batch before the next.
pub async fn work<R: Runtime>(runtime: R, address: SocketAddr, messages: u64) -> Result<(), ClientError> {
    let options = ConnectionOptions::default();
    let connection = Connection::open(&runtime, address, &options).await?;
    let channel = connection.open_channel().await?;
    channel.select_confirms().await?;
    channel.declare_queue("jobs", &QueueOptions::default()).await?;
    let consuming = Connection::open(&runtime, address, &options).await?;
    let consuming_channel = consuming.open_channel().await?;
    let mut consumer = consuming_channel.consume("jobs", "worker").await?;
    for _ in 0..messages / BATCH {
        let mut confirmations = Vec::new();
        for _ in 0..BATCH {
            confirmations.push(channel.publish("", b"jobs", &[0, 0], &BODY)?);
        }
        for _ in 0..BATCH {
            let delivery = consumer.next().await.expect("the broker pushes what was published");
            consuming_channel.acknowledge(delivery.delivery_tag, false)?;
        }
        for confirmation in confirmations {
            confirmation.await?;
        }
    }
    Ok(())
}

fn on_handoff(messages: u64) {
    let outcome = run(WorldOptions::default(), move |stage: SimulatedStage| async move {
        let server = stage.node("broker");
        let listener = server.listen(stage.listen_address("broker")).await.expect("a free port");
        let address = listener.local_address().expect("an address");
        server.spawn(serve(server.clone(), listener));
        work(stage.node("client"), address, messages).await
    });
    outcome.value.expect("the world goes on").expect("every message is handed over");
}
