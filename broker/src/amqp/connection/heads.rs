//! The heads of the messages that a channel has published lately, to be used again for messages like them.

use crate::core::Head;

/// How many are kept: publishers that take turns between more routing keys than these are rare.
const MOST_HEADS: usize = 8;

/// Heads, no two of which lead to the same.
#[derive(Debug, Default)]
pub(super) struct Heads {
    kept: Vec<Head>,
    /// Where the one is that was used last.
    last: usize,
    /// Which one goes when there are too many.
    oldest: usize,
}

impl Heads {
    /// Whether there is a head for this exchange and routing key, which is the [last](Heads::last) one from then on.
    pub fn find(&mut self, exchange: &str, routing_key: &[u8]) -> bool {
        if self.last().is_some_and(|head| head.leads_to(exchange, routing_key)) {
            return true;
        }
        let found = self.kept.iter().position(|head| head.leads_to(exchange, routing_key));
        self.last = found.unwrap_or(self.last);
        found.is_some()
    }

    /// The one that was used last.
    pub fn last(&self) -> Option<&Head> {
        self.kept.get(self.last)
    }

    /// Exchanges the last one for another that leads to the same.
    pub fn replace_last(&mut self, head: Head) {
        if let Some(last) = self.kept.get_mut(self.last) {
            *last = head;
        }
    }

    /// Keeps one that leads where none of the others does, which is the last one from then on.
    pub fn keep(&mut self, head: Head) {
        if self.kept.len() < MOST_HEADS {
            self.last = self.kept.len();
            self.kept.push(head);
        } else {
            self.last = self.oldest;
            self.oldest = (self.oldest + 1) % MOST_HEADS;
            self.replace_last(head);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Vec<u8> {
        format!("key {number}").into_bytes()
    }

    #[test]
    fn the_latest_are_kept_and_found() {
        let mut heads = Heads::default();
        for number in 0..MOST_HEADS + 3 {
            assert!(!heads.find("x", &key(number)));
            heads.keep(Head::new("x", &key(number), None));
            assert!(heads.find("x", &key(number)));
        }
        let found: Vec<bool> = (0..MOST_HEADS + 3).map(|number| heads.find("x", &key(number))).collect();
        assert_eq!(found, (0..MOST_HEADS + 3).map(|number| number >= 3).collect::<Vec<_>>());
        assert!(heads.find("x", &key(5)) && !heads.find("y", &key(5)));
        heads.replace_last(Head::new("x", &key(5), Some(b"p")));
        assert!(heads.find("x", &key(6)) && heads.find("x", &key(5)));
        assert_eq!(heads.last().and_then(Head::properties), Some(&b"p"[..]));
    }
}
