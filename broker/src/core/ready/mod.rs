//! The messages of one queue that wait for a consumer: the highest priority first, and within a priority in the order
//! in which the queue took them.
//!
//! A queue without priorities has one [`Line`] and no more; what only some messages have lies beside them, so that the
//! others pay nothing for it.

mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::line::Line;
use super::message::Placed;
use crate::time::Timestamp;

/// A message in a queue, or held by a consumer of it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its number in the order in which its queue took messages of its priority, from 0.
    pub position: u64,
    /// How often it was requeued.
    pub delivery_count: u32,
    /// 0 in a queue without priorities.
    pub priority: u8,
    /// What it has beside itself.
    pub extra: Option<Box<Extra>>,
    /// The message.
    pub message: Placed,
}

/// What only some messages have beside themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    /// When it has to leave its queue.
    pub expires_at: Option<Timestamp>,
    /// The routing keys that nobody may see (`BCC`): should it die, it is routed by them again.
    pub blind_copies: BlindCopies,
}

/// Routing keys of which nothing is left in the message itself.
pub(super) type BlindCopies = Option<Arc<[Box<[u8]>]>>;

/// The ready messages of a queue.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// Those of the lowest priority: in most queues all.
    lowest: Line,
    /// The others, if the queue has priorities.
    higher: Option<Box<Higher>>,
    /// How many bytes their bodies have together, where that is limited.
    body_bytes: Option<u64>,
}

/// Messages with priorities above 0.
#[derive(Debug, Default)]
struct Higher {
    /// A line stays when it is empty: it knows how far its positions have come.
    lines: BTreeMap<u8, Line>,
    /// The priorities whose lines are not empty.
    occupied: BTreeSet<u8>,
    length: usize,
}

impl Ready {
    /// No messages. With priorities if `has_priorities`; their bodies' bytes are counted if `counts_bytes`.
    pub fn new(has_priorities: bool, counts_bytes: bool) -> Self {
        let higher = has_priorities.then(Box::default);
        Ready { lowest: Line::default(), higher, body_bytes: counts_bytes.then_some(0) }
    }

    /// How many are ready.
    pub fn length(&self) -> usize {
        self.lowest.length() + self.higher.as_ref().map_or(0, |higher| higher.length)
    }

    /// Whether none is.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length() == 0
    }

    /// How many bytes their bodies have together; 0 where that is not limited.
    pub fn body_bytes(&self) -> u64 {
        self.body_bytes.unwrap_or(0)
    }

    /// Appends a message that the queue has just taken. `priority` is 0 if the queue has no priorities.
    #[inline(always)]
    pub fn push(&mut self, message: Placed, priority: u8, extra: Option<Box<Extra>>) {
        if let Some(bytes) = &mut self.body_bytes {
            *bytes += message.body().len() as u64;
        }
        match &mut self.higher {
            Some(higher) if priority > 0 => higher.at(priority).push(message, extra),
            _ => self.lowest.push(message, extra),
        }
    }

    /// Puts a message that was popped back to its position.
    pub fn put_back(&mut self, entry: Entry) {
        if let Some(bytes) = &mut self.body_bytes {
            *bytes += entry.message.body().len() as u64;
        }
        match &mut self.higher {
            Some(higher) if entry.priority > 0 => higher.at(entry.priority).put_back(entry),
            _ => self.lowest.put_back(entry),
        }
    }

    /// When the first message has to leave, if it has to.
    pub fn first_expires_at(&self) -> Option<Timestamp> {
        let higher = self.higher.as_ref().and_then(|higher| higher.first());
        higher.unwrap_or(&self.lowest).first_extra()?.expires_at
    }

    /// The first message, if all are of the lowest priority and this one is nothing but a message never delivered.
    #[inline(always)]
    pub fn pop_plain(&mut self) -> Option<Entry> {
        if self.higher.is_some() || self.body_bytes.is_some() {
            return None;
        }
        self.lowest.pop_plain()
    }

    /// The first message: of those with the highest priority the oldest.
    pub fn pop(&mut self) -> Option<Entry> {
        let entry = match &mut self.higher {
            None => self.lowest.pop()?,
            Some(higher) => higher.pop().or_else(|| self.lowest.pop())?,
        };
        if let Some(bytes) = &mut self.body_bytes {
            *bytes -= entry.message.body().len() as u64;
        }
        Some(entry)
    }

    /// Drops all. Positions go on where they were.
    pub fn clear(&mut self) {
        self.lowest.clear();
        if let Some(higher) = &mut self.higher {
            higher.lines.values_mut().for_each(Line::clear);
            higher.occupied.clear();
            higher.length = 0;
        }
        self.body_bytes = self.body_bytes.map(|_| 0);
    }

    /// Whether what this type promises holds: see the module's documentation.
    pub fn is_sound(&self) -> bool {
        self.lowest.is_sound() && self.higher.as_ref().is_none_or(|higher| higher.is_sound())
    }
}

