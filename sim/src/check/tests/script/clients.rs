//! What clients do, and what is done to them.

use std::time::Duration;

use super::{BROKER, Script, digest};
use crate::history::{
    ConsumerId, Counts, Death, Delivery, Disturbance, Left, MessageId, OperationId, Outcome, Reason, Request, What,
};

impl Script {
    /// Asks for anything.
    pub fn asks(mut self, who: &'static str, request: Request) -> Self {
        self.invoke(who, request);
        self
    }

    fn invoke(&mut self, who: &'static str, request: Request) -> OperationId {
        let channel = self.side(who, false).channel;
        let operation = OperationId(self.number().into());
        self.write(who, What::Invoked { operation, channel, request });
        operation
    }

    fn end(mut self, who: &str, operation: OperationId, outcome: Outcome) -> Self {
        self.write(who, What::Ended { operation, outcome });
        self
    }

    /// Sends a message; it stays unknown until it ends.
    pub fn publish(mut self, who: &'static str, queue: &str, message: u64) -> Self {
        let (queue, id) = (self.queue_id(queue), MessageId(message));
        let operation = self.invoke(who, Request::Publish { queue, message: id, digest: digest(message) });
        self.publishes.insert(message, operation);
        self
    }

    pub fn confirmed(self, who: &str, message: u64) -> Self {
        let operation = self.publishes[&message];
        self.end(who, operation, Outcome::Ok)
    }

    pub fn nacked(self, who: &str, message: u64) -> Self {
        let operation = self.publishes[&message];
        self.end(who, operation, Outcome::Failed)
    }

    /// Sends a message to `work` and gets it confirmed.
    pub fn published(self, message: u64) -> Self {
        self.publish("producer", "work", message).confirmed("producer", message)
    }

    /// Starts a consumer of a queue.
    pub fn consume(self, who: &'static str, queue: &str, prefetch: u16) -> Self {
        self.consume_with(who, queue, prefetch, false)
    }

    /// The same; `no_ack` says that nothing is acknowledged.
    pub fn consume_with(mut self, who: &'static str, queue: &str, prefetch: u16, no_ack: bool) -> Self {
        let (queue, consumer) = (self.queue_id(queue), ConsumerId(self.number()));
        self.side(who, false).consumer = Some((consumer, queue));
        let operation = self.invoke(who, Request::Consume { consumer, queue, prefetch, no_ack });
        self.end(who, operation, Outcome::Ok)
    }

    pub fn cancel(mut self, who: &'static str) -> Self {
        let (consumer, _) = self.side(who, false).consumer.expect("a consumer was started");
        self.invoke(who, Request::Cancel { consumer });
        self
    }

    /// Gets a message that says how often it was delivered before.
    pub fn receive(self, who: &'static str, message: u64, delivery_count: u32) -> Self {
        self.receive_with(who, message, delivery_count, |_| {})
    }

    /// The same, and something is odd about it.
    pub fn receive_with(
        mut self,
        who: &'static str,
        message: u64,
        delivery_count: u32,
        change: impl FnOnce(&mut Delivery),
    ) -> Self {
        let mut delivery = self.delivery(who, message, delivery_count, false);
        change(&mut delivery);
        self.write(who, What::Delivered(delivery));
        self
    }

    /// The next delivery says this of the past.
    pub fn died(mut self, queue: &str, reason: Reason) -> Self {
        self.deaths.insert(0, Death { queue: queue.into(), reason: reason.as_str().into(), count: 1 });
        self
    }

    pub fn acknowledge(mut self, who: &'static str, message: u64) -> Self {
        let delivery_tag = self.side(who, false).tags[&message];
        self.invoke(who, Request::Acknowledge { delivery_tag, multiple: false });
        self
    }

    pub fn requeue(mut self, who: &'static str, message: u64) -> Self {
        let delivery_tag = self.side(who, false).tags[&message];
        self.invoke(who, Request::Reject { delivery_tag, multiple: false, requeue: true });
        self
    }

    pub fn discard(mut self, who: &'static str, message: u64) -> Self {
        let delivery_tag = self.side(who, false).tags[&message];
        self.invoke(who, Request::Reject { delivery_tag, multiple: false, requeue: false });
        self
    }

    /// Asks for something and is answered: what was sent before was taken.
    pub fn answered(mut self, who: &'static str) -> Self {
        let operation = self.invoke(who, Request::Other);
        self.end(who, operation, Outcome::Ok)
    }

    pub fn crash(mut self, who: &'static str) -> Self {
        self.write(who, What::Crashed);
        self.sides.remove(&(who, false));
        self
    }

    pub fn cut(mut self, who: &'static str) -> Self {
        self.write(who, What::Disturbed(Disturbance::Cut));
        self
    }

    pub fn silence(mut self, who: &'static str, at_least: Duration) -> Self {
        self.write(who, What::Disturbed(Disturbance::Silence { at_least }));
        self
    }

    pub fn lose_channel(mut self, who: &'static str) -> Self {
        let channel = self.side(who, false).channel;
        self.write(who, What::ChannelLost { channel });
        self.sides.remove(&(who, false));
        self
    }

    pub fn restart_broker(mut self) -> Self {
        self.write(BROKER, What::BrokerRestarted);
        self
    }

    /// The run is over: for each queue what is ready and what is unacknowledged.
    pub fn drained(mut self, left: &[(&str, u64, u64)]) -> Self {
        let left = left.iter().map(|(queue, ready, unacknowledged)| {
            let (queue, ready, unacknowledged) = (self.queue_id(queue), *ready, *unacknowledged);
            Left { queue, ready, unacknowledged }
        });
        let left = left.collect();
        self.write("run", What::Drained { left });
        self
    }

    pub fn counted(mut self, counts: Counts) -> Self {
        self.write("run", What::Counted(counts));
        self
    }

    pub fn measured(mut self, what: What) -> Self {
        self.write("run", what);
        self
    }
}
