//! Carries out a hundred thousand operations behind a backlog, for callgrind to count the instructions of each: a
//! message is published, another one acknowledged, and the next one delivered.
//!
//! ```sh
//! cargo build --release -p handoff-bench --example operations
//! valgrind --tool=callgrind --toggle-collect='operations::operations' target/release/examples/operations 10000000
//! ```

use handoff_broker::Timestamp;
use handoff_broker::core::{
    Broker, ChannelId, Command, ConnectionId, Effect, Head, Machine, Message, QueueOptions, Reply,
};

const CONNECTION: ConnectionId = ConnectionId(1);
const CHANNEL: ChannelId = ChannelId { connection: CONNECTION, number: 1 };
/// How many operations are counted.
const OPERATIONS: usize = 100_000;

fn main() {
    let backlog: usize = match std::env::args().nth(1).map(|backlog| backlog.parse()) {
        Some(Ok(backlog)) => backlog,
        _ => {
            eprintln!("expected one argument: how many messages wait");
            std::process::exit(2);
        }
    };
    let mut broker = Broker::new();
    let options = QueueOptions::default();
    ask(&mut broker, Command::OpenChannel { channel: CHANNEL });
    ask(&mut broker, Command::DeclareQueue { connection: CONNECTION, name: "jobs", passive: false, options });
    let head = Head::new("", b"jobs", Some(&[0, 0]));
    (0..backlog).for_each(|_| publish(&mut broker, &head));
    let (queue, consumer_tag, no_ack, exclusive) = ("jobs", "worker", false, false);
    ask(&mut broker, Command::SetPrefetch { channel: CHANNEL, count: 1, global: false });
    ask(&mut broker, Command::Consume { channel: CHANNEL, queue, consumer_tag, no_ack, exclusive, priority: 0 });
    operations(&mut broker, &head);
    let counts = broker.queue_counts("jobs").expect("the queue");
    assert_eq!(counts.ready + counts.unacknowledged, backlog as u64);
    println!("{OPERATIONS} operations behind {backlog} messages");
}

#[inline(never)]
fn operations(broker: &mut Broker, head: &Head) {
    let mut delivery_tag = next_delivery_tag(broker);
    for _ in 0..OPERATIONS {
        publish(broker, head);
        ask(broker, Command::Acknowledge { channel: CHANNEL, delivery_tag, multiple: false });
        delivery_tag = next_delivery_tag(broker);
    }
}

fn publish(broker: &mut Broker, head: &Head) {
    ask(broker, Command::Publish { channel: CHANNEL, message: Message::under(head.clone(), &[7; 16]) });
}

fn ask(broker: &mut Broker, command: Command<'_>) -> Reply {
    broker.handle(Timestamp::EPOCH, command).expect("a command that is in order")
}

fn next_delivery_tag(broker: &mut Broker) -> u64 {
    match broker.next_effect() {
        Some(Effect::Deliver { delivery, .. }) => delivery.delivery_tag,
        other => panic!("expected a delivery, got {other:?}"),
    }
}
