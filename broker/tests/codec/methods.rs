//! Every method, written and read by both sides.

use std::collections::BTreeSet;

use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::{AMQPClass, basic, channel, confirm, connection, exchange, queue, tx};
use handoff_broker::amqp::codec::{FrameKind, Method, MethodError, parse_frame};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::ingredients::{Ingredients, Key, ingredients};
use crate::oracle;

/// The same method for both sides. What the oracle calls `nowait` stands apart.
macro_rules! twin {
    (
        $ours:ident, $class:ident($module:ident::$theirs:ident)
        $($field:ident: $value:expr),* $(; nowait: $nowait:expr)?
    ) => {
        (
            Method::$ours { $($field: $value.into(),)* $(no_wait: $nowait,)? },
            AMQPClass::$class($module::AMQPMethod::$theirs($module::$theirs {
                $($field: $value.into(),)* $(nowait: $nowait,)?
            })),
        )
    };
}

/// Every method with its arguments, as both sides have it.
#[rustfmt::skip]
pub fn twins(with: &Ingredients) -> Vec<(Method<'_>, AMQPClass)> {
    let [a, b, c] = [&*with.names[0], &*with.names[1], &*with.names[2]];
    let [bytes, more_bytes] = [&*with.strings[0], &*with.strings[1]];
    let (key, text, table) = (Key(&with.key), &*with.text, &with.table);
    let ([octet, octet_2], [short, short_2, short_3]) = (with.octets, with.shorts);
    let ([long, long_2], tag) = (with.longs, with.long_long);
    let [p, q, r, s, t] = with.bits;
    vec![
        twin!(ConnectionStart, Connection(connection::Start) version_major: octet, version_minor: octet_2,
            server_properties: table, mechanisms: bytes, locales: more_bytes),
        twin!(ConnectionStartOk, Connection(connection::StartOk) client_properties: table, mechanism: a,
            response: bytes, locale: b),
        twin!(ConnectionSecure, Connection(connection::Secure) challenge: bytes),
        twin!(ConnectionSecureOk, Connection(connection::SecureOk) response: bytes),
        twin!(ConnectionTune, Connection(connection::Tune) channel_max: short, frame_max: long, heartbeat: short_2),
        twin!(ConnectionTuneOk, Connection(connection::TuneOk) channel_max: short, frame_max: long,
            heartbeat: short_2),
        twin!(ConnectionOpen, Connection(connection::Open) virtual_host: a),
        twin!(ConnectionOpenOk, Connection(connection::OpenOk)),
        twin!(ConnectionClose, Connection(connection::Close) reply_code: short, reply_text: text, class_id: short_2,
            method_id: short_3),
        twin!(ConnectionCloseOk, Connection(connection::CloseOk)),
        twin!(ConnectionBlocked, Connection(connection::Blocked) reason: text),
        twin!(ConnectionUnblocked, Connection(connection::Unblocked)),
        twin!(ConnectionUpdateSecret, Connection(connection::UpdateSecret) new_secret: bytes, reason: text),
        twin!(ConnectionUpdateSecretOk, Connection(connection::UpdateSecretOk)),
        twin!(ChannelOpen, Channel(channel::Open)),
        twin!(ChannelOpenOk, Channel(channel::OpenOk)),
        twin!(ChannelFlow, Channel(channel::Flow) active: p),
        twin!(ChannelFlowOk, Channel(channel::FlowOk) active: p),
        twin!(ChannelClose, Channel(channel::Close) reply_code: short, reply_text: text, class_id: short_2,
            method_id: short_3),
        twin!(ChannelCloseOk, Channel(channel::CloseOk)),
        twin!(ExchangeDeclare, Exchange(exchange::Declare) exchange: a, kind: b, passive: p, durable: q,
            auto_delete: r, internal: s, arguments: table; nowait: t),
        twin!(ExchangeDeclareOk, Exchange(exchange::DeclareOk)),
        twin!(ExchangeDelete, Exchange(exchange::Delete) exchange: a, if_unused: p; nowait: q),
        twin!(ExchangeDeleteOk, Exchange(exchange::DeleteOk)),
        twin!(ExchangeBind, Exchange(exchange::Bind) destination: a, source: b, routing_key: key, arguments: table;
            nowait: p),
        twin!(ExchangeBindOk, Exchange(exchange::BindOk)),
        twin!(ExchangeUnbind, Exchange(exchange::Unbind) destination: a, source: b, routing_key: key,
            arguments: table; nowait: p),
        twin!(ExchangeUnbindOk, Exchange(exchange::UnbindOk)),
        twin!(QueueDeclare, Queue(queue::Declare) queue: a, passive: p, durable: q, exclusive: r, auto_delete: s,
            arguments: table; nowait: t),
        twin!(QueueDeclareOk, Queue(queue::DeclareOk) queue: a, message_count: long, consumer_count: long_2),
        twin!(QueueBind, Queue(queue::Bind) queue: a, exchange: b, routing_key: key, arguments: table; nowait: p),
        twin!(QueueBindOk, Queue(queue::BindOk)),
        twin!(QueuePurge, Queue(queue::Purge) queue: a; nowait: p),
        twin!(QueuePurgeOk, Queue(queue::PurgeOk) message_count: long),
        twin!(QueueDelete, Queue(queue::Delete) queue: a, if_unused: p, if_empty: q; nowait: r),
        twin!(QueueDeleteOk, Queue(queue::DeleteOk) message_count: long),
        twin!(QueueUnbind, Queue(queue::Unbind) queue: a, exchange: b, routing_key: key, arguments: table),
        twin!(QueueUnbindOk, Queue(queue::UnbindOk)),
        // The oracle has no prefetch_size: it writes 0 and drops what it reads.
        (
            Method::BasicQos { prefetch_size: 0, prefetch_count: short, global: p },
            AMQPClass::Basic(basic::AMQPMethod::Qos(basic::Qos { prefetch_count: short, global: p })),
        ),
        twin!(BasicQosOk, Basic(basic::QosOk)),
        twin!(BasicConsume, Basic(basic::Consume) queue: a, consumer_tag: b, no_local: p, no_ack: q, exclusive: r,
            arguments: table; nowait: s),
        twin!(BasicConsumeOk, Basic(basic::ConsumeOk) consumer_tag: a),
        twin!(BasicCancel, Basic(basic::Cancel) consumer_tag: a; nowait: p),
        twin!(BasicCancelOk, Basic(basic::CancelOk) consumer_tag: a),
        twin!(BasicPublish, Basic(basic::Publish) exchange: a, routing_key: key, mandatory: p, immediate: q),
        twin!(BasicReturn, Basic(basic::Return) reply_code: short, reply_text: text, exchange: a, routing_key: key),
        twin!(BasicDeliver, Basic(basic::Deliver) consumer_tag: a, delivery_tag: tag, redelivered: p, exchange: b,
            routing_key: key),
        twin!(BasicGet, Basic(basic::Get) queue: c, no_ack: p),
        twin!(BasicGetOk, Basic(basic::GetOk) delivery_tag: tag, redelivered: p, exchange: b, routing_key: key,
            message_count: long),
        twin!(BasicGetEmpty, Basic(basic::GetEmpty)),
        twin!(BasicAck, Basic(basic::Ack) delivery_tag: tag, multiple: p),
        twin!(BasicReject, Basic(basic::Reject) delivery_tag: tag, requeue: p),
        twin!(BasicRecoverAsync, Basic(basic::RecoverAsync) requeue: p),
        twin!(BasicRecover, Basic(basic::Recover) requeue: p),
        twin!(BasicRecoverOk, Basic(basic::RecoverOk)),
        twin!(BasicNack, Basic(basic::Nack) delivery_tag: tag, multiple: p, requeue: q),
        twin!(ConfirmSelect, Confirm(confirm::Select); nowait: p),
        twin!(ConfirmSelectOk, Confirm(confirm::SelectOk)),
        twin!(TxSelect, Tx(tx::Select)),
        twin!(TxSelectOk, Tx(tx::SelectOk)),
        twin!(TxCommit, Tx(tx::Commit)),
        twin!(TxCommitOk, Tx(tx::CommitOk)),
        twin!(TxRollback, Tx(tx::Rollback)),
        twin!(TxRollbackOk, Tx(tx::RollbackOk)),
    ]
}

