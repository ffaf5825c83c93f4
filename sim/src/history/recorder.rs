//! Who writes the history while clients run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handoff_broker::Timestamp;

use super::History;
use super::channel_log::ChannelLog;
use super::event::{Counts, Disturbance, Event, Left, Resource, What};
use super::ids::{ChannelId, ConsumerId, OperationId, ProcessId, QueueId};
use super::queue::Queue;

/// Writes one history. Cheap to clone; clones write the same one.
///
/// It reads the clock itself, so that events stand in the order of their times.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    history: History,
    channels: u32,
    consumers: u32,
    operations: u64,
}

impl Recorder {
    /// Starts an empty history. `clock` tells the time: `move || runtime.now()`.
    pub fn new(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Recorder(Arc::new(Shared { clock: Box::new(clock), log: Mutex::default() }))
    }

    /// Makes a queue known. A name that is known already keeps its number and its rules.
    pub fn queue(&self, queue: Queue) -> QueueId {
        let queues = &mut self.log().history.queues;
        let known = queues.iter().position(|known| known.name == queue.name);
        let place = known.unwrap_or_else(|| {
            queues.push(queue);
            queues.len() - 1
        });
        QueueId(number(place))
    }

    /// Says where a queue's dead letters go, if that was not known when it was made known.
    pub fn dead_letters(&self, from: QueueId, to: QueueId) {
        if let Some(queue) = self.log().history.queues.get_mut(from.0 as usize) {
            queue.dead_letter_queue.get_or_insert(to);
        }
    }

    /// Makes a process known by its name, and gives the means to write on its behalf. The same name is the same
    /// process: a client that restarts after a crash keeps it.
    pub fn process(&self, name: &str) -> ProcessLog {
        let processes = &mut self.log().history.processes;
        let known = processes.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            processes.push(name.to_owned());
            processes.len() - 1
        });
        ProcessLog { recorder: self.clone(), id: ProcessId(number(place)) }
    }

    /// What is written so far.
    pub fn history(&self) -> History {
        self.log().history.clone()
    }

    /// Ends the writing: what was written leaves, and whoever still writes starts an empty history that nobody reads.
    pub fn take(&self) -> History {
        std::mem::take(&mut self.log().history)
    }

    pub(super) fn refuses_messages(&self, queue: QueueId) -> bool {
        self.log().history.queues.get(queue.0 as usize).is_some_and(Queue::refuses_messages)
    }

    pub(super) fn write(&self, who: ProcessId, what: What) {
        let mut log = self.log();
        let at = (self.0.clock)();
        log.history.events.push(Event { at, who, what });
    }

    pub(super) fn write_at(&self, at: Timestamp, who: ProcessId, what: What) {
        self.log().history.events.push(Event { at, who, what });
    }

    pub(super) fn new_channel(&self) -> ChannelId {
        let mut log = self.log();
        log.channels += 1;
        ChannelId(log.channels)
    }

    pub(super) fn new_consumer(&self) -> ConsumerId {
        let mut log = self.log();
        log.consumers += 1;
        ConsumerId(log.consumers)
    }

    pub(super) fn new_operation(&self) -> OperationId {
        let mut log = self.log();
        log.operations += 1;
        OperationId(log.operations)
    }

    /// A writer that panicked has written whole events or nothing.
    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No history has so many queues or processes that this saturates.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Writes what one process does, or what is done to it. The run itself (which heals, drains, counts) is a process too.
#[derive(Clone)]
pub struct ProcessLog {
    recorder: Recorder,
    id: ProcessId,
}

impl ProcessLog {
    /// Its number.
    pub fn id(&self) -> ProcessId {
        self.id
    }

    /// It is about to open a channel.
    pub fn open_channel(&self) -> ChannelLog {
        let channel = self.recorder.new_channel();
        self.write(What::ChannelOpened { channel });
        ChannelLog::new(self.recorder.clone(), self.id, channel)
    }

    /// It is about to crash: its channels end with it.
    pub fn crashed(&self) {
        self.write(What::Crashed);
    }

    /// The broker may stop hearing it from here on.
    pub fn disturbed(&self, disturbance: Disturbance) {
        self.write(What::Disturbed(disturbance));
    }

    /// It, the broker, is about to start again with nothing.
    pub fn broker_restarted(&self) {
        self.write(What::BrokerRestarted);
    }

    /// It, the broker, says this of a queue.
    pub fn counted(&self, counts: Counts) {
        self.write(What::Counted(counts));
    }

    /// It uses this much of something.
    pub fn measured(&self, resource: Resource, amount: u64, limit: u64) {
        self.write(What::Measured { resource, amount, limit });
    }

    /// It has stopped all faults.
    pub fn healed(&self) {
        self.write(What::Healed);
    }

    /// It has waited until nothing is on its way any more.
    pub fn drained(&self, left: Vec<Left>) {
        self.write(What::Drained { left });
    }

    fn write(&self, what: What) {
        self.recorder.write(self.id, what);
    }
}
