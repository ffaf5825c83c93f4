//! What the application is given to run on, and what keeps it running.

use std::fmt::Display;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use handoff_broker::Runtime;

use super::story::Story;
use crate::world::SimulatedRuntime;

/// How long a supervisor waits until it starts what has ended again.
const START_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// One life of a node. Cheap to clone; clones are the same node.
#[derive(Clone)]
pub struct Node {
    /// Its clock, tasks and sockets.
    pub runtime: SimulatedRuntime,
    /// Where the broker listens, in each of its lives.
    pub broker: SocketAddr,
    pub(super) name: Arc<str>,
    pub(super) story: Story,
}

impl Node {
    /// The node's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a line to the story of what happened, said by this node.
    pub fn note(&self, text: impl Display) {
        self.story.tell(self.runtime.now(), &self.name, text);
    }
}

/// When what runs on a node is started again though nobody killed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// When it has failed: it has something to do, and then it is done.
    Client,
    /// Whenever it has ended.
    Service,
}

type Ending = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// A node as the application describes it.
pub(super) struct Program {
    pub name: Arc<str>,
    pub role: Role,
    start: Box<dyn Fn(Node) -> Ending + Send + Sync>,
}

impl Program {
    pub fn new<Work, E>(name: &str, role: Role, start: impl Fn(Node) -> Work + Send + Sync + 'static) -> Self
    where
        Work: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let start = move |node| -> Ending {
            let work = start(node);
            Box::pin(async move { work.await.map_err(|error| error.to_string()) })
        };
        Program { name: name.into(), role, start: Box::new(start) }
    }

    /// Runs it in one life of its node. Ends when a client is done.
    pub async fn run(&self, node: Node) {
        loop {
            let ended = (self.start)(node.clone()).await;
            match (&ended, self.role) {
                (Ok(()), Role::Client) => return node.note("is done"),
                (Ok(()), Role::Service) => node.note("has ended, and starts again"),
                (Err(error), _) => node.note(format_args!("has failed ({error}), and starts again")),
            }
            node.runtime.sleep(START_AGAIN_AFTER).await;
        }
    }
}
