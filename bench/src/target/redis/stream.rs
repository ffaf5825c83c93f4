//! A consumer of a stream, one of a group: reads many entries in one go, acknowledges and deletes them in one go.
//!
//! An acknowledged entry stays in the stream. Here it is deleted as well, so that its memory is released: a queue does
//! that, too.

use futures_util::future::BoxFuture;
use redis::{Pipeline, Value};

use super::link::Link;
use super::{GROUP, STREAM};
use crate::target::{Consumer, TargetError};

/// A consumer.
pub(super) struct StreamConsumer {
    link: Link,
    name: String,
    prefetch: u16,
    /// The entries that came and are to be acknowledged.
    held: Vec<Vec<u8>>,
}

impl StreamConsumer {
    pub fn new(link: Link, name: String, prefetch: u16) -> Self {
        StreamConsumer { link, name, prefetch, held: Vec::new() }
    }

    /// Acknowledges and deletes what is held, and asks for more.
    async fn move_on(&mut self) {
        let mut pipeline = Pipeline::with_capacity(3);
        if !self.held.is_empty() {
            pipeline.cmd("XACK").arg(STREAM).arg(GROUP).arg(&self.held);
            pipeline.cmd("XDEL").arg(STREAM).arg(&self.held);
            self.held.clear();
        }
        pipeline.cmd("XREADGROUP").arg("GROUP").arg(GROUP).arg(&self.name);
        pipeline.arg("COUNT").arg(self.prefetch).arg("BLOCK").arg(0).arg("STREAMS").arg(STREAM).arg(">");
        self.link.send(pipeline).await;
    }
}

impl Consumer for StreamConsumer {
    fn receive<'a>(&'a mut self, take: &'a mut (dyn FnMut(&[u8]) + Send)) -> BoxFuture<'a, Result<(), TargetError>> {
        Box::pin(async move {
            while self.held.is_empty() {
                if !self.link.is_waiting() {
                    self.move_on().await;
                }
                let read = self.link.answer().await?.pop();
                for entry in entries(read) {
                    let (id, body) = parts(entry).ok_or_else(|| TargetError::died("an entry without a body"))?;
                    take(&body);
                    self.held.push(id);
                }
            }
            Ok(())
        })
    }

    fn acknowledge(&mut self) -> BoxFuture<'_, Result<(), TargetError>> {
        Box::pin(async move {
            if !self.held.is_empty() {
                self.move_on().await;
            }
            Ok(())
        })
    }
}

/// The entries of an answer: `[[stream, [entry, ...]]]`, or nothing.
fn entries(read: Option<Value>) -> Vec<Value> {
    let first = |value: Option<Value>| elements(value?).next();
    let of_stream = first(read).into_iter().flat_map(elements).nth(1);
    of_stream.into_iter().flat_map(elements).collect()
}

/// Number and body of an entry: `[id, [name, body]]`.
fn parts(entry: Value) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut entry = elements(entry);
    let (Some(Value::BulkString(id)), Some(fields)) = (entry.next(), entry.next()) else { return None };
    match elements(fields).nth(1) {
        Some(Value::BulkString(body)) => Some((id, body)),
        _ => None,
    }
}

fn elements(value: Value) -> std::vec::IntoIter<Value> {
    match value {
        Value::Array(elements) => elements.into_iter(),
        _ => Vec::new().into_iter(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn array<const N: usize>(values: [Value; N]) -> Value {
        Value::Array(values.into())
    }

    #[test]
    fn an_answer_is_unwrapped_down_to_its_bodies() {
        let entry = |id: &str, body: &str| array([text(id), array([text("b"), text(body)])]);
        let read = array([array([text("s"), array([entry("1-0", "x"), entry("1-1", "y")])])]);
        let found: Vec<_> = entries(Some(read)).into_iter().filter_map(parts).collect();
        assert_eq!(found, [(b"1-0".into(), b"x".into()), (b"1-1".into(), b"y".to_vec())]);
    }

    #[test]
    fn nothing_and_nonsense_have_no_entries() {
        assert!(entries(None).is_empty() && entries(Some(Value::Nil)).is_empty());
        assert!(entries(Some(array([array([text("s")])]))).is_empty());
        assert_eq!(parts(array([text("1-0"), Value::Nil])), None);
    }
}
