//! Two producers and two consumers of one queue: what each may do next, and what the broker is told when it does.
//!
//! A step is all the commands that one client gives without anybody else being able to tell them apart: opening a
//! channel, asking for a prefetch and consuming are one.

use handoff_broker::Timestamp;
use handoff_broker::amqp::codec::{Properties, Table, Value};
use handoff_broker::core::{
    ChannelId, Command, ConnectionId, Delivery, Effect, Machine, Message, Published, QueueOptions, QueuePolicy,
    Refusal, Reply,
};
use handoff_sim::defect::Defective;

use super::oracle::{Oracle, expect};

/// The queue that everybody uses.
pub const QUEUE: &str = "work";
/// How often a message may be requeued; the requeue after that kills it.
pub const DELIVERY_LIMIT: u32 = 1;
/// Content type `t`: the flags of the first property, and its value (AMQP 0-9-1, 4.2.6.1).
pub const PROPERTIES: &[u8] = b"\x80\0\x01t";
/// Where its dead letters go.
const DEAD: &str = "dead";
/// What the producers publish. No two bodies are of one length: it is all that a message's debug text tells.
const BODIES: [&[&str]; 2] = [&["a", "bb"], &["ccc"]];
/// Nothing here depends on time.
const NOW: Timestamp = Timestamp::EPOCH;
/// Looks at what is left.
const AUDITOR: ChannelId = ChannelId { connection: ConnectionId(99), number: 1 };

/// A small world.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// Of each consumer.
    pub prefetch: [u16; 2],
    /// How many clients crash, at most. They come back.
    pub crashes: u32,
    /// How many deliveries are requeued or rejected, at most. All others are acknowledged.
    pub refusals: u32,
}

/// What a consumer says of a delivery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Acknowledge,
    Requeue,
    Reject,
}

/// What one client does at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Producer 0 or 1 publishes its next message, and gets its confirm.
    Publish(usize),
    /// Consumer 0 or 1 connects and consumes.
    Consume(usize),
    /// A consumer settles the first or second delivery of those that it holds.
    Settle(usize, usize, Answer),
    /// A producer dies before it reads its last confirm: it comes back and publishes that message again.
    CrashProducer(usize),
    /// A consumer dies with what it holds.
    CrashConsumer(usize),
}

#[derive(Debug, Default)]
struct Producer {
    lives: u64,
    next: usize,
}

#[derive(Debug, Default)]
struct Consumer {
    lives: u64,
    consumes: bool,
    /// The tags it holds.
    held: Vec<u64>,
}

/// A broker, its clients and the oracle, somewhere in the middle of it.
pub struct Play {
    world: World,
    broker: Defective,
    clients: Clients,
}

/// All but the broker.
#[derive(Debug, Default)]
struct Clients {
    producers: [Producer; 2],
    consumers: [Consumer; 2],
    crashes: u32,
    refusals: u32,
    oracle: Oracle,
}

impl Play {
    /// The beginning.
    pub fn new(world: World, broker: Defective) -> Result<Self, String> {
        let mut play = Play { world, broker, clients: Clients::default() };
        let dead_letters = QueuePolicy {
            delivery_limit: Some(DELIVERY_LIMIT),
            dead_letter_exchange: Some(String::new()),
            dead_letter_routing_key: Some(DEAD.into()),
            ..QueuePolicy::default()
        };
        for (name, policy) in [(QUEUE, dead_letters), (DEAD, QueuePolicy::default())] {
            let options = QueueOptions { policy, ..QueueOptions::default() };
            let connection = AUDITOR.connection;
            play.run(Command::DeclareQueue { connection, name, passive: false, options })?;
        }
        (0..2).try_for_each(|producer| play.open(play.producer_channel(producer)))?;
        Ok(play)
    }

    /// What may come next. Nothing at the end, which is when everything is published and settled.
    pub fn steps(&self) -> Vec<Step> {
        let Clients { producers, consumers, crashes, refusals, .. } = &self.clients;
        let mut steps = Vec::new();
        for (number, producer) in producers.iter().enumerate() {
            steps.extend((producer.next < BODIES[number].len()).then_some(Step::Publish(number)));
        }
        for (number, consumer) in consumers.iter().enumerate() {
            steps.extend((!consumer.consumes).then_some(Step::Consume(number)));
            for place in 0..consumer.held.len() {
                steps.push(Step::Settle(number, place, Answer::Acknowledge));
                if *refusals < self.world.refusals {
                    steps.extend([Answer::Requeue, Answer::Reject].map(|answer| Step::Settle(number, place, answer)));
                }
            }
        }
        if !steps.is_empty() && *crashes < self.world.crashes {
            let published = producers.iter().enumerate().filter(|(_, producer)| producer.next > 0);
            steps.extend(published.map(|(number, _)| Step::CrashProducer(number)));
            let consuming = consumers.iter().enumerate().filter(|(_, consumer)| consumer.consumes);
            steps.extend(consuming.map(|(number, _)| Step::CrashConsumer(number)));
        }
        steps
    }

