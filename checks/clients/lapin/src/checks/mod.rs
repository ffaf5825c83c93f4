//! The checks, by the names that all clients share.

mod consuming;
mod dying;
mod publishing;
mod routing;
mod topology;

use std::pin::Pin;

use crate::session::{Outcome, Session};

/// A check, ready to be run.
pub type Check = fn(Session) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A check under its name.
macro_rules! check {
    ($name:literal, $function:path) => {
        ($name, |session| Box::pin($function(session)))
    };
}

/// Every check of this client.
pub const ALL: &[(&str, Check)] = &[
    check!("publish with confirms", publishing::with_confirms),
    check!("mandatory message without a queue is returned", publishing::returned),
    check!("full queue refuses with a nack", publishing::refused_by_a_full_queue),
    check!("unknown exchange closes the channel", publishing::to_an_unknown_exchange),
    check!("bodies of all sizes come back equal", publishing::bodies_of_all_sizes),
    check!("properties and headers come back equal", publishing::properties_and_headers),
    check!("transaction publishes at its commit", publishing::at_the_commit),
    check!("rollback forgets what was published and acknowledged", publishing::not_after_a_rollback),
    check!("immediate is not implemented", publishing::immediately),
    check!("consumer never holds more than its prefetch", consuming::up_to_the_prefetch),
    check!("acknowledge several at once", consuming::several_acknowledged_at_once),
    check!("consumers take turns", consuming::in_turns),
    check!("cancelled consumer gets no more", consuming::until_cancelled),
    check!("deleted queue cancels its consumer", consuming::until_the_queue_goes),
    check!("get takes one message at a time", consuming::one_at_a_time),
    check!("recover gives back what the channel holds", consuming::again_after_recover),
    check!("nacked message returns to its place", consuming::again_in_order),
    check!("request is answered directly", consuming::replies),
    check!("rejected message is dead lettered", dying::rejected),
    check!("message expires after the time of its queue", dying::expired),
    check!("message expires by its own expiration", dying::expired_by_itself),
    check!("full queue drops its oldest to the dead letter queue", dying::dropped),
    check!("poison message is dead lettered at its limit", dying::poisonous),
    check!("direct exchange routes by key", routing::direct),
    check!("fanout exchange routes to all", routing::fanout),
    check!("topic exchange routes by pattern", routing::topic),
    check!("headers exchange routes by headers", routing::headers),
    check!("exchanges bind to each other", routing::exchange_to_exchange),
    check!("alternate exchange takes what has no way", routing::alternate),
    check!("unknown queue closes only its channel", topology::unknown_queue),
    check!("passive declare tells what is there", topology::passive_declare),
    check!("server names a queue", topology::server_named),
    check!("purge and delete tell how many", topology::purge_and_delete),
    check!("exclusive queue is locked for others", topology::exclusive),
    check!("auto delete queue ends with its last consumer", topology::auto_delete),
    check!("redeclaring with other options closes the channel", topology::redeclared),
    check!("message of higher priority comes first", topology::priorities),
];
