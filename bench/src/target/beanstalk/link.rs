//! A connection to beanstalkd.

use std::net::SocketAddr;

use super::reply::{Reply, parse};
use crate::target::TargetError;
use crate::target::connect::answered;
use crate::target::wire::Wire;

/// The tube that is used.
const TUBE: &str = "handoff-bench";
/// How many jobs are removed in one go.
const SWEEP: usize = 1_000;

/// An open connection.
pub(super) struct Link {
    /// The bytes that go out and come in.
    pub wire: Wire,
}

impl Link {
    /// Connects, to put jobs into the tube and to take them from there alone.
    pub async fn open(address: SocketAddr) -> Result<Link, TargetError> {
        let mut link = Link { wire: Wire::connect(address).await? };
        link.say(&format!("use {TUBE}\r\nwatch {TUBE}\r\nignore default\r\n"));
        link.answers(3, |_| {}).await?;
        Ok(link)
    }

    /// Puts a command, or several, into what is to be written.
    pub fn say(&mut self, commands: &str) {
        self.wire.output.extend_from_slice(commands.as_bytes());
    }

    /// Gives each reply that has come whole to `take`.
    pub fn take_replies(
        &mut self,
        mut take: impl FnMut(Reply<'_>) -> Result<(), TargetError>,
    ) -> Result<(), TargetError> {
        while let Some((reply, bytes)) = parse(self.wire.input())? {
            take(reply)?;
            self.wire.take(bytes);
        }
        Ok(())
    }

    /// Sends what is to be written and waits for as many replies.
    pub async fn answers(&mut self, mut count: usize, mut take: impl FnMut(Reply<'_>)) -> Result<(), TargetError> {
        answered(async {
            self.wire.flush().await?;
            while count > 0 {
                self.take_replies(|reply| {
                    take(reply);
                    count = count.saturating_sub(1);
                    Ok(())
                })?;
                if count > 0 {
                    self.wire.fill().await?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Its statistics, a YAML document.
    pub async fn statistics(&mut self) -> Result<String, TargetError> {
        self.say("stats\r\n");
        let mut statistics = String::new();
        self.answers(1, |reply| {
            if let Reply::Text(text) = reply {
                statistics = String::from_utf8_lossy(text).into_owned();
            }
        })
        .await?;
        Ok(statistics)
    }

    /// Removes all jobs of the tube that nobody else holds.
    pub async fn sweep(&mut self) -> Result<(), TargetError> {
        self.say(&format!("kick {}\r\n", u32::MAX));
        self.answers(1, |_| {}).await?;
        loop {
            let mut found = Vec::new();
            self.say(&"reserve-with-timeout 0\r\n".repeat(SWEEP));
            self.answers(SWEEP, |reply| {
                if let Reply::Reserved { id, .. } = reply {
                    found.push(id);
                }
            })
            .await?;
            if found.is_empty() {
                return Ok(());
            }
            found.iter().for_each(|id| self.say(&format!("delete {id}\r\n")));
            self.answers(found.len(), |_| {}).await?;
        }
    }
}
