//! The log over loopback TCP: its client, its groups, and its wire, as Kafka's clients and as enemies use it.

mod client;
mod group;
mod support;
mod wire;
