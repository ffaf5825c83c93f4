//! What the core reads of a message's property bytes; everything else passes through unparsed.
//!
//! Whoever publishes has checked the bytes. If they are not what they should be, nothing is found in them.

use super::message::Message;
use crate::amqp::codec::{Properties, Table};

impl Message {
    fn parsed(&self) -> Properties<'_> {
        Properties::from_valid(self.properties())
    }

    /// Its headers; empty if it has none.
    pub(super) fn headers(&self) -> Table<'_> {
        self.parsed().headers().unwrap_or_default()
    }

    /// The same message without the header of this name.
    pub(super) fn without_header(&self, name: &str) -> Message {
        let properties = self.parsed().without_header(name);
        Message::new(self.exchange(), self.routing_key(), &properties, self.body())
    }
}
