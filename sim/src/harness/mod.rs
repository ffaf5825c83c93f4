//! For people who test their own consumers: their code, written against handoff's client and generic over
//! [`Runtime`](handoff_broker::Runtime), in a world in which a seed decides what breaks and when.
//!
//! A [`Test`] plays many seeds. For each it asks a function to furnish a [`World`]: the nodes and what runs on them,
//! the [`Faults`] that may strike, and invariants. A broker is there already. A seed that breaks an invariant is made
//! small and told as a story, with the line that plays it again.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//!
//! use handoff_broker::client::{ClientError, Connection, ConnectionOptions};
//! use handoff_broker::core::QueueOptions;
//! use handoff_sim::harness::{Faults, Node, Test, World};
//!
//! /// The application: publishes a letter, and knows that the broker has it.
//! async fn write(node: Node) -> Result<(), ClientError> {
//!     let connection = Connection::open(&node.runtime, node.broker, &ConnectionOptions::default()).await?;
//!     let channel = connection.open_channel().await?;
//!     channel.declare_queue("letters", &QueueOptions::default()).await?;
//!     channel.select_confirms().await?;
//!     channel.publish("", b"letters", b"\0\0", b"dear reader")?.await
//! }
//!
//! /// The application: reads letters for ever.
//! async fn read(node: Node, read: Arc<Mutex<Vec<String>>>) -> Result<(), ClientError> {
//!     let connection = Connection::open(&node.runtime, node.broker, &ConnectionOptions::default()).await?;
//!     let channel = connection.open_channel().await?;
//!     channel.declare_queue("letters", &QueueOptions::default()).await?;
//!     let mut letters = channel.consume("letters", "reader").await?;
//!     while let Some(letter) = letters.next().await {
//!         read.lock().expect("no panic").push(String::from_utf8_lossy(&letter.body).into_owned());
//!         channel.acknowledge(letter.delivery_tag, false)?;
//!     }
//!     Ok(())
//! }
//!
//! fn furnish(world: &mut World) {
//!     let letters = Arc::new(Mutex::new(Vec::new()));
//!     world.client("writer", write);
//!     world.service("reader", { let letters = letters.clone(); move |node| read(node, letters.clone()) });
//!     world.faults(Faults::new().crashes("reader", 2).crashes("writer", 1));
//!     world.eventually("the letter is read", move || {
//!         if letters.lock().expect("no panic").is_empty() { Err("nobody has read it") } else { Ok(()) }
//!     });
//! }
//!
//! // In a test of your own this is all: it panics if an invariant is broken.
//! Test::new("letters").seeds(20).check(furnish);
//! ```
//!
//! In the environment, `HANDOFF_SEEDS` says how many seeds are played, and `HANDOFF_SEED` names one of them, made
//! smaller perhaps, as the line of a failed test does.
//!
//! It judges what the application does. Whether the broker keeps its promises is judged by [`check`](crate::check).

mod fault;
mod host;
mod node;
mod plan;
mod play;
mod report;
mod shrink;
mod story;
mod test;
mod world;

pub use fault::Faults;
pub use node::Node;
pub use plan::{Plan, PlanError};
pub use report::{Failed, Passed, TestError};
pub use test::Test;
pub use world::World;
