//! Reading a history from its clients' side, event by event.

use std::collections::BTreeMap;

use super::{Channel, Clients, Consumer, Life, Publish, Received, Settle, Settlement, SettlementKind};
use crate::check::Malformed;
use crate::history::{
    ChannelId, Delivery, Disturbance, Event, History, OperationId, Outcome, ProcessId, QueueId, Request, What,
};

pub(super) fn read(history: &History) -> Result<Clients<'_>, Malformed> {
    let clients = Clients {
        history,
        channels: BTreeMap::new(),
        consumers: BTreeMap::new(),
        publishes: Vec::new(),
        deliveries: Vec::new(),
        lives: BTreeMap::new(),
        wiped: Vec::new(),
        drained: None,
        published: BTreeMap::new(),
        settlements: Vec::new(),
        losses: BTreeMap::new(),
        sources: sources(history),
    };
    let mut reader =
        Reader { clients, operations: BTreeMap::new(), open: BTreeMap::new(), lost: BTreeMap::new(), place: 0 };
    for (place, event) in history.events.iter().enumerate() {
        reader.place = place;
        reader.event(event)?;
    }
    Ok(reader.finish())
}

/// For each queue, those whose dead letters it takes.
fn sources(history: &History) -> BTreeMap<QueueId, Vec<QueueId>> {
    let mut sources: BTreeMap<QueueId, Vec<QueueId>> = BTreeMap::new();
    for (number, queue) in (0..).zip(&history.queues) {
        if let Some(target) = queue.dead_letter_queue {
            sources.entry(target).or_default().push(QueueId(number));
        }
    }
    sources
}

/// What an operation is about, to make sense of its end.
#[derive(Clone, Copy)]
struct Operation {
    channel: ChannelId,
    invoked: usize,
    about: About,
}

#[derive(Clone, Copy)]
enum About {
    Publish(usize),
    Settle(Settle),
    Other,
}

struct Reader<'h> {
    clients: Clients<'h>,
    operations: BTreeMap<OperationId, Operation>,
    open: BTreeMap<ProcessId, Vec<ChannelId>>,
    lost: BTreeMap<ChannelId, usize>,
    place: usize,
}

impl<'h> Reader<'h> {
    fn event(&mut self, event: &'h Event) -> Result<(), Malformed> {
        let place = self.place;
        match &event.what {
            What::ChannelOpened { channel } => {
                self.clients.channels.insert(*channel, Channel::open(place));
                self.open.entry(event.who).or_default().push(*channel);
            }
            What::Invoked { operation, channel, request } => self.invoked(*operation, *channel, request)?,
            What::Ended { operation, outcome } => self.ended(*operation, *outcome)?,
            What::Delivered(delivery) => self.delivered(delivery)?,
            What::ChannelLost { channel } => {
                self.channel(*channel)?.end(place);
                self.lost.entry(*channel).or_insert(place);
            }
            What::Crashed => {
                for id in self.open.remove(&event.who).unwrap_or_default() {
                    self.channel(id)?.end(place);
                }
            }
            What::Disturbed(disturbance) => self.disturb(event, *disturbance)?,
            What::BrokerRestarted => {
                self.clients.channels.values_mut().for_each(|channel| channel.doubt(place));
                self.clients.wiped.push((place, None));
            }
            What::Counted(counts) => self.check_queue(counts.queue)?,
            What::Drained { left } => {
                left.iter().try_for_each(|left| self.check_queue(left.queue))?;
                self.clients.drained = Some((place, left));
            }
            What::Healed | What::Measured { .. } | What::Broker { .. } => {}
        }
        Ok(())
    }

    fn disturb(&mut self, event: &Event, disturbance: Disturbance) -> Result<(), Malformed> {
        let place = self.place;
        let mut open = self.open.remove(&event.who).unwrap_or_default();
        open.retain(|id| self.clients.channels.get(id).is_some_and(|channel| channel.ended.is_none()));
        for id in &open {
            match disturbance {
                Disturbance::Cut => self.channel(*id)?.doubt(place),
                Disturbance::Silence { at_least } => self.channel(*id)?.fall_silent(place, event.at + at_least),
            }
        }
        self.open.insert(event.who, open);
        Ok(())
    }

    fn invoked(&mut self, operation: OperationId, channel: ChannelId, request: &Request) -> Result<(), Malformed> {
        let place = self.place;
        self.channel(channel)?;
        let mut about = About::Other;
        match *request {
            Request::Publish { queue, message, digest } => {
                self.check_queue(queue)?;
                let number = self.clients.publishes.len();
                let publish = Publish { queue, message, digest, channel, invoked: place, ended: None };
                self.clients.publishes.push(publish);
                self.clients.published.entry(message).or_default().push(number);
                self.life(queue, message).publishes.push(number);
                about = About::Publish(number);
            }
            Request::Acknowledge { delivery_tag, multiple } => {
                about = About::Settle(self.settle(channel, delivery_tag, multiple, SettlementKind::Acknowledge)?);
            }
            Request::Reject { delivery_tag, multiple, requeue } => {
                let kind = if requeue { SettlementKind::Requeue } else { SettlementKind::Discard };
                about = About::Settle(self.settle(channel, delivery_tag, multiple, kind)?);
            }
            Request::Recover => {
                // What is on its way is requeued as well, so from here on the client does not know what it holds.
                about = About::Settle(self.settle(channel, u64::MAX, true, SettlementKind::Requeue)?);
                self.channel(channel)?.doubt(place);
            }
            Request::Consume { consumer, queue, prefetch, no_ack } => {
                self.check_queue(queue)?;
                let started = Consumer::start(place, channel, queue, prefetch, no_ack);
                self.clients.consumers.insert(consumer, started);
            }
            Request::Cancel { consumer } => {
                let consumer = self.clients.consumers.get_mut(&consumer);
                consumer.ok_or_else(|| Malformed::new(place, "a consumer"))?.cancelled.get_or_insert(place);
            }
            Request::Get { queue, no_ack } => {
                self.check_queue(queue)?;
                self.channel(channel)?.latest_get = Some((place, no_ack));
            }
            Request::Purge { queue } => {
                self.check_queue(queue)?;
                self.clients.wiped.push((place, Some(queue)));
            }
            Request::Close => self.channel(channel)?.end(place),
            Request::Other => {}
        }
        self.operations.insert(operation, Operation { channel, invoked: place, about });
        Ok(())
    }

