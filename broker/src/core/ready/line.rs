//! Messages of one priority that wait for a consumer, in the order in which their queue took them.
//!
//! A message's position is its number in that order. Messages never delivered are the newest, so they lie in a plain
//! deque and need not store their position; the ones that came back lie before them in a small ordered map. The deque
//! is cut into chunks: it grows without copying, and gives memory back as it drains.

use std::collections::{BTreeMap, VecDeque};

use super::{Entry, Extra};
use crate::core::message::{Message, Placed};

/// How many never delivered messages share one allocation.
const CHUNK_MESSAGES: usize = 256;

/// A message never delivered: what a backlog is made of, hence small.
#[derive(Debug)]
struct Fresh {
    message: Placed,
    extra: Option<Box<Extra>>,
}

/// Ready messages by position.
#[derive(Debug, Default)]
pub(super) struct Line {
    returned: BTreeMap<u64, Entry>,
    /// No chunk is empty but the last.
    fresh: VecDeque<VecDeque<Fresh>>,
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
    pub fn push(&mut self, message: Message, extra: Option<Box<Extra>>) {
        let fresh = Fresh { message: Placed::new(message), extra };
        match self.fresh.back_mut() {
            Some(chunk) if chunk.len() < CHUNK_MESSAGES => chunk.push_back(fresh),
            Some(_) => self.fresh.push_back(chunk_of(fresh, CHUNK_MESSAGES)),
            None => self.fresh.push_back(chunk_of(fresh, 1)),
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
            None => self.fresh.front()?.front()?.extra.as_deref(),
        }
    }

    /// The oldest message.
    pub fn pop(&mut self) -> Option<Entry> {
        if let Some((_, entry)) = self.returned.pop_first() {
            return Some(entry);
        }
        let position = self.next_position - self.fresh_length as u64;
        let chunk = self.fresh.front_mut()?;
        let Fresh { message, extra } = chunk.pop_front()?;
        if chunk.is_empty() && self.fresh.len() > 1 {
            self.fresh.pop_front();
        }
        self.fresh_length -= 1;
        Some(Entry { position, delivery_count: 0, priority: 0, extra, message })
    }

    /// Drops all. Positions go on where they were.
    pub fn clear(&mut self) {
        *self = Line { next_position: self.next_position, ..Line::default() };
    }

    /// Whether what this type promises holds: see the module's documentation.
    pub fn is_sound(&self) -> bool {
        let first_fresh = self.next_position - self.fresh_length as u64;
        self.returned.iter().all(|(position, entry)| *position < first_fresh && *position == entry.position)
            && self.fresh.iter().map(VecDeque::len).sum::<usize>() == self.fresh_length
            && self.fresh.iter().rev().skip(1).all(|chunk| !chunk.is_empty())
    }
}

fn chunk_of(fresh: Fresh, capacity: usize) -> VecDeque<Fresh> {
    let mut chunk = VecDeque::with_capacity(capacity);
    chunk.push_back(fresh);
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: u64) -> Message {
        Message::new("", b"q", b"", &body.to_le_bytes())
    }

    fn filled(count: u64) -> Line {
        let mut ready = Line::default();
        (0..count).for_each(|body| ready.push(message(body), None));
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
        ready.push(message(5), None);
        ready.put_back(one);
        assert!(ready.is_sound());
        let order: Vec<u64> = std::iter::from_fn(|| ready.pop()).map(|entry| entry.position).collect();
        assert_eq!(order, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_drained_queue_keeps_at_most_one_chunk_and_no_message() {
        let mut ready = filled(10 * CHUNK_MESSAGES as u64);
        let kept = message(0);
        ready.push(kept.clone(), None);
        while ready.pop().is_some() {}
        assert_eq!(ready.fresh.len(), 1);
        assert!(ready.fresh[0].capacity() <= 2 * CHUNK_MESSAGES);
        assert_eq!(kept.holders(), 1);
    }

    #[test]
    fn a_waiting_message_costs_two_words_beside_itself() {
        assert_eq!(size_of::<Fresh>(), 16);
    }

    #[test]
    fn clearing_keeps_counting_positions() {
        let mut ready = filled(3);
        ready.clear();
        assert!(ready.is_empty());
        ready.push(message(9), None);
        assert_eq!(ready.pop().unwrap().position, 3);
    }
}
