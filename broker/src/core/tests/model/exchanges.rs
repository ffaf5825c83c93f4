//! The life of exchanges that clients declare.

use super::*;

/// A direct exchange with an alternate: its name and the alternate's.
pub const SPLITTING: (&str, &str) = ("splitting", "amq.fanout");
/// A direct exchange that goes with its last binding, and is not there at first.
pub const PASSING: &str = "passing";

impl Model {
    pub(super) fn exists(&self, exchange: &str) -> bool {
        exchange.is_empty() || exchange.starts_with("amq.") || self.exchanges.iter().any(|known| known == exchange)
    }

    pub(super) fn require_exchange(&self, name: &str) -> Result<(), Refusal> {
        if self.exists(name) { Ok(()) } else { Err(Refusal::NoExchange(name.into())) }
    }

    /// Each name is always declared with the same options.
    pub(super) fn declare_exchange(&mut self, name: &str, passive: bool) -> Result<(), Refusal> {
        if passive {
            return self.require_exchange(name);
        }
        if !self.exists(name) {
            self.exchanges.push(name.to_owned());
        }
        Ok(())
    }

    pub(super) fn delete_exchange(&mut self, name: &str, if_unused: bool) -> Result<(), Refusal> {
        if !self.exists(name) {
            return Ok(());
        }
        if name.starts_with("amq.") {
            return Err(Refusal::SystemExchange(name.into()));
        }
        if if_unused && self.bindings.iter().any(|(source, ..)| source == name) {
            return Err(Refusal::InUse { entity: "exchange", name: name.into() });
        }
        self.remove_exchange(name);
        Ok(())
    }

    pub(super) fn bind(&mut self, source: &str, target: ModelTarget, pattern: &[u8]) {
        let binding = (source.to_owned(), target, pattern.to_vec());
        if !self.bindings.contains(&binding) {
            self.bindings.push(binding);
        }
    }

    pub(super) fn unbind(&mut self, source: &str, target: &ModelTarget, pattern: &[u8]) {
        self.remove_bindings(|known| (&*known.0, &known.1, &*known.2) == (source, target, pattern));
    }

    /// Removes bindings, and the exchange that goes with its last one.
    pub(super) fn remove_bindings(&mut self, is_gone: impl Fn(&ModelBinding) -> bool) {
        let was_used = self.bindings.iter().any(|(source, ..)| source == PASSING);
        self.bindings.retain(|binding| !is_gone(binding));
        let is_used = self.bindings.iter().any(|(source, ..)| source == PASSING);
        if was_used && !is_used && self.exists(PASSING) {
            self.remove_exchange(PASSING);
        }
    }

    fn remove_exchange(&mut self, name: &str) {
        self.exchanges.retain(|known| known != name);
        let target = ModelTarget::Exchange(name.to_owned());
        self.remove_bindings(|(source, bound, _)| source == name || *bound == target);
    }
}
