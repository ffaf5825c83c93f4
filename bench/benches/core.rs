//! The broker core by itself: what a message costs, with nothing and with much in front of it.
//!
//! Run it with `cargo bench -p handoff-bench --bench core`. It measures the state machine alone: no codec, no sockets.

use std::hint::black_box;
use std::sync::LazyLock;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use handoff_broker::Timestamp;
use handoff_broker::core::{
    Broker, ChannelId, Command, ConnectionId, Effect, Head, Machine, Message, Published, QueueOptions, Reply,
};

const CONNECTION: ConnectionId = ConnectionId(1);
const CHANNEL: ChannelId = ChannelId { connection: CONNECTION, number: 1 };
const NOW: Timestamp = Timestamp::EPOCH;

/// Of all messages, as of most that one channel publishes.
static HEAD: LazyLock<Head> = LazyLock::new(|| Head::new("", b"jobs", Some(&[0, 0])));

fn message() -> Message {
    Message::under(HEAD.clone(), &[7; 16])
}

fn broker_with_queue() -> Broker {
    let mut broker = Broker::new();
    ask(&mut broker, Command::OpenChannel { channel: CHANNEL });
    let options = QueueOptions::default();
    ask(&mut broker, Command::DeclareQueue { connection: CONNECTION, name: "jobs", passive: false, options });
    broker
}

fn ask(broker: &mut Broker, command: Command<'_>) -> Reply {
    broker.handle(NOW, command).expect("a command that is in order")
}

fn publish(broker: &mut Broker) {
    let reply = ask(broker, Command::Publish { channel: CHANNEL, message: message() });
    assert_eq!(reply, Reply::Published(Published::Taken));
}

fn consume(broker: &mut Broker) {
    let (queue, consumer_tag, no_ack, exclusive) = ("jobs", "worker", false, false);
    ask(broker, Command::SetPrefetch { channel: CHANNEL, count: 1, global: false });
    ask(broker, Command::Consume { channel: CHANNEL, queue, consumer_tag, no_ack, exclusive, priority: 0 });
}

/// The delivery that the last command made possible.
fn next_delivery_tag(broker: &mut Broker) -> u64 {
    match broker.next_effect() {
        Some(Effect::Deliver { delivery, .. }) => delivery.delivery_tag,
        other => panic!("expected a delivery, got {other:?}"),
    }
}

/// A message published, delivered and acknowledged, while `backlog` others wait.
fn hand_off(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core/publish-deliver-acknowledge");
    group.throughput(Throughput::Elements(1));
    for backlog in [0_u64, 10, 100_000] {
        let mut broker = broker_with_queue();
        (0..backlog).for_each(|_| publish(&mut broker));
        consume(&mut broker);
        let mut held = (backlog > 0).then(|| next_delivery_tag(&mut broker));
        group.bench_function(BenchmarkId::new("backlog", backlog), |bencher| {
            bencher.iter(|| {
                publish(&mut broker);
                let delivery_tag = held.take().unwrap_or_else(|| next_delivery_tag(&mut broker));
                ask(&mut broker, Command::Acknowledge { channel: CHANNEL, delivery_tag, multiple: false });
                if backlog > 0 {
                    held = Some(next_delivery_tag(&mut broker));
                }
                black_box(delivery_tag)
            });
        });
        let counts = broker.queue_counts("jobs").expect("the queue");
        assert_eq!(counts.ready + counts.unacknowledged, backlog, "what is published is acknowledged");
    }
    group.finish();
}

/// A message requeued to its place before many others, and delivered again.
fn requeue(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core/requeue");
    for backlog in [10_u64, 100_000] {
        let mut broker = broker_with_queue();
        (0..backlog).for_each(|_| publish(&mut broker));
        consume(&mut broker);
        let mut delivery_tag = next_delivery_tag(&mut broker);
        group.bench_function(BenchmarkId::new("backlog", backlog), |bencher| {
            bencher.iter(|| {
                let requeue = Command::Reject { channel: CHANNEL, delivery_tag, multiple: false, requeue: true };
                ask(&mut broker, requeue);
                delivery_tag = next_delivery_tag(&mut broker);
            });
        });
        assert_eq!(broker.queue_counts("jobs").expect("the queue").ready, backlog - 1);
    }
    group.finish();
}

/// Everything that a dead consumer held goes back to its queue.
fn consumer_death(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core/close-connection");
    for held in [1_u64, 1_000] {
        group.throughput(Throughput::Elements(held));
        group.bench_function(BenchmarkId::new("unacknowledged", held), |bencher| {
            let prepare = || {
                let mut broker = broker_with_queue();
                (0..held).for_each(|_| publish(&mut broker));
                let (queue, consumer_tag, no_ack, exclusive) = ("jobs", "worker", false, false);
                ask(
                    &mut broker,
                    Command::Consume { channel: CHANNEL, queue, consumer_tag, no_ack, exclusive, priority: 0 },
                );
                while broker.next_effect().is_some() {}
                broker
            };
            let close = |mut broker: Broker| {
                ask(&mut broker, Command::CloseConnection { connection: CONNECTION });
                assert_eq!(broker.queue_counts("jobs").expect("the queue").ready, held);
                broker
            };
            bencher.iter_batched(prepare, close, BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group!(benches, hand_off, requeue, consumer_death);
criterion_main!(benches);
