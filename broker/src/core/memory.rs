//! When a deque gives memory back: after it was much longer than it is.

use std::collections::VecDeque;

/// Capacity that is kept whatever the length.
const SPARE_CAPACITY: usize = 128;

/// Halves the capacity of a deque that is at most a quarter full. Called after each removal it costs O(1) amortised.
pub(super) fn give_back<T>(deque: &mut VecDeque<T>) {
    let capacity = deque.capacity();
    if capacity > SPARE_CAPACITY && deque.len() <= capacity / 4 {
        deque.shrink_to(capacity / 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drained_deque_is_small_and_a_half_full_one_is_left_alone() {
        let mut deque: VecDeque<u64> = (0..4096).collect();
        deque.drain(..2048);
        give_back(&mut deque);
        assert!(deque.capacity() >= 4096);
        while deque.pop_front().is_some() {
            give_back(&mut deque);
        }
        assert!(deque.capacity() <= SPARE_CAPACITY);

        let mut small: VecDeque<u64> = VecDeque::with_capacity(SPARE_CAPACITY);
        give_back(&mut small);
        assert!(small.capacity() >= SPARE_CAPACITY, "so much is always kept");
    }
}
