//! A consumer of what was buried, which is where beanstalkd keeps dead letters.
//!
//! Nobody can reserve a buried job: it is looked at where it lies, and deleted. There is no waiting for the first one and
//! no looking at the second before the first is gone, so each costs a way there and back.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::sleep;

use super::link::Link;
use super::reply::Reply;
use crate::target::{Consumer, TargetError};

/// How long it waits before it looks again where nothing lay.
const PAUSE: Duration = Duration::from_millis(1);

/// A consumer of buried jobs.
pub(super) struct Undertaker {
    link: Link,
    /// Whether it has asked and was not answered.
    is_looking: bool,
    /// The job that it has looked at.
    held: Option<u64>,
}

impl Undertaker {
    pub fn new(link: Link) -> Self {
        Undertaker { link, is_looking: false, held: None }
    }

    fn look(&mut self) {
        if !self.is_looking {
            self.is_looking = true;
            self.link.say("peek-buried\r\n");
        }
    }
}

impl Consumer for Undertaker {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            loop {
                self.look();
                self.link.wire.flush().await?;
                let Undertaker { link, is_looking, held } = self;
                link.take_replies(|reply| {
                    match reply {
                        Reply::Found { id, body } => {
                            (*is_looking, *held) = (false, Some(id));
                            take(body);
                        }
                        Reply::NotFound => *is_looking = false,
                        _ => {}
                    }
                    Ok(())
                })?;
                match (self.held, self.is_looking) {
                    (Some(_), _) => return Ok(()),
                    (None, true) => self.link.wire.fill().await?,
                    (None, false) => sleep(PAUSE).await,
                }
            }
        })
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async move {
            if let Some(id) = self.held.take() {
                self.link.say(&format!("delete {id}\r\n"));
                self.look();
            }
            self.link.wire.flush().await
        })
    }
}
