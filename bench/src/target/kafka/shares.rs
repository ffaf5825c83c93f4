//! Which consumer reads which share of the partitions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The shares of a topic, as many as there are consumers.
#[derive(Debug, Default)]
pub(super) struct Shares(Mutex<Vec<bool>>);

/// A share that one consumer has until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    shares: Arc<Shares>,
    number: usize,
}

impl Shares {
    /// The first share that nobody has: whoever comes after one who has gone goes on with what that one read.
    pub fn claim(self: &Arc<Self>) -> Share {
        let mut taken = self.taken();
        let number = taken.iter().position(|is_taken| !is_taken).unwrap_or(taken.len());
        if number == taken.len() {
            taken.push(false);
        }
        taken[number] = true;
        Share { shares: self.clone(), number }
    }

    fn taken(&self) -> MutexGuard<'_, Vec<bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Its number, from 0.
    pub fn number(&self) -> usize {
        self.number
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shares.taken()[self.number] = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_was_given_up_is_the_next_to_be_claimed() {
        let shares = Arc::new(Shares::default());
        let [first, second, third] = [0; 3].map(|_| shares.claim());
        assert_eq!([first.number(), second.number(), third.number()], [0, 1, 2]);
        drop(second);
        assert_eq!(shares.claim().number(), 1);
        drop(first);
        assert_eq!((shares.claim().number(), third.number()), (0, 2));
    }
}