    /// Takes a step. What went wrong, if something did.
    pub fn take(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Publish(number) => self.publish(number)?,
            Step::Consume(number) => self.consume(number)?,
            Step::Settle(number, place, answer) => self.settle(number, place, answer)?,
            Step::CrashProducer(number) => {
                self.crash(self.producer_channel(number).connection)?;
                let producer = &mut self.clients.producers[number];
                (producer.lives, producer.next) = (producer.lives + 1, producer.next - 1);
                self.open(self.producer_channel(number))?;
            }
            Step::CrashConsumer(number) => {
                self.crash(self.consumer_channel(number).connection)?;
                let consumer = &mut self.clients.consumers[number];
                *consumer = Consumer { lives: consumer.lives + 1, ..Consumer::default() };
            }
        }
        self.see_effects()
    }

    /// What must hold after every step: the broker agrees with the oracle, and with itself.
    pub fn judge(&self) -> Result<(), String> {
        self.clients.oracle.is_quiet()?;
        let (counted, due) = (self.broker.broker().queue_counts(QUEUE), self.clients.oracle.counts());
        expect(counted == Some(due), || format!("the queue counts {counted:?}, expected {due:?}"))?;
        self.broker.broker().audit().map_err(|violation| violation.to_string())
    }

    /// What must hold at the end: the dead letters are there, in the order of their deaths, and say how they died.
    pub fn judge_end(&mut self) -> Result<(), String> {
        self.open(AUDITOR)?;
        let (channel, queue) = (AUDITOR, DEAD);
        self.run(Command::Consume {
            channel,
            queue,
            consumer_tag: "auditor",
            no_ack: true,
            exclusive: true,
            priority: 0,
        })?;
        let mut found = Vec::new();
        while let Some(Effect::Deliver { delivery, .. }) = self.broker.next_effect() {
            found.push((String::from_utf8_lossy(delivery.message.body()).into_owned(), cause_of_death(&delivery)));
        }
        let due = self.clients.oracle.dead_letters();
        expect(found == due, || format!("dead letters {found:?}, expected {due:?}"))
    }

    /// Everything on which the future depends.
    pub fn describe(&self) -> String {
        format!("{:?}{:?}", self.clients, self.broker.broker())
    }

    fn publish(&mut self, number: usize) -> Result<(), String> {
        let producer = &mut self.clients.producers[number];
        let body = BODIES[number][producer.next];
        producer.next += 1;
        let message = Message::new("", QUEUE.as_bytes(), PROPERTIES, body.as_bytes());
        let reply = self.run(Command::Publish { channel: self.producer_channel(number), message })?;
        self.clients.oracle.took(body);
        expect(reply == Reply::Published(Published::Taken), || format!("'{body}' is not taken: {reply:?}"))
    }

    fn consume(&mut self, number: usize) -> Result<(), String> {
        let (channel, prefetch) = (self.consumer_channel(number), self.world.prefetch[number]);
        self.open(channel)?;
        self.run(Command::SetPrefetch { channel, count: prefetch, global: false })?;
        let (queue, consumer_tag) = (QUEUE, "c");
        self.run(Command::Consume { channel, queue, consumer_tag, no_ack: false, exclusive: false, priority: 0 })?;
        self.clients.consumers[number].consumes = true;
        self.clients.oracle.consumes(channel, prefetch);
        Ok(())
    }

    fn settle(&mut self, number: usize, place: usize, answer: Answer) -> Result<(), String> {
        let (channel, multiple) = (self.consumer_channel(number), false);
        let delivery_tag = self.clients.consumers[number].held.remove(place);
        self.clients.refusals += u32::from(answer != Answer::Acknowledge);
        self.run(match answer {
            Answer::Acknowledge => Command::Acknowledge { channel, delivery_tag, multiple },
            Answer::Requeue => Command::Reject { channel, delivery_tag, multiple, requeue: true },
            Answer::Reject => Command::Reject { channel, delivery_tag, multiple, requeue: false },
        })?;
        self.clients.oracle.settled(channel, delivery_tag, answer);
        Ok(())
    }

    fn crash(&mut self, connection: ConnectionId) -> Result<(), String> {
        self.clients.crashes += 1;
        self.run(Command::CloseConnection { connection })?;
        self.clients.oracle.ended(connection);
        Ok(())
    }

    fn see_effects(&mut self) -> Result<(), String> {
        while let Some(effect) = self.broker.next_effect() {
            self.clients.oracle.saw(&effect)?;
            if let Effect::Deliver { channel, delivery, .. } = effect {
                let number = (0..2).find(|number| self.consumer_channel(*number) == channel);
                self.clients.consumers[number.unwrap_or(0)].held.push(delivery.delivery_tag);
            }
        }
        Ok(())
    }

    fn open(&mut self, channel: ChannelId) -> Result<(), String> {
        self.run(Command::OpenChannel { channel }).map(drop)
    }

    /// Nothing here is ever refused.
    fn run(&mut self, command: Command<'_>) -> Result<Reply, String> {
        self.broker.handle(NOW, command).map_err(|refusal: Refusal| format!("refused: {refusal}"))
    }

    fn producer_channel(&self, number: usize) -> ChannelId {
        channel(1 + number as u64, self.clients.producers[number].lives)
    }

    fn consumer_channel(&self, number: usize) -> ChannelId {
        channel(3 + number as u64, self.clients.consumers[number].lives)
    }
}

/// Of a client in one of its lives.
fn channel(client: u64, lives: u64) -> ChannelId {
    ChannelId { connection: ConnectionId(client + 10 * lives), number: 1 }
}

/// What `x-death` says, if it says that it died once, in the queue.
fn cause_of_death(letter: &Delivery) -> String {
    let headers = Properties::parse(letter.message.properties()).ok().and_then(|properties| properties.headers());
    let cause = match headers.unwrap_or_default().get("x-death") {
        Some(Value::Array(deaths)) => match (deaths.iter().next(), deaths.iter().count()) {
            (Some(Value::Table(death)), 1) if is_single(death) => death.get("reason").and_then(Value::as_str),
            _ => None,
        },
        _ => None,
    };
    cause.unwrap_or("unknown").to_owned()
}

fn is_single(death: Table<'_>) -> bool {
    let queue = death.get("queue").and_then(Value::as_str);
    let count = death.get("count").and_then(Value::as_integer);
    (queue, count) == (Some(QUEUE), Some(1))
}
