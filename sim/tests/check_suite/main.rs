//! What the checkers promise, seen from outside: histories of the real core on a toy network are always accepted,
//! however the network delays and cuts; altered histories and altered brokers are rejected by the right name.

mod client;
mod defects;
mod link;
mod machine;
mod mutations;
mod network;
mod observed;
mod soundness;
