//! A correct core made wrong at its seam, one way for each anomaly: each is caught, by the right name.

use handoff_broker::core::{Broker, ChannelId, Command, Effect, Machine, Message, Overflow, Published, Reply};
use handoff_sim::check::{Anomaly, check};
use handoff_sim::history::MessageId;

use super::machine::{Altered, Defect, Memory};
use super::network::{PROPERTIES, Plan, body, run};
use super::soundness::without_broker;

fn plan(seed: u64) -> Plan {
    let mut plan = Plan { is_faulty: true, ..Plan::calm(seed, 800) };
    plan.policy.delivery_limit = Some(2);
    plan
}

fn unlimited(seed: u64) -> Plan {
    Plan { is_faulty: true, ..Plan::calm(seed, 800) }
}

/// Of ten runs, each that is rejected is rejected by this name first, and most are.
#[track_caller]
fn caught(anomaly: Anomaly, defect: Defect) {
    caught_in(plan, anomaly, defect);
}

#[track_caller]
fn caught_in(plan: impl Fn(u64) -> Plan, anomaly: Anomaly, defect: Defect) {
    let reports = (0..10).map(|seed| check(&run(plan(seed), move || Altered::new(defect))));
    let rejected: Vec<_> = reports.filter(|report| report.overall().anomaly().is_some()).collect();
    for report in &rejected {
        assert_eq!(report.overall().anomaly(), Some(anomaly), "{report}");
    }
    assert!(rejected.len() >= 6, "caught in {} runs", rejected.len());
}

/// Whether this is one of the few that a defect picks.
fn is_unlucky(memory: &mut Memory) -> bool {
    memory.calls += 1;
    memory.calls.is_multiple_of(20)
}

fn altered_delivery(memory: &mut Memory, effect: Effect, alter: impl FnOnce(&Message) -> Message) -> Vec<Effect> {
    match effect {
        Effect::Deliver { channel, consumer_tag, mut delivery } if is_unlucky(memory) => {
            delivery.message = alter(&delivery.message);
            vec![Effect::Deliver { channel, consumer_tag, delivery }]
        }
        effect => vec![effect],
    }
}

#[test]
fn no_defect_is_accepted() {
    for seed in 0..10 {
        let report = check(&run(plan(seed), || Altered::new(Defect::NONE)));
        assert!(report.anomalies().is_empty(), "{report}");
    }
}

