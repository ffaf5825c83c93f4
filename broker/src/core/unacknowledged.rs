//! The deliveries of one channel that wait for their acknowledgement, by delivery tag.
//!
//! Tags only grow, so a deque is sorted by itself. One that is settled out of order leaves a gap, which is closed when
//! gaps outnumber what is held. Everything is O(1) amortised, but finding a tag in the middle is O(log n).

use std::collections::VecDeque;

use super::broker::{ConsumerKey, QueueKey};
use super::memory::give_back;
use super::ready::Entry;

/// A message that a channel holds.
#[derive(Debug)]
pub(super) struct Held {
    /// Where it came from. The queue may be gone by now.
    pub queue: QueueKey,
    /// Who got it; `None` if it was asked for by `get`. The consumer may be gone by now.
    pub consumer: Option<ConsumerKey>,
    /// What it was in the queue.
    pub entry: Entry,
}

/// Deliveries in a row that came from one queue to one consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub queue: QueueKey,
    pub consumer: Option<ConsumerKey>,
    pub length: u64,
}

/// Gaps that are not worth closing.
const SPARE_GAPS: usize = 32;

/// Deliveries in the order of their tags.
#[derive(Debug, Default)]
pub(super) struct Unacknowledged {
    /// The first and the last are no gaps.
    deliveries: VecDeque<(u64, Option<Held>)>,
    length: usize,
}

impl Unacknowledged {
    /// The lowest tag held.
    pub fn first_tag(&self) -> Option<u64> {
        self.deliveries.front().map(|(tag, _)| *tag)
    }

    /// Appends a delivery. Its tag is higher than all before.
    #[inline(always)]
    pub fn push(&mut self, tag: u64, held: Held) {
        self.deliveries.push_back((tag, Some(held)));
        self.length += 1;
    }

    /// Takes the delivery with this tag out.
    pub fn take(&mut self, tag: u64) -> Option<Held> {
        let index = self.index(tag)?;
        let held = self.deliveries[index].1.take()?;
        self.length -= 1;
        self.close_gaps();
        Some(held)
    }

    /// Takes the delivery with the lowest tag out, with its tag, if that is not above `last_tag`.
    pub fn take_first(&mut self, last_tag: u64) -> Option<(u64, Held)> {
        self.first_tag().filter(|tag| *tag <= last_tag)?;
        let (tag, held) = self.deliveries.pop_front()?;
        self.length -= 1;
        self.close_gaps();
        held.map(|held| (tag, held))
    }

    /// Drops the delivery with the lowest tag, if that is not above `last_tag`, and those after it that came from the same
    /// queue to the same consumer.
    pub fn drop_run(&mut self, last_tag: u64) -> Option<Run> {
        let first = self.deliveries.front().filter(|(tag, _)| *tag <= last_tag)?;
        let (queue, consumer) = first.1.as_ref().map(|held| (held.queue, held.consumer))?;
        let belongs = |held: &Held| (held.queue, held.consumer) == (queue, consumer);
        let run =
            self.deliveries.iter().take_while(|(tag, held)| *tag <= last_tag && held.as_ref().is_none_or(belongs));
        let end = run.count();
        let length = self.deliveries.drain(..end).filter(|(_, held)| held.is_some()).count();
        self.length -= length;
        self.close_gaps();
        Some(Run { queue, consumer, length: length as u64 })
    }

    /// Where a delivery is. Unless gaps were closed behind the first, its tag says so.
    fn index(&self, tag: u64) -> Option<usize> {
        let distance = tag.checked_sub(self.first_tag()?)?;
        let guess = usize::try_from(distance).ok()?;
        if self.deliveries.get(guess).is_some_and(|(found, _)| *found == tag) {
            return Some(guess);
        }
        self.deliveries.binary_search_by_key(&tag, |(tag, _)| *tag).ok()
    }

    /// Puts deliveries that were taken out back to their tags. Costs O(n log n) in all that is held.
    pub fn restore(&mut self, taken: impl Iterator<Item = (u64, Held)>) {
        self.deliveries.retain(|(_, held)| held.is_some());
        self.deliveries.extend(taken.map(|(tag, held)| (tag, Some(held))));
        self.deliveries.make_contiguous().sort_unstable_by_key(|(tag, _)| *tag);
        self.length = self.deliveries.len();
    }

    /// How many are held.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Everything held, by tag.
    pub fn into_held(self) -> impl Iterator<Item = Held> {
        self.deliveries.into_iter().filter_map(|(_, held)| held)
    }

