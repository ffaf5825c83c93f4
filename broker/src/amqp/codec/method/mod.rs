//! Methods: what client and server say to each other, one in each method frame (AMQP 0-9-1, chapter 1).
//!
//! The table below is the specification's, with RabbitMQ's extensions, both directions. Who may send which method
//! when is not known here.

mod define;

use thiserror::Error;

use super::frame::{FrameKind, write_frame};
use super::reply_code::ReplyCode;
use super::table::Table;
use super::wire::{Reader, SyntaxError, Writer};

// Each class with its id, each of its methods with id, name and arguments in the order of the wire. `_` is an argument
// that the specification reserves: ignored when read, zero or empty when written. `short_bytes` is a short string that
// need not be UTF-8, `text` one that is meant for people.
define::methods! {
    connection 10 {
        10 "start" ConnectionStart(
            version_major: octet, version_minor: octet, server_properties: table,
            mechanisms: long_string, locales: long_string
        );
        11 "start-ok" ConnectionStartOk(
            client_properties: table, mechanism: short_string, response: long_string, locale: short_string
        );
        20 "secure" ConnectionSecure(challenge: long_string);
        21 "secure-ok" ConnectionSecureOk(response: long_string);
        30 "tune" ConnectionTune(channel_max: short, frame_max: long, heartbeat: short);
        31 "tune-ok" ConnectionTuneOk(channel_max: short, frame_max: long, heartbeat: short);
        40 "open" ConnectionOpen(virtual_host: short_string, _: short_bytes, _: bit);
        41 "open-ok" ConnectionOpenOk(_: short_bytes,);
        50 "close" ConnectionClose(reply_code: short, reply_text: text, class_id: short, method_id: short);
        51 "close-ok" ConnectionCloseOk();
        60 "blocked" ConnectionBlocked(reason: text);
        61 "unblocked" ConnectionUnblocked();
        70 "update-secret" ConnectionUpdateSecret(new_secret: long_string, reason: text);
        71 "update-secret-ok" ConnectionUpdateSecretOk();
    }
    channel 20 {
        10 "open" ChannelOpen(_: short_bytes,);
        11 "open-ok" ChannelOpenOk(_: long_string,);
        20 "flow" ChannelFlow(active: bit);
        21 "flow-ok" ChannelFlowOk(active: bit);
        40 "close" ChannelClose(reply_code: short, reply_text: text, class_id: short, method_id: short);
        41 "close-ok" ChannelCloseOk();
    }
    exchange 40 {
        10 "declare" ExchangeDeclare(
            _: short, exchange: short_string, kind: short_string, passive: bit, durable: bit, auto_delete: bit,
            internal: bit, no_wait: bit, arguments: table
        );
        11 "declare-ok" ExchangeDeclareOk();
        20 "delete" ExchangeDelete(_: short, exchange: short_string, if_unused: bit, no_wait: bit);
        21 "delete-ok" ExchangeDeleteOk();
        30 "bind" ExchangeBind(
            _: short, destination: short_string, source: short_string, routing_key: short_bytes, no_wait: bit,
            arguments: table
        );
        31 "bind-ok" ExchangeBindOk();
        40 "unbind" ExchangeUnbind(
            _: short, destination: short_string, source: short_string, routing_key: short_bytes, no_wait: bit,
            arguments: table
        );
        51 "unbind-ok" ExchangeUnbindOk();
    }
    queue 50 {
        10 "declare" QueueDeclare(
            _: short, queue: short_string, passive: bit, durable: bit, exclusive: bit, auto_delete: bit, no_wait: bit,
            arguments: table
        );
        11 "declare-ok" QueueDeclareOk(queue: short_string, message_count: long, consumer_count: long);
        20 "bind" QueueBind(
            _: short, queue: short_string, exchange: short_string, routing_key: short_bytes, no_wait: bit,
            arguments: table
        );
        21 "bind-ok" QueueBindOk();
        30 "purge" QueuePurge(_: short, queue: short_string, no_wait: bit);
        31 "purge-ok" QueuePurgeOk(message_count: long);
        40 "delete" QueueDelete(_: short, queue: short_string, if_unused: bit, if_empty: bit, no_wait: bit);
        41 "delete-ok" QueueDeleteOk(message_count: long);
        50 "unbind" QueueUnbind(
            _: short, queue: short_string, exchange: short_string, routing_key: short_bytes, arguments: table
        );
        51 "unbind-ok" QueueUnbindOk();
    }
    basic 60 {
        10 "qos" BasicQos(prefetch_size: long, prefetch_count: short, global: bit);
        11 "qos-ok" BasicQosOk();
        20 "consume" BasicConsume(
            _: short, queue: short_string, consumer_tag: short_string, no_local: bit, no_ack: bit, exclusive: bit,
            no_wait: bit, arguments: table
        );
        21 "consume-ok" BasicConsumeOk(consumer_tag: short_string);
        30 "cancel" BasicCancel(consumer_tag: short_string, no_wait: bit);
        31 "cancel-ok" BasicCancelOk(consumer_tag: short_string);
        40 "publish" BasicPublish(
            _: short, exchange: short_string, routing_key: short_bytes, mandatory: bit, immediate: bit
        );
        50 "return" BasicReturn(
            reply_code: short, reply_text: text, exchange: short_string, routing_key: short_bytes
        );
        60 "deliver" BasicDeliver(
            consumer_tag: short_string, delivery_tag: long_long, redelivered: bit, exchange: short_string,
            routing_key: short_bytes
        );
        70 "get" BasicGet(_: short, queue: short_string, no_ack: bit);
        71 "get-ok" BasicGetOk(
            delivery_tag: long_long, redelivered: bit, exchange: short_string, routing_key: short_bytes,
            message_count: long
        );
        72 "get-empty" BasicGetEmpty(_: short_bytes,);
        80 "ack" BasicAck(delivery_tag: long_long, multiple: bit);
        90 "reject" BasicReject(delivery_tag: long_long, requeue: bit);
        100 "recover-async" BasicRecoverAsync(requeue: bit);
        110 "recover" BasicRecover(requeue: bit);
        111 "recover-ok" BasicRecoverOk();
        120 "nack" BasicNack(delivery_tag: long_long, multiple: bit, requeue: bit);
    }
    confirm 85 {
        10 "select" ConfirmSelect(no_wait: bit);
        11 "select-ok" ConfirmSelectOk();
    }
    tx 90 {
        10 "select" TxSelect();
        11 "select-ok" TxSelectOk();
        20 "commit" TxCommit();
        21 "commit-ok" TxCommitOk();
        30 "rollback" TxRollback();
        31 "rollback-ok" TxRollbackOk();
    }
}

