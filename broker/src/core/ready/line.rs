//! Messages of one priority that wait for a consumer, in the order in which their queue took them.
//!
//! A message's position is its number in that order. Messages never delivered are the newest, so they lie in a plain
//! deque and need not store their position; the ones that came back lie before them in a small ordered map. What only
//! some have beside themselves lies in another. The deque is cut into chunks: it grows without copying, and gives memory
//! back as it drains.

use std::collections::{BTreeMap, VecDeque};

use super::{Entry, Extra};
use crate::core::memory::give_back;
use crate::core::message::Placed;

/// How many never delivered messages share one allocation. It is well below 1 KiB: glibc's allocator tidies up all small
/// ones whenever a larger one is asked for.
const CHUNK_MESSAGES: usize = 64;

/// Ready messages by position.
#[derive(Debug, Default)]
pub(super) struct Line {
    returned: BTreeMap<u64, Entry>,
    /// Never delivered: what a backlog is made of, hence small. No chunk is empty but the last.
    fresh: VecDeque<VecDeque<Placed>>,
    /// What some of these have beside themselves, by position.
    extras: BTreeMap<u64, Box<Extra>>,
    fresh_length: usize,
    next_position: u64,
}

impl Line {
    /// How many are ready.
    pub fn length(&self) -> usize {
        self.returned.len() + self.fresh_length
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.length() == 0
    }

    /// Appends a message that the queue has just taken.
    #[inline(always)]
    pub fn push(&mut self, message: Placed, extra: Option<Box<Extra>>) {
        if let Some(extra) = extra {
            self.extras.insert(self.next_position, extra);
        }
        match self.fresh.back_mut() {
            Some(chunk) if chunk.len() < CHUNK_MESSAGES => chunk.push_back(message),
            Some(_) => self.fresh.push_back(chunk_of(message, CHUNK_MESSAGES)),
            None => self.fresh.push_back(chunk_of(message, 1)),
        }
        self.fresh_length += 1;
        self.next_position += 1;
    }

    /// Puts a message that was popped back to its position.
    pub fn put_back(&mut self, entry: Entry) {
        self.returned.insert(entry.position, entry);
    }

    /// What the oldest message has beside itself.
    pub fn first_extra(&self) -> Option<&Extra> {
        match self.returned.first_key_value() {
            Some((_, entry)) => entry.extra.as_deref(),
            None => self.extras.get(&self.first_fresh()).map(AsRef::as_ref),
        }
    }

    /// The oldest message, if it was never delivered and none of them has anything beside itself.
    #[inline(always)]
    pub fn pop_plain(&mut self) -> Option<Entry> {
        if !self.returned.is_empty() || !self.extras.is_empty() {
            return None;
        }
        self.pop_fresh()
    }

    /// The oldest message.
    pub fn pop(&mut self) -> Option<Entry> {
        if !self.returned.is_empty() {
            return self.returned.pop_first().map(|(_, entry)| entry);
        }
        let mut entry = self.pop_fresh()?;
        entry.extra = self.extras.remove(&entry.position);
        Some(entry)
    }

    #[inline(always)]
    fn pop_fresh(&mut self) -> Option<Entry> {
        let position = self.first_fresh();
        let chunk = self.fresh.front_mut()?;
        let message = chunk.pop_front()?;
        if chunk.is_empty() {
            self.drop_first_chunk();
        }
        self.fresh_length -= 1;
        Some(Entry { position, delivery_count: 0, priority: 0, extra: None, message })
    }

    /// Drops all. Positions go on where they were.
    pub fn clear(&mut self) {
        *self = Line { next_position: self.next_position, ..Line::default() };
    }

    /// Whether what this type promises holds: see the module's documentation.
    pub fn is_sound(&self) -> bool {
        let first_fresh = self.first_fresh();
        self.returned.iter().all(|(position, entry)| *position < first_fresh && *position == entry.position)
            && self.fresh.iter().map(VecDeque::len).sum::<usize>() == self.fresh_length
            && self.fresh.iter().rev().skip(1).all(|chunk| !chunk.is_empty())
            && self.extras.keys().all(|position| (first_fresh..self.next_position).contains(position))
    }