    /// What is held, by tag.
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.deliveries.iter().filter_map(|(_, held)| held.as_ref())
    }

    fn close_gaps(&mut self) {
        while self.deliveries.front().is_some_and(|(_, held)| held.is_none()) {
            self.deliveries.pop_front();
        }
        while self.deliveries.back().is_some_and(|(_, held)| held.is_none()) {
            self.deliveries.pop_back();
        }
        if self.deliveries.len() > 2 * self.length + SPARE_GAPS {
            self.deliveries.retain(|(_, held)| held.is_some());
        }
        give_back(&mut self.deliveries);
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::{Message, Placed};
    use super::super::meter::Meter;
    use super::*;

    fn held(position: u64) -> Held {
        let entry = Entry {
            position,
            delivery_count: 0,
            priority: 0,
            extra: None,
            message: Placed::new(Message::new("", b"", b"", b""), &Meter::default()),
        };
        Held { queue: QueueKey::default(), consumer: None, entry }
    }

    fn filled(count: u64) -> Unacknowledged {
        let mut unacknowledged = Unacknowledged::default();
        (1..=count).for_each(|tag| unacknowledged.push(tag, held(tag)));
        unacknowledged
    }

    fn positions(unacknowledged: &Unacknowledged) -> Vec<u64> {
        unacknowledged.iter().map(|held| held.entry.position).collect()
    }

    #[test]
    fn a_tag_is_taken_once() {
        let mut unacknowledged = filled(3);
        assert_eq!(unacknowledged.take(2).unwrap().entry.position, 2);
        assert!(unacknowledged.take(2).is_none());
        assert!(unacknowledged.take(4).is_none());
        assert_eq!(positions(&unacknowledged), [1, 3]);
    }

    #[test]
    fn taking_the_first_stops_at_the_tag() {
        let mut unacknowledged = filled(4);
        unacknowledged.take(2);
        assert_eq!(unacknowledged.take_first(3).unwrap().0, 1);
        assert_eq!(unacknowledged.take_first(3).unwrap().0, 3);
        assert!(unacknowledged.take_first(3).is_none());
        assert_eq!((unacknowledged.first_tag(), unacknowledged.length()), (Some(4), 1));
    }

    #[test]
    fn a_run_ends_at_the_tag_or_where_another_queue_or_consumer_begins() {
        let mut consumers = slotmap::SlotMap::<ConsumerKey, ()>::with_key();
        let (one, two) = (Some(consumers.insert(())), Some(consumers.insert(())));
        let mut unacknowledged = Unacknowledged::default();
        for (tag, consumer) in [(1, one), (2, one), (3, one), (4, one), (5, two), (6, None), (8, None)] {
            unacknowledged.push(tag, Held { consumer, ..held(tag) });
        }
        unacknowledged.take(2);
        let run = |consumer, length| Some(Run { queue: QueueKey::default(), consumer, length });
        assert_eq!(unacknowledged.drop_run(0), None);
        assert_eq!(unacknowledged.drop_run(3), run(one, 2));
        assert_eq!(unacknowledged.drop_run(3), None);
        assert_eq!((unacknowledged.first_tag(), unacknowledged.length()), (Some(4), 4));
        assert_eq!(unacknowledged.drop_run(u64::MAX), run(one, 1));
        assert_eq!(unacknowledged.drop_run(u64::MAX), run(two, 1));
        assert_eq!(unacknowledged.drop_run(7), run(None, 1));
        assert_eq!(unacknowledged.take(8).unwrap().entry.position, 8);
        assert_eq!((unacknowledged.drop_run(u64::MAX), unacknowledged.length()), (None, 0));
    }

    #[test]
    fn a_tag_is_found_behind_gaps_that_were_closed() {
        let mut unacknowledged = filled(200);
        (2..=150).for_each(|tag| assert!(unacknowledged.take(tag).is_some()));
        assert!(unacknowledged.deliveries.len() < 200, "gaps are closed");
        for tag in 151..=200 {
            assert_eq!(unacknowledged.take(tag).unwrap().entry.position, tag);
        }
        assert!(unacknowledged.take(150).is_none() && unacknowledged.take(0).is_none());
    }

    #[test]
    fn what_was_taken_is_restored_between_the_others() {
        let mut unacknowledged = filled(5);
        let two = unacknowledged.take(2).unwrap();
        let four = unacknowledged.take(4).unwrap();
        unacknowledged.restore([(4, four), (2, two)].into_iter());
        assert_eq!(positions(&unacknowledged), [1, 2, 3, 4, 5]);
        assert_eq!(unacknowledged.take(4).unwrap().entry.position, 4);
    }

    #[test]
    fn one_held_for_long_does_not_keep_the_gaps_behind_it() {
        let mut unacknowledged = filled(2);
        for tag in 3..10_000 {
            unacknowledged.push(tag, held(tag));
            assert!(unacknowledged.take(tag - 1).is_some());
        }
        assert_eq!(positions(&unacknowledged), [1, 9_999]);
        assert!(unacknowledged.deliveries.len() <= 4 + SPARE_GAPS);
    }

    #[test]
    fn memory_is_given_back() {
        let mut unacknowledged = filled(100_000);
        while unacknowledged.take_first(u64::MAX).is_some() {}
        assert!(unacknowledged.deliveries.capacity() < 2_000);
    }
}
