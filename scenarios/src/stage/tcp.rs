//! The stage on real TCP: every node is a group of tasks of this process, on loopback.
//!
//! A crash aborts the node's tasks. Their sockets close as they are dropped, so peers see what they see of a process
//! that was killed.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handoff_broker::{Runtime, Task, Timestamp, TokioRuntime};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Stage;

/// Nodes on loopback. Must be used inside a Tokio runtime.
#[derive(Clone, Debug, Default)]
pub struct TcpStage {
    runtime: TokioRuntime,
    nodes: Arc<Mutex<BTreeMap<String, TcpNode>>>,
}

/// One life of a node.
#[derive(Clone, Debug)]
pub struct TcpNode {
    runtime: TokioRuntime,
    /// `None` once it has died: what a dying task still spawns goes nowhere.
    tasks: Arc<Mutex<Option<JoinSet<()>>>>,
}

impl TcpStage {
    /// An empty stage.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Stage for TcpStage {
    type Runtime = TcpNode;

    fn node(&self, name: &str) -> TcpNode {
        let new = || TcpNode { runtime: self.runtime, tasks: Arc::new(Mutex::new(Some(JoinSet::new()))) };
        lock(&self.nodes).entry(name.to_owned()).or_insert_with(new).clone()
    }

    fn listen_address(&self, _: &str) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
    }

    fn crash(&self, name: &str) {
        let node = lock(&self.nodes).remove(name);
        // Dropping the set aborts its tasks.
        drop(node.and_then(|node| lock(&node.tasks).take()));
    }
}

impl Runtime for TcpNode {
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Sleep = <TokioRuntime as Runtime>::Sleep;

    fn now(&self) -> Timestamp {
        self.runtime.now()
    }

    fn sleep_until(&self, deadline: Timestamp) -> Self::Sleep {
        self.runtime.sleep_until(deadline)
    }

    fn run(&self, task: Task) {
        if let Some(tasks) = lock(&self.tasks).as_mut() {
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }

    async fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        self.runtime.listen(address).await
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.runtime.connect(address).await
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use handoff_broker::Listener;
    use tokio::io::AsyncReadExt;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_crash_ends_every_task_of_a_node_and_closes_its_sockets() {
        let stage = TcpStage::new();
        let server = stage.node("server");
        let listener = server.listen(stage.listen_address("server")).await.expect("a free port");
        let address = listener.local_address().expect("an address");
        let (accepted, was_accepted) = oneshot::channel();
        server.spawn(async move {
            let _connection = listener.accept().await;
            accepted.send(()).expect("the test waits");
            std::future::pending::<()>().await;
        });
        let mut stream = stage.node("client").connect(address).await.expect("it listens");
        was_accepted.await.expect("it accepts");
        stage.crash("server");
        assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        assert!(stage.node("client").connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_node_has_a_new_life_after_its_crash_and_the_old_one_does_nothing_more() {
        let stage = TcpStage::new();
        let old = stage.node("node");
        stage.crash("node");
        stage.crash("node");
        let (old_ran, did_old_run) = oneshot::channel();
        old.spawn(async move { old_ran.send(()).unwrap_or_default() });
        let (new_ran, did_new_run) = oneshot::channel();
        stage.node("node").spawn(async move { new_ran.send(()).unwrap_or_default() });
        assert!(did_new_run.await.is_ok());
        assert!(did_old_run.await.is_err());
    }
}
