//! Redis as a queue: a stream with a consumer group, or a list from which messages are moved to lists of their consumers.

mod link;
mod list;
mod producer;
mod stream;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use redis::{Pipeline, Value};

use self::link::{Link, Login};
use self::list::ListConsumer;
use self::producer::RedisProducer;
use self::stream::StreamConsumer;
use super::{About, Address, Consumer, Producer, Target, TargetError};

/// The list that messages wait in.
const LIST: &str = "handoff-bench:list";
/// The stream, and its group of consumers.
const STREAM: &str = "handoff-bench:stream";
const GROUP: &str = "handoff-bench";
/// What the lists of consumers begin with, and what tells which there are.
const OWN_LIST: &str = "handoff-bench:held-by:";
const OWN_LISTS: &str = "handoff-bench:held";

/// A Redis, and what messages are kept in.
#[derive(Debug)]
pub struct Redis {
    login: Login,
    structure: Structure,
    /// Numbers the consumers.
    consumers: AtomicU64,
}

/// What messages are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Structure {
    Stream,
    List,
}

impl Redis {
    /// The Redis of a `redis://` URL; `?structure=stream|list` says what messages are kept in.
    ///
    /// # Errors
    /// [`TargetError::Refused`] if the structure or the database is none, [`TargetError::Down`] if the host has no
    /// address.
    pub fn new(address: &Address) -> Result<Self, TargetError> {
        let structure = match address.get("structure").unwrap_or("stream") {
            "stream" => Structure::Stream,
            "list" => Structure::List,
            other => return Err(TargetError::Refused(format!("structure={other}: expected stream or list"))),
        };
        let database = match address.path.as_deref().unwrap_or_default() {
            "" => 0,
            path => path.parse().map_err(|_| TargetError::Refused(format!("/{path}: expected a database's number")))?,
        };
        let resolved = address.resolve(6379);
        let resolved = resolved.map_err(|error| TargetError::Down { address: address.host.clone(), error })?;
        let login = Login { address: resolved, user: address.user.clone(), database };
        Ok(Redis { login, structure, consumers: AtomicU64::new(0) })
    }

    async fn describe(&self) -> Result<About, TargetError> {
        let mut link = Link::open(&self.login).await?;
        let mut pipeline = Pipeline::new();
        pipeline.cmd("INFO");
        let told = link.ask(pipeline).await?;
        let told = match told.first() {
            Some(Value::BulkString(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        };
        Ok(about(&told, self.structure))
    }

    /// Deletes everything of ours, and lets Redis return the memory of it, so that the next run begins without.
    async fn clear(&self) -> Result<Link, TargetError> {
        let mut link = Link::open(&self.login).await?;
        let mut pipeline = Pipeline::new();
        pipeline.cmd("SMEMBERS").arg(OWN_LISTS);
        let own_lists = link.ask(pipeline).await?;
        let mut pipeline = Pipeline::new();
        pipeline.cmd("DEL").arg(LIST).arg(STREAM).arg(OWN_LISTS);
        for value in own_lists {
            if let Value::Array(names) | Value::Set(names) = value {
                names.into_iter().for_each(|name| {
                    if let Value::BulkString(name) = name {
                        pipeline.arg(name);
                    }
                });
            }
        }
        link.ask(pipeline).await?;
        let mut pipeline = Pipeline::new();
        pipeline.cmd("MEMORY").arg("PURGE");
        // Not everybody may; then it keeps what it keeps.
        let _ = link.ask(pipeline).await;
        Ok(link)
    }

    async fn make(&self) -> Result<(), TargetError> {
        let mut link = self.clear().await?;
        if self.structure == Structure::Stream {
            let mut pipeline = Pipeline::new();
            pipeline.cmd("XGROUP").arg("CREATE").arg(STREAM).arg(GROUP).arg("0").arg("MKSTREAM");
            link.ask(pipeline).await?;
        }
        Ok(())
    }

    async fn start_consumer(&self, prefetch: u16) -> Result<Box<dyn Consumer>, TargetError> {
        let mut link = Link::open(&self.login).await?;
        let number = self.consumers.fetch_add(1, Ordering::Relaxed);
        if self.structure == Structure::Stream {
            return Ok(Box::new(StreamConsumer::new(link, number.to_string(), prefetch)));
        }
        let own_list = format!("{OWN_LIST}{number}");
        let mut pipeline = Pipeline::new();
        pipeline.cmd("SADD").arg(OWN_LISTS).arg(&own_list);
        link.ask(pipeline).await?;
        Ok(Box::new(ListConsumer::new(link, own_list, prefetch)))
    }
}

/// What it tells of itself.
fn about(told: &str, structure: Structure) -> About {
    let value = |key: &str| {
        let mut values = told.lines().filter_map(|line| line.split_once(':'));
        values.find(|(name, _)| *name == key).map_or("unknown", |(_, value)| value.trim())
    };
    let configuration = match structure {
        Structure::Stream => "stream and group; XADD, XREADGROUP, then XACK and XDEL",
        Structure::List => "list; RPUSH, LMOVE to a list of the consumer, then LTRIM",
    };
    let durability = match value("aof_enabled") {
        "0" => "confirmed when it is in memory (no append-only file)",
        _ => "confirmed when it is written to the append-only file, synced as appendfsync says",
    };
    About {
        version: format!("Redis {}", value("redis_version")),
        configuration: format!("{configuration}; pipelined"),
        durability: durability.into(),
    }
}

impl Target for Redis {
    fn about(&self) -> BoxFuture<'_, Result<About, TargetError>> {
        Box::pin(self.describe())
    }

    fn prepare(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(self.make())
    }

    fn producer(&self) -> BoxFuture<'_, Result<Box<dyn Producer>, TargetError>> {
        Box::pin(async {
            let link = Link::open(&self.login).await?;
            Ok(Box::new(RedisProducer::new(link, self.structure)) as Box<dyn Producer>)
        })
    }

    fn consumer(&self, prefetch: u16) -> BoxFuture<'_, Result<Box<dyn Consumer>, TargetError>> {
        Box::pin(self.start_consumer(prefetch))
    }

    fn redelivers(&self) -> Result<(), TargetError> {
        Err(TargetError::unsupported(
            "Redis keeps what a dead consumer held until another client claims it or moves it",
        ))
    }

    fn prepare_dead_letters(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async { Err(TargetError::unsupported("Redis has no dead letters: clients move messages themselves")) })
    }

    fn clean_up(&self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async { self.clear().await.map(drop) })
    }

    fn listens_on(&self) -> Option<SocketAddr> {
        Some(self.login.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_stands_in_its_information() {
        let told = "# Server\r\nredis_version:7.0.15\r\n# Persistence\r\naof_enabled:0\r\n";
        let found = about(told, Structure::List);
        assert_eq!(found.version, "Redis 7.0.15");
        assert!(found.durability.contains("in memory"), "{found:?}");
        let found = about(&told.replace("enabled:0", "enabled:1"), Structure::Stream);
        assert!(found.durability.contains("append-only file, synced"), "{found:?}");
    }

    #[test]
    fn a_structure_or_database_that_is_none_is_refused() {
        for text in ["redis://127.0.0.1?structure=set", "redis://127.0.0.1/x"] {
            let refused = Redis::new(&text.parse().expect("a URL"));
            assert!(matches!(refused, Err(TargetError::Refused(_))), "{refused:?}");
        }
    }
}
