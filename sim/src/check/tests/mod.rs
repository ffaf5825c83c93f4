//! What each judge must reject, by the right name, and the near miss that it must accept.

mod bounded;
mod conservation;
mod dead_letter;
mod delivery_count;
mod destructive_read;
mod fifo;
mod invention;
mod lost;
mod one_holder;
mod prefetch;
mod push;
mod report;
mod script;
mod vocabulary;

use script::Script;