proptest! {
    #[test]
    fn both_sides_write_the_same_bytes_and_read_each_other(with in ingredients(), channel: u16) {
        for (ours, theirs) in twins(&with) {
            let theirs = AMQPFrame::Method(channel, theirs);
            let mut written = Vec::new();
            ours.write(channel, &mut written);
            prop_assert_eq!(&written, &oracle::write(&theirs), "{}", ours.name());

            let (frame, taken) = parse_frame(&written, u32::MAX).unwrap().unwrap();
            prop_assert_eq!((frame.kind, frame.channel, taken), (FrameKind::Method, channel, written.len()));
            prop_assert_eq!(Method::parse(frame.payload), Ok(ours));
            prop_assert_eq!(oracle::parse(&written), theirs);
        }
    }

    #[test]
    fn both_sides_number_methods_alike(with in ingredients()) {
        for (ours, theirs) in twins(&with) {
            let ids = (theirs.get_amqp_class_id(), theirs.get_amqp_method_id());
            prop_assert_eq!(ours.class_and_method_id(), ids, "{}", ours.name());
        }
    }

    /// The oracle reads a prefetch size but does not keep it.
    #[test]
    fn a_prefetch_size_is_kept(prefetch_size: u32, prefetch_count: u16, global: bool) {
        let method = Method::BasicQos { prefetch_size, prefetch_count, global };
        let mut written = Vec::new();
        method.write(1, &mut written);
        prop_assert_eq!(Method::parse(&written[7..written.len() - 1]), Ok(method));
        let theirs = AMQPClass::Basic(basic::AMQPMethod::Qos(basic::Qos { prefetch_count, global }));
        prop_assert_eq!(oracle::parse(&written), AMQPFrame::Method(1, theirs));
    }
}

/// So that a method added to the codec cannot be forgotten here.
#[test]
fn every_method_of_the_codec_has_a_twin() {
    let mut runner = TestRunner::deterministic();
    let with = ingredients().new_tree(&mut runner).unwrap().current();
    let twins: BTreeSet<_> = twins(&with).iter().map(|(ours, _)| ours.class_and_method_id()).collect();
    let ids = (0..=u8::MAX).flat_map(|class_id| (0..=u8::MAX).map(move |method_id| (class_id, method_id)));
    let known: BTreeSet<_> = ids
        .filter(|(class_id, method_id)| {
            !matches!(Method::parse(&[0, *class_id, 0, *method_id]), Err(MethodError::Unknown { .. }))
        })
        .map(|(class_id, method_id)| (u16::from(class_id), u16::from(method_id)))
        .collect();
    assert_eq!(twins, known);
}