    fn ended(&mut self, operation: OperationId, outcome: Outcome) -> Result<(), Malformed> {
        let place = self.place;
        let operation = self.operations.remove(&operation);
        let Operation { channel, invoked, about } = operation.ok_or_else(|| Malformed::new(place, "an operation"))?;
        match about {
            About::Publish(number) => self.clients.publishes[number].ended = Some((place, outcome)),
            About::Settle(number) => self.clients.settlements[number].failed = outcome == Outcome::Failed,
            About::Other => {}
        }
        match outcome {
            Outcome::Ok => self.channel(channel)?.answer(invoked, place),
            // A refusal closes its channel when the broker sees it, which is before the client knows.
            Outcome::Failed => self.channel(channel)?.doubt(invoked),
            Outcome::Unknown => {}
        }
        Ok(())
    }

    fn delivered(&mut self, delivery: &Delivery) -> Result<(), Malformed> {
        let (place, number) = (self.place, self.clients.deliveries.len());
        self.check_queue(delivery.queue)?;
        let channel = self.channel(delivery.channel)?;
        let mut settled = channel.settled_up_to.range(delivery.delivery_tag..).next().map(|(_, settle)| *settle);
        let (mut sent_after, mut no_ack) = channel.latest_get.unwrap_or((channel.opened, false));
        let mut is_overfetched = false;
        if let Some(consumer) = delivery.consumer {
            let consumer = self.clients.consumers.get_mut(&consumer);
            let consumer = consumer.ok_or_else(|| Malformed::new(place, "a consumer"))?;
            (sent_after, is_overfetched) = consumer.receive();
            no_ack = consumer.no_ack;
            if let Some(settle) = settled {
                consumer.settle(self.clients.settlements[settle].place);
            }
        }
        if no_ack {
            settled = Some(self.clients.settlements.len());
            let (channel, kind) = (delivery.channel, SettlementKind::Acknowledge);
            let implied = Settlement { place, channel, kind, failed: false, implied: true };
            self.clients.settlements.push(implied);
        } else if settled.is_none() {
            self.channel(delivery.channel)?.unsettled.insert(delivery.delivery_tag, number);
        }
        if let Some(message) = delivery.message {
            self.life(delivery.queue, message).deliveries.push(number);
        }
        self.clients.deliveries.push(Received { place, sent_after, is_overfetched, settled });
        Ok(())
    }

    fn settle(&mut self, id: ChannelId, tag: u64, multiple: bool, kind: SettlementKind) -> Result<Settle, Malformed> {
        let (place, settle) = (self.place, self.clients.settlements.len());
        self.clients.settlements.push(Settlement { place, channel: id, kind, failed: false, implied: false });
        let channel = self.channel(id)?;
        let mut found: Vec<usize> = Vec::new();
        if multiple {
            let later = if tag == u64::MAX { BTreeMap::new() } else { channel.unsettled.split_off(&(tag + 1)) };
            found.extend(std::mem::replace(&mut channel.unsettled, later).into_values());
            if tag < u64::MAX {
                channel.settled_up_to.entry(tag).or_insert(settle);
            }
        } else {
            found.extend(channel.unsettled.remove(&tag));
        }
        if found.is_empty() {
            // Settling what is not held is an error that ends the channel.
            channel.doubt(place);
        }
        for number in found {
            self.clients.deliveries[number].settled = Some(settle);
            let consumer = self.clients.said(&self.clients.deliveries[number]).consumer;
            if let Some(consumer) = consumer.and_then(|consumer| self.clients.consumers.get_mut(&consumer)) {
                consumer.settle(place);
            }
        }
        Ok(settle)
    }

    fn finish(self) -> Clients<'h> {
        let mut clients = self.clients;
        for (id, channel) in &mut clients.channels {
            channel.finish(self.lost.get(id).map(|place| (*place, clients.history.events[*place].at)));
        }
        for consumer in clients.consumers.values() {
            if let Some(doubt) = clients.channels[&consumer.channel].first_doubt() {
                clients.losses.entry(consumer.queue).or_default().push(doubt);
            }
        }
        clients.losses.values_mut().for_each(|losses| losses.sort_unstable());
        clients
    }

    fn life(&mut self, queue: QueueId, message: crate::history::MessageId) -> &mut Life {
        self.clients.lives.entry((queue, message)).or_default()
    }

    fn channel(&mut self, id: ChannelId) -> Result<&mut Channel, Malformed> {
        let place = self.place;
        self.clients.channels.get_mut(&id).ok_or_else(|| Malformed::new(place, "a channel"))
    }

    fn check_queue(&self, id: QueueId) -> Result<(), Malformed> {
        let is_known = (id.0 as usize) < self.clients.history.queues.len();
        is_known.then_some(()).ok_or_else(|| Malformed::new(self.place, "a queue"))
    }
}
