//! A connection as two queues of frames that arrive in order, each when the network pleases.

use std::collections::VecDeque;

use handoff_broker::Timestamp;
use handoff_broker::core::Delivery;
use handoff_sim::history::{MessageId, QueueId};

/// What a client sends. `request` numbers what is answered.
#[derive(Clone, Debug)]
pub enum Up {
    Consume {
        request: u64,
        queue: QueueId,
        prefetch: u16,
    },
    Publish {
        request: u64,
        queue: QueueId,
        message: MessageId,
    },
    Acknowledge {
        delivery_tag: u64,
        multiple: bool,
    },
    Reject {
        delivery_tag: u64,
        requeue: bool,
    },
    Cancel {
        request: u64,
    },
    Ask {
        request: u64,
    },
    /// The broker sees the connection close.
    End,
}

/// What the broker sends.
#[derive(Clone, Debug)]
pub enum Down {
    Deliver(Box<Delivery>),
    Done {
        request: u64,
    },
    Refused {
        request: u64,
    },
    /// The client sees the connection close.
    End,
}

/// The frames on their way between a client and the broker.
#[derive(Default)]
pub struct Link {
    /// The client whose it is, unless it crashed.
    pub client: Option<usize>,
    pub up: VecDeque<Up>,
    pub down: VecDeque<Down>,
    /// The broker has seen its end.
    pub is_closed: bool,
    /// Nothing passes; then the broker gives it up.
    pub silent_until: Option<Timestamp>,
}

impl Link {
    /// It is cut: of what is on its way, the first few still arrive, then the end does.
    pub fn cut(&mut self, up: usize, down: usize) {
        self.cut_up(up);
        if !matches!(self.down.back(), Some(Down::End)) {
            self.down.truncate(down);
            self.down.push_back(Down::End);
        }
    }

    /// The client is gone; of what it sent, the first few still arrive.
    pub fn cut_up(&mut self, up: usize) {
        if !matches!(self.up.back(), Some(Up::End)) {
            self.up.truncate(up);
            self.up.push_back(Up::End);
        }
    }

    pub fn send_up(&mut self, frame: Up) {
        if !matches!(self.up.back(), Some(Up::End)) {
            self.up.push_back(frame);
        }
    }

    pub fn send_down(&mut self, frame: Down) {
        if !matches!(self.down.back(), Some(Down::End)) {
            self.down.push_back(frame);
        }
    }
}
