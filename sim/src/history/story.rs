//! A few events of a history, told one line each: who did what, when.

use std::fmt::Write;

use super::History;
use super::event::{BrokerEvent, Death, Delivery, Disturbance, Event, Request, What};
use super::ids::{MessageId, QueueId};

/// Places in the order in which they are told, each once.
pub(super) fn tell(history: &History, places: &[usize]) -> String {
    let mut places = places.to_vec();
    places.sort_unstable();
    places.dedup();
    let mut story = String::new();
    for event in places.iter().filter_map(|place| history.events.get(*place)) {
        let who = history.processes.get(event.who.0 as usize).map_or("somebody", String::as_str);
        let _ = writeln!(story, "{:>14}  {who} {}", event.at.to_string(), Teller { history, event }.what());
    }
    story
}

struct Teller<'a> {
    history: &'a History,
    event: &'a Event,
}

impl Teller<'_> {
    fn what(&self) -> String {
        match &self.event.what {
            What::ChannelOpened { channel } => format!("opens {channel}"),
            What::Invoked { operation, channel, request } => {
                format!("{} on {channel} ({operation})", self.request(request))
            }
            What::Ended { operation, outcome } => {
                format!("learns that {operation} ended {}", format!("{outcome:?}").to_lowercase())
            }
            What::Delivered(delivery) => format!("receives {}", self.delivery(delivery)),
            What::ChannelLost { channel } => format!("finds {channel} lost"),
            What::Crashed => "crashes".into(),
            What::Disturbed(Disturbance::Cut) => "may be cut off from now on".into(),
            What::Disturbed(Disturbance::Silence { at_least }) => {
                format!("may be silent from now on; may be given up after {at_least:?}")
            }
            What::BrokerRestarted => "restarts the broker with nothing".into(),
            What::Healed => "stops all faults".into(),
            What::Counted(counts) => format!("counts {} of {}", counted(counts), self.queue(counts.queue)),
            What::Measured { resource, amount, limit } => format!("measures {amount} {resource:?} of {limit}"),
            What::Drained { left } => {
                let left = left.iter().map(|left| {
                    let queue = self.queue(left.queue);
                    format!("{queue} {} ready, {} unacknowledged", left.ready, left.unacknowledged)
                });
                format!("has waited for the end; left: {}", listed(left))
            }
            What::Broker { event, .. } => self.broker(event),
        }
    }

    fn request(&self, request: &Request) -> String {
        match request {
            Request::Publish { queue, message, digest } => {
                format!("publishes {message} to {}, digest {digest}", self.queue(*queue))
            }
            Request::Acknowledge { delivery_tag, multiple } => {
                format!("acknowledges {}", tag(*delivery_tag, *multiple))
            }
            Request::Reject { delivery_tag, multiple, requeue } => rejects(*delivery_tag, *multiple, *requeue),
            Request::Recover => "wants everything requeued".into(),
            Request::Consume { consumer, queue, prefetch, no_ack } => {
                format!("starts {}", self.consumer(*consumer, *queue, *prefetch, *no_ack))
            }
            Request::Cancel { consumer } => format!("cancels {consumer}"),
            Request::Get { queue, .. } => format!("gets from {}", self.queue(*queue)),
            Request::Purge { queue } => format!("purges {}", self.queue(*queue)),
            Request::Close => "closes".into(),
            Request::Other => "asks for something".into(),
        }
    }

    fn broker(&self, event: &BrokerEvent) -> String {
        match event {
            BrokerEvent::Declared { queue } => format!("declares {}", self.queue(*queue)),
            BrokerEvent::Taken { queue, message, digest, .. } => {
                format!("takes {} into {}, digest {digest}", named(*message), self.queue(*queue))
            }
            BrokerEvent::Refused { queue, message } => {
                format!("refuses {} for {}", named(*message), self.queue(*queue))
            }
            BrokerEvent::ConsumerStarted { channel, consumer, queue, prefetch, no_ack } => {
                format!("starts {} on {channel}", self.consumer(*consumer, *queue, *prefetch, *no_ack))
            }
            BrokerEvent::ConsumerCancelled { consumer } => format!("ends {consumer}"),
            BrokerEvent::PrefetchSet { channel, prefetch } => format!("sets the prefetch of {channel} to {prefetch}"),
            BrokerEvent::WritableSet { channel, writable: true } => format!("may send on {channel}"),
            BrokerEvent::WritableSet { channel, writable: false } => format!("must not send on {channel}"),
            BrokerEvent::Delivered(delivery) => format!("delivers {}", self.delivery(delivery)),
            BrokerEvent::Acknowledged { channel, delivery_tag, multiple } => {
                format!("is told on {channel}: acknowledges {}", tag(*delivery_tag, *multiple))
            }
            BrokerEvent::Rejected { channel, delivery_tag, multiple, requeue } => {
                format!("is told on {channel}: {}", rejects(*delivery_tag, *multiple, *requeue))
            }
            BrokerEvent::Recovered { channel } => format!("is told on {channel}: requeue everything"),
            BrokerEvent::ChannelClosed { channel } => format!("sees {channel} close"),
            BrokerEvent::Died { queue, reason, message, dead_lettered, .. } => {
                let fate = if *dead_lettered { "dead-lettered" } else { "dropped" };
                format!("lets {} die in {}: {}, {fate}", named(*message), self.queue(*queue), reason.as_str())
            }
            BrokerEvent::Purged { queue } => format!("purges {}", self.queue(*queue)),
            BrokerEvent::Deleted { queue } => format!("deletes {}", self.queue(*queue)),
        }
    }

    fn delivery(&self, delivery: &Delivery) -> String {
        let Delivery { channel, delivery_tag, digest, delivery_count, .. } = delivery;
        let whom = delivery.consumer.map_or_else(|| "a get".into(), |consumer| consumer.to_string());
        let redelivered = if delivery.redelivered { ", redelivered" } else { "" };
        let deaths = delivery.deaths.iter().map(|Death { queue, reason, count }| format!("{queue} {reason} x{count}"));
        let deaths = if delivery.deaths.is_empty() { String::new() } else { format!(", deaths: {}", listed(deaths)) };
        format!(
            "{} from {} for {whom} on {channel}, tag {delivery_tag}, delivery count {delivery_count}{redelivered}, \
             digest {digest}{deaths}",
            named(delivery.message),
            self.queue(delivery.queue),
        )
    }

    fn consumer(&self, consumer: impl ToString, queue: QueueId, prefetch: u16, no_ack: bool) -> String {
        let no_ack = if no_ack { ", without acknowledgements" } else { "" };
        format!("{} of {}, prefetch {prefetch}{no_ack}", consumer.to_string(), self.queue(queue))
    }

    fn queue(&self, queue: QueueId) -> String {
        self.history.queues.get(queue.0 as usize).map_or_else(|| queue.to_string(), |known| format!("'{}'", known.name))
    }
}

fn named(message: Option<MessageId>) -> String {
    message.map_or_else(|| "a message without a number".into(), |message| message.to_string())
}

fn tag(delivery_tag: u64, multiple: bool) -> String {
    if multiple { format!("all up to tag {delivery_tag}") } else { format!("tag {delivery_tag}") }
}

fn rejects(delivery_tag: u64, multiple: bool, requeue: bool) -> String {
    let requeue = if requeue { "to be requeued" } else { "for good" };
    format!("rejects {} {requeue}", tag(delivery_tag, multiple))
}

fn counted(counts: &super::event::Counts) -> String {
    let super::event::Counts { taken, ready, unacknowledged, acknowledged, dead_lettered, removed, .. } = counts;
    format!(
        "{taken} taken = {ready} ready + {unacknowledged} unacknowledged + {acknowledged} acknowledged + \
         {dead_lettered} dead-lettered + {removed} removed"
    )
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "nothing".into() } else { items.join("; ") }
}