impl Method<'_> {
    /// Writes a whole method frame.
    ///
    /// Reply texts and reasons are cut to 255 bytes.
    ///
    /// # Panics
    /// If a name or routing key has more than 255 bytes.
    pub fn write(&self, channel: u16, out: &mut Vec<u8>) {
        write_frame(FrameKind::Method, channel, out, |out| {
            let mut writer = Writer::new(out);
            let (class_id, method_id) = self.class_and_method_id();
            writer.short(class_id);
            writer.short(method_id);
            self.write_arguments(&mut writer);
        });
    }

    /// Whether a content header and body frames follow.
    pub const fn has_content(&self) -> bool {
        matches!(
            self,
            Method::BasicPublish { .. }
                | Method::BasicReturn { .. }
                | Method::BasicDeliver { .. }
                | Method::BasicGetOk { .. }
        )
    }
}

/// Why a method frame's payload is no method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum MethodError {
    /// The payload is too short for a class and a method.
    #[error("a method frame without a method")]
    NoMethod,
    /// Neither the specification nor RabbitMQ has it. RabbitMQ drops the connection without a word; here it is told.
    #[error("unknown method {method_id} of class {class_id}")]
    Unknown { class_id: u16, method_id: u16 },
    /// The arguments are not what the method has. RabbitMQ says 501 to this, the specification 502.
    #[error("malformed arguments of method {method_id} of class {class_id}: {error}")]
    Malformed { class_id: u16, method_id: u16, error: SyntaxError },
}

impl MethodError {
    /// What the peer is told: 540 about an unknown method, else 502.
    pub const fn reply_code(self) -> ReplyCode {
        match self {
            MethodError::Unknown { .. } => ReplyCode::NotImplemented,
            MethodError::NoMethod | MethodError::Malformed { .. } => ReplyCode::SyntaxError,
        }
    }

    /// The method at fault, as `connection.close` names it; zeros if there is none.
    pub const fn class_and_method_id(self) -> (u16, u16) {
        match self {
            MethodError::NoMethod => (0, 0),
            MethodError::Unknown { class_id, method_id } | MethodError::Malformed { class_id, method_id, .. } => {
                (class_id, method_id)
            }
        }
    }
}

#[cfg(test)]
mod tests;
