//! When a deque gives memory back: after it was much longer than it is.

use std::collections::VecDeque;

/// Capacity that is kept whatever the length: what breathes with each batch need not be made anew each time.
const SPARE_CAPACITY: usize = 1024;

/// Halves the capacity of a deque that is at most an eighth full. Called after each removal it costs O(1) amortised.
pub(super) fn give_back<T>(deque: &mut VecDeque<T>) {
    let capacity = deque.capacity();
    if capacity > SPARE_CAPACITY && deque.len() <= capacity / 8 {
        deque.shrink_to(capacity / 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drained_deque_is_small_and_a_quarter_full_one_is_left_alone() {
        let mut deque: VecDeque<u64> = (0..16_384).collect();
        deque.drain(..12_288);
        give_back(&mut deque);
        assert!(deque.capacity() >= 16_384);
        while deque.pop_front().is_some() {
            give_back(&mut deque);
        }
        assert!(deque.capacity() <= SPARE_CAPACITY);

        let mut deque: VecDeque<u64> = (0..4096).collect();
        deque.drain(..3_600);
        give_back(&mut deque);
        assert!((2_048..4_096).contains(&deque.capacity()), "half, so that it may grow again before it moves");

        let mut small: VecDeque<u64> = VecDeque::with_capacity(SPARE_CAPACITY);
        give_back(&mut small);
        assert!(small.capacity() >= SPARE_CAPACITY, "so much is always kept");
    }
}