impl Higher {
    /// The line that is about to get a message.
    fn at(&mut self, priority: u8) -> &mut Line {
        self.length += 1;
        self.occupied.insert(priority);
        self.lines.entry(priority).or_default()
    }

    fn first(&self) -> Option<&Line> {
        self.lines.get(self.occupied.last()?)
    }

    fn pop(&mut self) -> Option<Entry> {
        let priority = *self.occupied.last()?;
        let line = self.lines.get_mut(&priority)?;
        let entry = line.pop()?;
        if line.is_empty() {
            self.occupied.remove(&priority);
        }
        self.length -= 1;
        Some(Entry { priority, ..entry })
    }

    fn is_sound(&self) -> bool {
        let occupied = self.lines.iter().filter(|(_, line)| !line.is_empty()).map(|(priority, _)| priority);
        self.lines.values().all(Line::is_sound)
            && self.lines.values().map(Line::length).sum::<usize>() == self.length
            && self.occupied.iter().eq(occupied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::message::Message;
    use crate::core::meter::Meter;

    fn message(body: &str) -> Placed {
        Placed::new(Message::new("", b"q", b"", body.as_bytes()), &Meter::default())
    }

    fn bodies(ready: &mut Ready) -> Vec<String> {
        let entries = std::iter::from_fn(|| ready.pop());
        entries.map(|entry| String::from_utf8_lossy(entry.message.body()).into_owned()).collect()
    }

    #[test]
    fn the_highest_priority_leaves_first_and_within_it_the_oldest() {
        let mut ready = Ready::new(true, false);
        for (body, priority) in [("a", 0), ("b", 5), ("c", 1), ("d", 5), ("e", 0), ("f", 1)] {
            ready.push(message(body), priority, None);
            assert!(ready.is_sound());
        }
        assert_eq!((ready.length(), bodies(&mut ready).concat()), (6, "bdcfae".into()));
        assert!(ready.is_sound() && ready.is_empty());
    }

    #[test]
    fn a_message_put_back_is_before_its_successors_of_the_same_priority() {
        let mut ready = Ready::new(true, false);
        ready.push(message("a"), 3, None);
        ready.push(message("b"), 3, None);
        let (first, second) = (ready.pop().unwrap(), ready.pop().unwrap());
        assert!(ready.is_sound() && ready.is_empty());
        ready.push(message("c"), 3, None);
        ready.push(message("d"), 4, None);
        ready.put_back(second);
        ready.put_back(first);
        assert!(ready.is_sound());
        assert_eq!(bodies(&mut ready).concat(), "dabc");
    }

    #[test]
    fn the_first_message_says_when_it_has_to_leave() {
        let expires_at = |at| Some(Box::new(Extra { expires_at: Some(at), ..Extra::default() }));
        let (soon, later) = (Timestamp::from_nanoseconds(5), Timestamp::from_nanoseconds(9));
        let mut ready = Ready::new(true, false);
        assert_eq!(ready.first_expires_at(), None);
        ready.push(message("a"), 0, expires_at(soon));
        assert_eq!(ready.first_expires_at(), Some(soon));
        ready.push(message("b"), 3, expires_at(later));
        assert_eq!(ready.first_expires_at(), Some(later));
        ready.push(message("c"), 4, None);
        assert_eq!(ready.first_expires_at(), None);
    }

    #[test]
    fn bytes_are_counted_where_they_are_limited() {
        let mut ready = Ready::new(true, true);
        ready.push(message("aaa"), 0, None);
        ready.push(message("bb"), 2, None);
        assert_eq!(ready.body_bytes(), 5);
        let entry = ready.pop().unwrap();
        assert_eq!(ready.body_bytes(), 3);
        ready.put_back(entry);
        assert_eq!(ready.body_bytes(), 5);
        ready.clear();
        assert_eq!((ready.body_bytes(), ready.length()), (0, 0));
    }

    #[test]
    fn what_few_messages_have_makes_no_held_one_larger() {
        assert_eq!(size_of::<Entry>(), 32);
    }
}
