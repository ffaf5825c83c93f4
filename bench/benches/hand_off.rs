//! A batch of jobs handed over and done, three ways, over loopback TCP.
//!
//! `hand_off/100/<architecture>` is the time from the first job's sending until the last of a hundred is done: by call,
//! when the worker has answered; by queue, when the worker's acknowledgement is sent after a confirmed publish; by log,
//! when the batch is appended, fetched and committed. The work itself takes no time.
//!
//! Run it with `cargo bench -p handoff-bench --bench hand_off`. It measures waiting for each other more than computing:
//! one connection each, one worker.
#![allow(clippy::disallowed_methods, reason = "benchmarks live in the real world")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use handoff_broker::client::{Channel, Connection, ConnectionOptions, Consumer};
use handoff_broker::core::{Broker, QueueOptions};
use handoff_broker::server::{Server, ServerOptions};
use handoff_broker::{Listener, Runtime, TokioRuntime};
use handoff_scenarios::http::{self, Handler, StatusCode};
use handoff_scenarios::log;
use handoff_scenarios::log::client::{self as log_client, Producer, ProducerOptions, TopicPartition};

const JOBS: usize = 100;
const BODY: [u8; 64] = [7; 64];
const LOOPBACK: &str = "127.0.0.1:0";

fn hand_off(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group(format!("hand_off/{JOBS}"));
    group.throughput(Throughput::Elements(JOBS as u64)).measurement_time(Duration::from_secs(5));

    let mut call = tokio.block_on(Call::start());
    group.bench_function("sync", |bencher| bencher.iter(|| tokio.block_on(call.batch())));
    let mut queue = tokio.block_on(Queue::start());
    group.bench_function("queue", |bencher| bencher.iter(|| tokio.block_on(queue.batch())));
    let mut log = tokio.block_on(Log::start());
    group.bench_function("log", |bencher| bencher.iter(|| tokio.block_on(log.batch())));
    group.finish();
}

/// A worker that does a job at once.
struct Worker;

impl Handler for Worker {
    async fn handle(&self, body: Bytes) -> StatusCode {
        assert_eq!(body.len(), BODY.len());
        StatusCode::OK
    }
}

struct Call {
    client: http::Client<TokioRuntime>,
    worker: std::net::SocketAddr,
}

impl Call {
    async fn start() -> Call {
        let runtime = TokioRuntime::new();
        let listener = runtime.listen(LOOPBACK.parse().expect("an address")).await.expect("a free port");
        let worker = listener.local_address().expect("an address");
        runtime.spawn(http::serve(runtime, listener, Arc::new(Worker)));
        Call { client: http::Client::new(runtime), worker }
    }

    async fn batch(&mut self) {
        for _ in 0..JOBS {
            let status = self.client.post(self.worker, Bytes::from_static(&BODY)).await.expect("an answer");
            assert_eq!(status, StatusCode::OK);
        }
    }
}

struct Queue {
    _connections: [Connection; 2],
    producer: Channel,
    worker: Channel,
    deliveries: Consumer,
}

impl Queue {
    async fn start() -> Queue {
        let runtime = TokioRuntime::new();
        let listener = runtime.listen(LOOPBACK.parse().expect("an address")).await.expect("a free port");
        let address = listener.local_address().expect("an address");
        let server = Server::new(Broker::new(), ServerOptions::default());
        runtime.spawn(async move { server.serve(runtime, listener).await });
        let open = || async { Connection::open(&runtime, address, &ConnectionOptions::default()).await };
        let connections = [open().await.expect("a connection"), open().await.expect("a connection")];
        let producer = connections[0].open_channel().await.expect("a channel");
        producer.select_confirms().await.expect("confirms");
        producer.declare_queue("jobs", &QueueOptions::default()).await.expect("a queue");
        let worker = connections[1].open_channel().await.expect("a channel");
        let deliveries = worker.consume("jobs", "worker").await.expect("a consumer");
        Queue { _connections: connections, producer, worker, deliveries }
    }

    async fn batch(&mut self) {
        let sent: Vec<_> =
            (0..JOBS).map(|_| self.producer.publish("", b"jobs", &[0, 0], &BODY).expect("an open channel")).collect();
        for _ in 0..JOBS {
            let delivery = self.deliveries.next().await.expect("a delivery");
            assert_eq!(delivery.body.len(), BODY.len());
            self.worker.acknowledge(delivery.delivery_tag, false).expect("an open channel");
        }
        for confirmation in sent {
            confirmation.await.expect("a confirm");
        }
    }
}

struct Log {
    producer: Producer<TokioRuntime>,
    consumer: log_client::Consumer<TokioRuntime>,
}

impl Log {
    async fn start() -> Log {
        let runtime = TokioRuntime::new();
        let listener = runtime.listen(LOOPBACK.parse().expect("an address")).await.expect("a free port");
        let broker = log::BrokerOptions { partitions: 1, ..log::BrokerOptions::default() };
        let options = log::ServerOptions { broker, ..log::ServerOptions::default() };
        let address = log::serve(&runtime, listener, options).expect("a log").address();
        let producer = Producer::connect(&runtime, address, ProducerOptions::default()).await.expect("a producer");
        let options = log_client::ConsumerOptions {
            group: "workers".into(),
            reset: log_client::OffsetReset::Earliest,
            ..log_client::ConsumerOptions::default()
        };
        let mut consumer = log_client::Consumer::connect(&runtime, address, options).await.expect("a consumer");
        consumer.partition_count("jobs").await.expect("a topic");
        consumer.assign(&[TopicPartition::new("jobs", 0)]).await.expect("an assignment");
        Log { producer, consumer }
    }

    async fn batch(&mut self) {
        let mut sent = Vec::with_capacity(JOBS);
        for _ in 0..JOBS {
            sent.push(self.producer.send("jobs", log::Record::keyless(Bytes::from_static(&BODY))).await);
        }
        let mut done = 0;
        while done < JOBS {
            done += self.consumer.poll().await.expect("records").len();
            self.consumer.commit(&self.consumer.positions()).await.expect("a commit");
        }
        assert_eq!(done, JOBS, "no record is read twice");
        for appended in sent {
            appended.await.expect("an append");
        }
    }
}

criterion_group!(benches, hand_off);
criterion_main!(benches);