#[test]
fn losing_what_a_crashed_consumer_held() {
    caught_in(
        unlimited,
        Anomaly::Lost,
        Defect {
            command: |_, broker, now, command| {
                if let Command::CloseConnection { connection } = command {
                    let channel = ChannelId { connection, number: 1 };
                    let _ = broker.handle(now, Command::Acknowledge { channel, delivery_tag: 0, multiple: true });
                }
                broker.handle(now, command)
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn confirming_what_was_not_taken() {
    caught(
        Anomaly::Lost,
        Defect {
            command: |memory, broker, now, command| match command {
                Command::Publish { .. } if is_unlucky(memory) => Ok(Reply::Published(Published::Taken)),
                command => broker.handle(now, command),
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn delivering_what_nobody_published() {
    caught(
        Anomaly::Invented,
        Defect {
            effect: |memory, effect| {
                altered_delivery(memory, effect, |_| Message::new("", b"work", PROPERTIES, &body(MessageId(1 << 40))))
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn delivering_other_bytes() {
    caught(
        Anomaly::Corrupted,
        Defect {
            effect: |memory, effect| {
                altered_delivery(memory, effect, |message| {
                    let mut body = message.body().to_vec();
                    body[20] ^= 1;
                    Message::new("", message.routing_key(), PROPERTIES, &body)
                })
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn requeueing_what_was_acknowledged() {
    caught(
        Anomaly::Resurrected,
        Defect {
            command: |memory, broker, now, command| match command {
                Command::Acknowledge { channel, delivery_tag, multiple } if is_unlucky(memory) => {
                    broker.handle(now, Command::Reject { channel, delivery_tag, multiple, requeue: true })
                }
                command => broker.handle(now, command),
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn taking_messages_in_another_order() {
    caught(
        Anomaly::Reordered,
        Defect {
            command: |memory, broker, now, command| match command {
                Command::Publish { channel, message } if is_unlucky(memory) && memory.delayed.is_none() => {
                    memory.delayed = Some((channel, message));
                    Ok(Reply::Published(Published::Taken))
                }
                Command::Publish { .. } => {
                    let reply = broker.handle(now, command)?;
                    if let Some((channel, message)) = memory.delayed.take() {
                        let _ = broker.handle(now, Command::OpenChannel { channel });
                        let _ = broker.handle(now, Command::Publish { channel, message });
                    }
                    Ok(reply)
                }
                command => broker.handle(now, command),
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn delivering_twice() {
    caught(
        Anomaly::DoubleHeld,
        Defect {
            command: |memory, broker, now, command| match command {
                Command::Publish { channel, message } if is_unlucky(memory) => {
                    let _ = broker.handle(now, Command::Publish { channel, message: message.clone() });
                    broker.handle(now, Command::Publish { channel, message })
                }
                command => broker.handle(now, command),
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn forgetting_the_count() {
    caught(
        Anomaly::Miscounted,
        Defect {
            effect: |_, mut effect| {
                if let Effect::Deliver { delivery, .. } = &mut effect {
                    delivery.delivery_count = 0;
                }
                vec![effect]
            },
            ..Defect::NONE
        },
    );
}

/// Declares queues with another policy than was asked for.
macro_rules! redeclare {
    (|$policy:ident| $change:expr) => {
        Defect {
            command: |_, broker, now, command| match command {
                Command::DeclareQueue { connection, name: "work", passive, mut options } => {
                    let $policy = &mut options.policy;
                    $change;
                    broker.handle(now, Command::DeclareQueue { connection, name: "work", passive, options })
                }
                command => broker.handle(now, command),
            },
            ..Defect::NONE
        }
    };
}

#[test]
fn a_limit_that_is_too_low_or_too_high() {
    caught(Anomaly::DeadLetteredEarly, redeclare!(|policy| policy.delivery_limit = Some(1)));
    caught(Anomaly::DeadLetteredLate, redeclare!(|policy| policy.delivery_limit = Some(3)));
}

#[test]
fn dropping_dead_letters() {
    caught(Anomaly::DeadLetteredNever, redeclare!(|policy| policy.dead_letter_exchange = None));
}

#[test]
fn dead_lettering_twice() {
    caught(
        Anomaly::DeadLetteredTwice,
        Defect {
            command: |memory, broker, now, command| {
                let reply = broker.handle(now, command.clone())?;
                if let Command::Reject { channel, delivery_tag, requeue: false, .. } = command
                    && let Some(message) = memory.delivered.get(&(channel, delivery_tag))
                    && message.routing_key() == b"work"
                {
                    let message = Message::new("", b"dead", message.properties(), message.body());
                    let _ = broker.handle(now, Command::Publish { channel, message });
                }
                Ok(reply)
            },
            effect: |memory, effect| {
                if let Effect::Deliver { channel, delivery, .. } = &effect {
                    memory.delivered.insert((*channel, delivery.delivery_tag), delivery.message.clone());
                }
                vec![effect]
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn pushing_without_credit() {
    caught(
        Anomaly::Overfetched,
        Defect {
            command: |_, broker, now, command| match command {
                Command::SetPrefetch { channel, global, .. } => {
                    broker.handle(now, Command::SetPrefetch { channel, count: 0, global })
                }
                command => broker.handle(now, command),
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn pushing_too_late() {
    caught(
        Anomaly::Starved,
        Defect {
            command: |memory, broker, now, command| {
                memory.calls += 1;
                broker.handle(now, command)
            },
            is_asleep: |memory| memory.calls.is_multiple_of(10),
            ..Defect::NONE
        },
    );
}

#[test]
fn keeping_what_a_closed_connection_held() {
    caught(
        Anomaly::Leaked,
        Defect {
            command: |memory, broker, now, command| match command {
                Command::CloseConnection { connection } => {
                    // Its consumer is gone, but what it held stays.
                    let channel = ChannelId { connection, number: 1 };
                    memory.calls += 1;
                    broker.handle(now, Command::Cancel { channel, consumer_tag: "c" })
                }
                command => broker.handle(now, command),
            },
            ..Defect::NONE
        },
    );
}

#[test]
fn a_queue_without_its_length_limit() {
    let limited = |seed| {
        let mut plan = plan(seed);
        plan.policy.max_length = Some(2);
        plan.policy.overflow = if seed % 2 == 0 { Overflow::DropHead } else { Overflow::RejectPublish };
        plan
    };
    caught_in(limited, Anomaly::Unbounded, redeclare!(|policy| policy.max_length = None));
}

/// Clients alone do not see everything, but they see enough.
#[test]
fn clients_alone_catch_a_broker_that_loses_and_one_that_repeats() {
    let losing: fn() -> Defect = || redeclare!(|policy| policy.dead_letter_exchange = None);
    let repeating: fn() -> Defect = || Defect {
        command: |memory, broker: &mut Broker, now, command| match command {
            Command::Acknowledge { channel, delivery_tag, multiple } if is_unlucky(memory) => {
                broker.handle(now, Command::Reject { channel, delivery_tag, multiple, requeue: true })
            }
            command => broker.handle(now, command),
        },
        ..Defect::NONE
    };
    for (anomaly, defect) in [(Anomaly::DeadLetteredNever, losing), (Anomaly::Resurrected, repeating)] {
        let found = (0..10).any(|seed| {
            let defect = defect();
            let history = run(Plan::calm(seed, 800), move || Altered::new(defect));
            check(&without_broker(history)).overall().anomaly() == Some(anomaly)
        });
        assert!(found, "{anomaly}");
    }
}
