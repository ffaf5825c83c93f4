//! Consumers that take turns, as an ordered map from turn to consumer: any of them may leave at any time in O(log n).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::broker::ConsumerKey;

/// A place in the order of turns: those of a higher priority come first, and of these the ones with a lower number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    priority: Reverse<i64>,
    number: u64,
}

/// Who waits for a turn: by priority, and then the longest waiting first.
#[derive(Debug, Default)]
pub(super) struct Rotation {
    waiting: BTreeMap<Turn, ConsumerKey>,
    next_number: u64,
}

impl Rotation {
    /// Puts a consumer at the end of its priority, and says where that is.
    pub fn enter(&mut self, consumer: ConsumerKey, priority: i64) -> Turn {
        let turn = Turn { priority: Reverse(priority), number: self.next_number };
        self.next_number += 1;
        self.waiting.insert(turn, consumer);
        turn
    }

    /// Takes a consumer out.
    pub fn leave(&mut self, turn: Turn) {
        self.waiting.remove(&turn);
    }

    /// Takes the consumer with this turn to the end of its priority, and says where that is.
    pub fn requeue(&mut self, turn: Turn, consumer: ConsumerKey) -> Turn {
        if self.waiting.len() == 1 {
            return turn;
        }
        self.leave(turn);
        self.enter(consumer, turn.priority.0)
    }

    /// Who is next.
    pub fn first(&self) -> Option<ConsumerKey> {
        self.waiting.first_key_value().map(|(_, consumer)| *consumer)
    }

    /// Who has this turn.
    pub fn at(&self, turn: Turn) -> Option<ConsumerKey> {
        self.waiting.get(&turn).copied()
    }

    /// How many wait.
    pub fn length(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}
