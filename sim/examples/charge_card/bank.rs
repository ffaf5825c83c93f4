//! The company that books charges: not ours, so it goes on when our machines crash.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use handoff_broker::Runtime;

/// How long a request takes to get there, and its answer to come back.
const WAY: Duration = Duration::from_millis(2);

/// Its books. Cheap to clone; clones are the same bank.
#[derive(Clone, Default)]
pub struct Bank(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    /// How often each order was charged.
    charges: BTreeMap<String, u32>,
    /// The keys of the requests that were carried out.
    keys: Vec<String>,
}

impl Bank {
    /// Charges the card for an order. A request with a key that was seen before is answered and not carried out again.
    pub async fn charge<R: Runtime>(&self, runtime: &R, order: &str, idempotency_key: Option<&str>) {
        runtime.sleep(WAY).await;
        self.book(order, idempotency_key);
        runtime.sleep(WAY).await;
    }

    /// The first order that was charged more than once, if one was.
    pub fn charged_twice(&self) -> Option<String> {
        let books = self.books();
        let (order, times) = books.charges.iter().find(|(_, times)| **times > 1)?;
        Some(format!("{order} was charged {times} times"))
    }

    /// The first of `orders` that was not charged, if one was not.
    pub fn not_charged(&self, orders: u64) -> Option<String> {
        let books = self.books();
        let forgotten =
            (1..=orders).map(|number| format!("order {number}")).find(|order| !books.charges.contains_key(order));
        forgotten.map(|order| format!("{order} was never charged"))
    }

    fn book(&self, order: &str, idempotency_key: Option<&str>) {
        let mut books = self.books();
        if let Some(key) = idempotency_key {
            if books.keys.iter().any(|known| known == key) {
                return;
            }
            books.keys.push(key.to_owned());
        }
        *books.charges.entry(order.to_owned()).or_default() += 1;
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