    /// The first chunk is empty. The last one stays, for what comes next.
    fn drop_first_chunk(&mut self) {
        if self.fresh.len() > 1 {
            self.fresh.pop_front();
            give_back(&mut self.fresh);
        }
    }

    /// The position of the oldest message never delivered, or of the next one if there is none.
    fn first_fresh(&self) -> u64 {
        self.next_position - self.fresh_length as u64
    }
}

fn chunk_of(message: Placed, capacity: usize) -> VecDeque<Placed> {
    let mut chunk = VecDeque::with_capacity(capacity);
    chunk.push_back(message);
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::message::Message;
    use crate::core::meter::Meter;
    use crate::time::Timestamp;

    fn message(body: u64) -> Message {
        Message::new("", b"q", b"", &body.to_le_bytes())
    }

    fn placed(message: Message) -> Placed {
        Placed::new(message, &Meter::default())
    }

    fn filled(count: u64) -> Line {
        let mut ready = Line::default();
        (0..count).for_each(|body| ready.push(placed(message(body)), None));
        ready
    }

    #[test]
    fn fresh_messages_leave_in_the_order_they_came_across_chunks() {
        let count = 3 * CHUNK_MESSAGES as u64 + 7;
        let mut ready = filled(count);
        for position in 0..count {
            assert!(ready.is_sound());
            let entry = ready.pop().unwrap();
            assert_eq!((entry.position, &*entry.message), (position, &message(position)));
        }
        assert!(ready.pop().is_none());
        assert!(ready.is_empty());
    }

    #[test]
    fn a_message_put_back_is_again_before_its_successors() {
        let mut ready = filled(5);
        let (zero, one, two) = (ready.pop().unwrap(), ready.pop().unwrap(), ready.pop().unwrap());
        ready.put_back(two);
        ready.put_back(zero);
        ready.push(placed(message(5)), None);
        ready.put_back(one);
        assert!(ready.is_sound());
        let order: Vec<u64> = std::iter::from_fn(|| ready.pop()).map(|entry| entry.position).collect();
        assert_eq!(order, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_long_line_is_cut_into_chunks() {
        let ready = filled(2 * CHUNK_MESSAGES as u64 + 1);
        let lengths: Vec<usize> = ready.fresh.iter().map(VecDeque::len).collect();
        assert_eq!(lengths, [CHUNK_MESSAGES, CHUNK_MESSAGES, 1]);
    }

    #[test]
    fn a_drained_backlog_leaves_an_empty_chunk_behind() {
        let mut ready = filled(200 * CHUNK_MESSAGES as u64);
        let kept = message(0);
        ready.push(placed(kept.clone()), None);
        while ready.pop().is_some() {}
        assert_eq!((ready.fresh.len(), ready.fresh[0].len(), kept.holders()), (1, 0, 1));
        assert!(ready.fresh[0].capacity() <= CHUNK_MESSAGES);
    }

    #[test]
    fn what_some_messages_have_beside_themselves_stays_with_them() {
        let expires_at =
            |at| Some(Box::new(Extra { expires_at: Some(Timestamp::from_nanoseconds(at)), ..Extra::default() }));
        let of = |extra: Option<&Extra>| extra.and_then(|extra| extra.expires_at).map(|at| at.as_nanoseconds());
        let mut ready = filled(1);
        ready.push(placed(message(1)), expires_at(7));
        ready.push(placed(message(2)), None);
        assert_eq!(of(ready.first_extra()), None);
        assert_eq!(of(ready.pop().unwrap().extra.as_deref()), None);
        assert_eq!(of(ready.first_extra()), Some(7));
        let entry = ready.pop().unwrap();
        assert_eq!(of(entry.extra.as_deref()), Some(7));
        assert_eq!(of(ready.first_extra()), None);
        assert!(ready.is_sound());
        ready.put_back(entry);
        assert_eq!(of(ready.first_extra()), Some(7));
        assert!(ready.is_sound());
    }

    #[test]
    fn clearing_keeps_counting_positions() {
        let mut ready = filled(3);
        ready.clear();
        assert!(ready.is_empty());
        ready.push(placed(message(9)), None);
        assert_eq!(ready.pop().unwrap().position, 3);
    }
}
