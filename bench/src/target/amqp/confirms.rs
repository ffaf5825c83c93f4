//! Which publishes were confirmed: one by one, in any order, or many at once.

use std::collections::BTreeSet;

/// The confirms of a channel.
#[derive(Debug, Default)]
pub(super) struct Confirms {
    /// Everything up to here was confirmed.
    floor: u64,
    /// What was confirmed beyond it.
    beyond: BTreeSet<u64>,
}

impl Confirms {
    /// Notes a confirm; how many publishes it confirms that were not yet.
    pub fn note(&mut self, delivery_tag: u64, multiple: bool) -> u64 {
        if delivery_tag <= self.floor {
            return 0;
        }
        if multiple {
            let later = self.beyond.split_off(&(delivery_tag + 1));
            let known = std::mem::replace(&mut self.beyond, later).len() as u64;
            let new = delivery_tag - self.floor - known;
            self.floor = delivery_tag;
            self.rise();
            return new;
        }
        let is_new = if delivery_tag == self.floor + 1 {
            self.floor = delivery_tag;
            self.rise();
            true
        } else {
            self.beyond.insert(delivery_tag)
        };
        u64::from(is_new)
    }

    fn rise(&mut self) {
        while self.beyond.remove(&(self.floor + 1)) {
            self.floor += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_publish_counts_once_however_it_is_confirmed() {
        let mut confirms = Confirms::default();
        assert_eq!(confirms.note(1, false), 1);
        assert_eq!(confirms.note(4, false), 1);
        assert_eq!(confirms.note(4, false), 0);
        assert_eq!(confirms.note(3, true), 2);
        assert_eq!(confirms.note(2, true), 0);
        assert_eq!(confirms.note(6, false), 1);
        assert_eq!(confirms.note(8, true), 3);
        assert_eq!(confirms.note(9, false), 1);
    }
}
