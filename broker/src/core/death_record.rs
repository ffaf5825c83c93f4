//! The record of its deaths that a dead letter carries in its headers, as RabbitMQ writes it.
//!
//! `x-death` has an entry for each queue and reason, the latest first; `x-first-death-*` say where it died first. What
//! a publisher put there itself is taken for deaths of an earlier life, so that a letter that is published again by a
//! client goes on counting.

use std::collections::BTreeMap;

use super::envelope::{COPIES, keys_in};
use super::message::{DeathReason, Message};
use crate::amqp::codec::{Array, ArrayBuilder, Properties, Table, TableBuilder, Value};
use crate::time::Timestamp;

const DEATHS: &str = "x-death";

/// All deaths of a message in one queue for one reason, as its headers have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// The queue it died in.
    pub queue: String,
    /// RabbitMQ's word for the reason: [`DeathReason::as_str`], unless a publisher made it up.
    pub reason: String,
    /// How often.
    pub count: u64,
}

impl Death {
    /// The deaths that headers tell of, the latest first.
    pub fn read(headers: Table<'_>) -> Vec<Death> {
        let entries = Earlier::entries(headers);
        let death = |earlier: Earlier<'_>| {
            let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
            let (queue, reason) = earlier.place;
            Death { queue: text(queue), reason: text(reason), count: earlier.count.unsigned_abs() }
        };
        entries.into_iter().map(death).collect()
    }
}

/// A death that is to be recorded.
pub(super) struct NewDeath<'a> {
    pub queue: &'a str,
    pub reason: DeathReason,
    pub time: Timestamp,
}

/// An entry of the record as it was found.
struct Earlier<'a> {
    /// The queue and the reason.
    place: (Option<&'a [u8]>, Option<&'a [u8]>),
    count: i64,
    table: Table<'a>,
    /// Whether the entry counts for others that were like it.
    is_grouped: bool,
}

impl<'a> Earlier<'a> {
    /// The entries in their order, those of the same queue and reason counted together.
    fn entries(headers: Table<'a>) -> Vec<Earlier<'a>> {
        let (mut entries, mut indexes) = (Vec::new(), BTreeMap::new());
        let Some(Value::Array(recorded)) = headers.get(DEATHS) else { return entries };
        for value in recorded.iter() {
            let Value::Table(table) = value else { continue };
            let place = (text(table, "queue"), text(table, "reason"));
            let index = *indexes.entry(place).or_insert(entries.len());
            match entries.get_mut(index) {
                None => {
                    let count = table.get("count").and_then(Value::as_integer).unwrap_or(1);
                    entries.push(Earlier { place, count, table, is_grouped: false });
                }
                Some(known) => {
                    known.count = known.count.saturating_add(1);
                    known.is_grouped = true;
                }
            }
        }
        entries
    }

    fn is_of(&self, death: &NewDeath<'_>) -> bool {
        self.place == (Some(death.queue.as_bytes()), Some(death.reason.as_str().as_bytes()))
    }

    /// The entry with its count, in the order of its names.
    fn counted(&self, count: i64) -> Vec<u8> {
        let mut entry = self.table.filtered(|name| name != b"count");
        entry.extend_from_slice(TableBuilder::new().insert("count", Value::LongLongInt(count)).as_table().as_bytes());
        Table::from_valid(&entry).sorted()
    }
}

impl Message {
    /// Its properties after one more death: recorded, and without the time to live. Without further routing keys, if
    /// its queue gives it a new one.
    pub(super) fn properties_after(&self, death: &NewDeath<'_>, is_readdressed: bool) -> Vec<u8> {
        let properties = self.parsed();
        let headers = properties.headers().unwrap_or_default();
        let mut changes = TableBuilder::new();
        let record = self.record_after(death, headers, properties.expiration());
        changes.insert(DEATHS, Value::Array(record.as_array()));
        if headers.get(DEATHS).is_none() {
            changes
                .insert("x-first-death-exchange", Value::LongString(self.exchange().as_bytes()))
                .insert("x-first-death-queue", Value::LongString(death.queue.as_bytes()))
                .insert("x-first-death-reason", Value::LongString(death.reason.as_str().as_bytes()));
        }
        let recorded = properties.with_headers(changes.as_table());
        let mortal = Properties::from_valid(&recorded).without_expiration();
        if is_readdressed && headers.get(COPIES).is_some() {
            return Properties::from_valid(&mortal).without_header(COPIES);
        }
        mortal
    }

    fn record_after(&self, death: &NewDeath<'_>, headers: Table<'_>, expiration: Option<&str>) -> ArrayBuilder {
        let (mut same, mut others) = (None, Vec::new());
        for earlier in Earlier::entries(headers) {
            if earlier.is_of(death) { same = Some(earlier) } else { others.push(earlier) }
        }
        let mut record = ArrayBuilder::new();
        match same {
            Some(same) => record.push(Value::Table(Table::from_valid(&same.counted(same.count.saturating_add(1))))),
            None => record.push(Value::Table(self.entry(death, headers, expiration).as_table())),
        };
        for other in others {
            let counted = if other.is_grouped { other.counted(other.count) } else { other.table.as_bytes().to_vec() };
            record.push(Value::Table(Table::from_valid(&counted)));
        }
        record
    }

    fn entry(&self, death: &NewDeath<'_>, headers: Table<'_>, expiration: Option<&str>) -> TableBuilder {
        let mut routing_keys = ArrayBuilder::new();
        routing_keys.push(Value::LongString(self.routing_key()));
        for copy in keys_in(headers, COPIES) {
            routing_keys.push(Value::LongString(copy));
        }
        let mut entry = TableBuilder::new();
        entry
            .insert("count", Value::LongLongInt(1))
            .insert("reason", Value::LongString(death.reason.as_str().as_bytes()))
            .insert("queue", Value::LongString(death.queue.as_bytes()))
            .insert("time", Value::Timestamp(death.time.as_seconds()))
            .insert("exchange", Value::LongString(self.exchange().as_bytes()))
            .insert("routing-keys", Value::Array(routing_keys.as_array()));
        if let Some(expiration) = expiration {
            entry.insert("original-expiration", Value::LongString(expiration.as_bytes()));
        }
        entry
    }

    /// Whether going to `queue` would close a circle in which no consumer rejected the message: since it was there, it
    /// only died of itself (RabbitMQ drops such a message). What a client put among its deaths speaks for the client.
    pub(super) fn closes_automatic_cycle(&self, queue: &str) -> bool {
        let Some(Value::Array(deaths)) = self.headers().get(DEATHS) else { return false };
        let is_there =
            |entry: Value<'_>| matches!(entry, Value::Table(death) if text(death, "queue") == Some(queue.as_bytes()));
        let is_automatic = |entry: Value<'_>| match entry {
            Value::Table(death) => text(death, "reason") != Some(DeathReason::Rejected.as_str().as_bytes()),
            _ => false,
        };
        let last_time_there = Array::iter(deaths).position(is_there);
        last_time_there.is_some_and(|index| deaths.iter().take(index + 1).all(is_automatic))
    }
}

fn text<'a>(entry: Table<'a>, name: &str) -> Option<&'a [u8]> {
    match entry.get(name) {
        Some(Value::LongString(text)) => Some(text),
        _ => None,
    }
}
