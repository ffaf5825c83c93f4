//! How many messages a consumer asks for in one go, where a system has to be asked for each of them.
//!
//! The first one is waited for, the others are asked for in case that they are there. To ask for many where few come
//! costs the system an answer for each; to ask for few where many come costs a way there and back.

/// Twice what came last time, up to a limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    limit: usize,
    next: usize,
}

impl Demand {
    /// Never more than `limit`, and one at first.
    pub fn up_to(limit: u16) -> Self {
        Demand { limit: usize::from(limit).max(1), next: 1 }
    }

    /// How many to ask for now.
    pub fn next(self) -> usize {
        self.next
    }

    /// Notes how many came.
    pub fn came(&mut self, count: usize) {
        self.next = (2 * count).clamp(1, self.limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_with_what_comes_up_to_its_limit_and_falls_with_it() {
        let mut demand = Demand::up_to(5);
        assert_eq!(demand.next(), 1);
        let asked = [1, 2, 4, 5, 1, 0].map(|count| {
            demand.came(count);
            demand.next()
        });
        assert_eq!(asked, [2, 4, 5, 5, 2, 1]);
    }
}
