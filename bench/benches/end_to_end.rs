//! A batch from its producer to its consumer and back: sent and confirmed, delivered and acknowledged, over loopback TCP.
//!
//! `end_to_end/<messages>x<bytes>/<system>` is the time until both sides have heard of all of a batch. `<system>` is our
//! broker or our log, through the drivers of the benchmark suite, or a call without anybody in between. One connection
//! a side; everything runs on one thread, so that what is measured is all the work that there is.
//!
//! Run it with `cargo bench -p handoff-bench --bench end_to_end`. Of clients that people would use, and of one job after
//! the other, `hand_off` tells.
#![allow(clippy::disallowed_methods, reason = "benchmarks live in the real world")]

use std::net::SocketAddr;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use handoff_bench::target::amqp::Amqp;
use handoff_bench::target::call::Call;
use handoff_bench::target::kafka::Kafka;
use handoff_bench::target::{Consumer, Producer, Target, TargetError};
use handoff_broker::core::Broker;
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Listener as _, Runtime as _, TokioRuntime};
use handoff_scenarios::log;
use tokio::runtime::Runtime;

/// How many messages a batch has, and of how many bytes.
const BATCHES: [(usize, usize); 4] = [(1, 16), (100, 16), (100, 1_024), (8, 65_536)];
/// More than the largest batch.
const PREFETCH: u16 = 200;

fn end_to_end(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let systems: [(&str, Box<dyn Target>); 3] = [
        ("broker", Box::new(Amqp::at(tokio.block_on(start_broker()), "in memory"))),
        ("log", Box::new(Kafka::ours(tokio.block_on(start_log())))),
        ("call", Box::new(Call::default())),
    ];
    for (messages, bytes) in BATCHES {
        let mut group = criterion.benchmark_group(format!("end_to_end/{messages}x{bytes}"));
        group.throughput(Throughput::Elements(messages as u64));
        for (name, target) in &systems {
            let mut pair = Pair::connect(&tokio, &**target, messages, bytes).expect("a system that is up");
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter(|| tokio.block_on(pair.carry()).expect("a system that stays up"));
            });
            drop(pair);
            tokio.block_on(target.clean_up()).expect("a system that stays up");
        }
        group.finish();
    }
}

async fn start_broker() -> SocketAddr {
    let runtime = TokioRuntime::new();
    let listener = runtime.listen(loopback()).await.expect("a free port");
    let address = listener.local_address().expect("an address");
    let server = Server::new(Broker::new(), ServerOptions::default());
    runtime.spawn(async move { server.serve(runtime, listener).await });
    address
}

async fn start_log() -> SocketAddr {
    let runtime = TokioRuntime::new();
    let listener = runtime.listen(loopback()).await.expect("a free port");
    log::serve(&runtime, listener, log::ServerOptions::default()).expect("a log").address()
}

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// A producer, a consumer, and the batch that goes from one to the other.
struct Pair {
    producer: Box<dyn Producer>,
    consumer: Box<dyn Consumer>,
    bodies: Vec<Vec<u8>>,
}

impl Pair {
    fn connect(tokio: &Runtime, target: &dyn Target, messages: usize, bytes: usize) -> Result<Pair, TargetError> {
        tokio.block_on(async {
            target.split_among(1);
            target.prepare().await?;
            let consumer = target.consumer(PREFETCH).await?;
            let producer = target.producer().await?;
            Ok(Pair { producer, consumer, bodies: vec![vec![7; bytes]; messages] })
        })
    }

    /// Carries the batch once, whole.
    async fn carry(&mut self) -> Result<(), TargetError> {
        let Pair { producer, consumer, bodies } = self;
        let send = async {
            producer.send(bodies).await?;
            let mut confirmed = 0;
            while confirmed < bodies.len() {
                confirmed += producer.confirmed().await? as usize;
            }
            Ok::<_, TargetError>(confirmed)
        };
        let take = async {
            let (mut received, mut received_bytes) = (0, 0);
            while received < bodies.len() {
                let mut take = |body: &[u8]| (received, received_bytes) = (received + 1, received_bytes + body.len());
                consumer.receive(&mut take).await?;
                consumer.acknowledge().await?;
            }
            Ok::<_, TargetError>((received, received_bytes))
        };
        let (confirmed, received) = tokio::try_join!(send, take)?;
        let sent_bytes = bodies.iter().map(Vec::len).sum();
        assert_eq!((confirmed, received), (bodies.len(), (bodies.len(), sent_bytes)), "everything comes once");
        Ok(())
    }
}

criterion_group!(benches, end_to_end);
criterion_main!(benches);
