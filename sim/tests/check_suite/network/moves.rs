//! What the network does: one frame arrives, at the broker or at a client.

use handoff_broker::core::{ChannelId, Command, ConnectionId, Message, Published, Reply};
use rand::RngExt;

use super::{Network, PROPERTIES, QUEUES, body};
use crate::link::{Down, Link, Up};
use crate::machine::Inspect;

impl<M: Inspect> Network<M> {
    /// A connection on which something may move, picked at random.
    fn pick(&mut self, can_move: impl Fn(&Link) -> bool) -> Option<u64> {
        let now = self.now();
        let ready = self.links.iter().filter(|(_, link)| link.silent_until.is_none_or(|until| until <= now));
        let ready: Vec<u64> = ready.filter(|(_, link)| can_move(link)).map(|(number, _)| *number).collect();
        (!ready.is_empty()).then(|| ready[self.random.random_range(0..ready.len())])
    }

    pub(super) fn move_up(&mut self) {
        let Some(number) = self.pick(|link| !link.up.is_empty() && !link.is_closed) else { return };
        let link = self.links.get_mut(&number).expect("it was picked");
        if link.silent_until.take().is_some() {
            link.cut(0, usize::MAX);
        }
        let Some(frame) = link.up.pop_front() else { return };
        let channel = ChannelId { connection: ConnectionId(number), number: 1 };
        let (request, done) = self.carry_out(channel, frame);
        let link = self.links.get_mut(&number).expect("links stay");
        match (request, done) {
            (Some(request), true) => link.send_down(Down::Done { request }),
            (Some(request), false) => link.send_down(Down::Refused { request }),
            (None, true) => {}
            (None, false) => {
                link.is_closed = true;
                link.send_down(Down::End);
                assert!(self.handle(Command::CloseConnection { connection: channel.connection }).is_ok());
            }
        }
    }

    /// Says what is answered, and whether it was carried out. What is not answered and not carried out is an error.
    fn carry_out(&mut self, channel: ChannelId, frame: Up) -> (Option<u64>, bool) {
        match frame {
            Up::Consume { request, queue, prefetch } => {
                let queue = QUEUES[usize::from(queue == self.queues[1])];
                let set = self.handle(Command::SetPrefetch { channel, count: prefetch, global: false });
                let consume = Command::Consume {
                    channel,
                    queue,
                    consumer_tag: "c",
                    no_ack: false,
                    exclusive: false,
                    priority: 0,
                };
                (Some(request), set.is_ok() && self.handle(consume).is_ok())
            }
            Up::Publish { request, queue, message } => {
                let key = QUEUES[usize::from(queue == self.queues[1])].as_bytes();
                let message = Message::new("", key, PROPERTIES, &body(message));
                let reply = self.handle(Command::Publish { channel, message });
                (Some(request), reply == Ok(Reply::Published(Published::Taken)))
            }
            Up::Acknowledge { delivery_tag, multiple } => {
                (None, self.handle(Command::Acknowledge { channel, delivery_tag, multiple }).is_ok())
            }
            Up::Reject { delivery_tag, requeue } => {
                let reject = Command::Reject { channel, delivery_tag, multiple: false, requeue };
                (None, self.handle(reject).is_ok())
            }
            Up::Cancel { request } => {
                (Some(request), self.handle(Command::Cancel { channel, consumer_tag: "c" }).is_ok())
            }
            Up::Ask { request } => (Some(request), true),
            Up::End => (None, false),
        }
    }

    pub(super) fn move_down(&mut self) {
        let Some(number) = self.pick(|link| !link.down.is_empty()) else { return };
        let link = self.links.get_mut(&number).expect("it was picked");
        let (Some(frame), Some(client)) = (link.down.pop_front(), link.client) else { return };
        if matches!(frame, Down::End) {
            link.client = None;
        }
        self.clients[client].receive(frame);
    }
}
