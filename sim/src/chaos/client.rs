//! What producers and consumers have in common: a node with a name, and a connection that is opened again and again.

use std::sync::Arc;
use std::time::Duration;

use handoff_broker::client::{Channel, ClientError, Connection};
use handoff_broker::{Runtime, Timestamp};

use super::scene::Scene;
use crate::history::{ChannelLog, ProcessLog};
use crate::world::SimulatedRuntime;

/// How long a client waits before it connects again.
const RECONNECT_AFTER: Duration = Duration::from_millis(5);

/// A client in one life of its node.
pub(super) struct Client {
    pub scene: Arc<Scene>,
    pub runtime: SimulatedRuntime,
    pub name: String,
    process: ProcessLog,
}

/// A connection with its one channel.
pub(super) struct Session {
    pub channel: Channel,
    pub log: ChannelLog,
    scene: Arc<Scene>,
    name: String,
    /// Closes when it is dropped.
    connection: Connection,
}

impl Client {
    pub fn new(scene: &Arc<Scene>, runtime: SimulatedRuntime, name: &str) -> Self {
        let process = scene.recorder.process(name);
        Client { scene: scene.clone(), runtime, name: name.to_owned(), process }
    }

    /// Connects, and declares `queue`.
    pub async fn open(&self, queue: &str) -> Result<Session, ClientError> {
        let options = self.scene.connection_options();
        let connection = Connection::open(&self.runtime, self.scene.address, &options).await?;
        let log = self.process.open_channel();
        let channel = connection.open_channel().await.inspect_err(|_| log.lost())?;
        self.scene.on_client(&self.name, |client| client.connections += 1);
        let (scene, name) = (self.scene.clone(), self.name.clone());
        let session = Session { channel, log, scene, name, connection };
        for (name, options) in self.scene.declarations(queue) {
            let asked = session.log.ask();
            let declared = session.channel.declare_queue(&name, &options).await;
            asked.ended(&declared);
            declared.inspect_err(|_| session.log.lost())?;
        }
        Ok(session)
    }

    /// Waits before it connects again: a moment, or as long as its restart takes.
    pub async fn wait(&self) {
        let away_until = self.scene.on_client(&self.name, |client| client.away_until);
        self.runtime.sleep_until(away_until.max(self.runtime.now() + RECONNECT_AFTER)).await;
    }

    /// Completes when it is to stop in good order.
    pub async fn asked_to_restart(&self) {
        self.scene.asked_to_restart(&self.name).await;
    }
}

impl Session {
    /// Ends it in good order.
    pub fn close(&self) {
        // The answer is not waited for.
        drop(self.log.close());
        self.connection.close();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.scene.on_client(&self.name, |client| {
            client.connections -= 1;
            client.in_hand = 0;
            client.unconfirmed = 0;
            client.due_at = Timestamp::EPOCH;
        });
    }
}
