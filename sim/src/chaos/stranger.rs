//! Somebody who is no client: sends the broker what nobody should.

use std::time::Duration;

use handoff_broker::Runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::injected::Change;
use super::scene::Scene;
use crate::fault::Attack;
use crate::world::SimulatedRuntime;

/// The broker ends a connection whose handshake takes longer, and this is longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Connects from the node of `runtime` and attacks. What that changed: the broker has turned it away.
pub(super) async fn attack(scene: &Scene, runtime: &SimulatedRuntime, attack: Attack) -> Change {
    let turned_away = async {
        let mut stream = runtime.connect(scene.address).await?;
        stream.write_all(bytes(attack)).await?;
        stream.read_to_end(&mut Vec::new()).await
    };
    let deadline = runtime.now() + PATIENCE;
    let over = tokio::select! {
        biased;
        () = scene.healed() => None,
        over = runtime.timeout_at(deadline, turned_away) => over,
    };
    Change { strangers_refused: u64::from(over.is_some()), ..Change::default() }
}

fn bytes(attack: Attack) -> &'static [u8] {
    match attack {
        Attack::Garbage => b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
        Attack::HalfFrame => b"AMQP\x00\x00\x09\x01\x01\x00\x00\x00\x00\x00\x20\x00\x0a",
        Attack::HugeFrame => b"AMQP\x00\x00\x09\x01\x01\x00\x00\xff\xff\xff\xff\x00\x0a\x00\x0b",
        Attack::BrokenFrame => b"AMQP\x00\x00\x09\x01\x01\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x0b\x00",
    }
}
