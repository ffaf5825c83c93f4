//! Direct reply-to.

use super::*;

fn address(driver: &mut Driver, channel: ChannelId) -> String {
    match driver.run(Command::ConsumeReplies { channel, consumer_tag: "replies" }) {
        Reply::ReplyAddress(address) => address,
        reply => panic!("{reply:?}"),
    }
}

fn check<'a>(name: &'a str) -> Command<'a> {
    Command::DeclareQueue { connection: B.connection, name, passive: true, options: QueueOptions::default() }
}

#[test]
fn a_reply_goes_to_the_channel_that_has_the_address_and_is_called_unroutable() {
    let mut driver = Driver::new();
    let (one, other) = (address(&mut driver, A), address(&mut driver, A2));
    assert_ne!(one, other);
    assert!(one.starts_with("amq.rabbitmq.reply-to."));
    assert_eq!(driver.publish(&one, "for one"), Published::Unroutable);
    assert_eq!(driver.publish(&one, "for one again"), Published::Unroutable);
    assert_eq!(driver.publish(&other, "for other"), Published::Unroutable);
    assert_eq!(driver.effects(), ["replies#1 for one", "replies#1 for other", "replies#2 for one again"]);
    assert_eq!(driver.publish("amq.rabbitmq.reply-to.nobody", "lost"), Published::Unroutable);
    assert_eq!(driver.effects(), [""; 0]);
}

#[test]
fn only_the_default_exchange_leads_to_addresses() {
    let mut driver = Driver::new();
    driver.declare("q", QueuePolicy::default());
    let (connection, arguments, routing_key) = (A.connection, Table::default(), b"amq.rabbitmq.reply-to.x");
    driver.run(Command::BindQueue { connection, queue: "q", exchange: "amq.direct", routing_key, arguments });
    assert_eq!(driver.publish_to("amq.direct", "amq.rabbitmq.reply-to.x", "a job like any other"), Published::Taken);
    assert_eq!(driver.empty("q"), ["a job like any other"]);
}

#[test]
fn whether_an_address_is_there_can_be_asked_for_and_nothing_else() {
    let mut driver = Driver::new();
    let address = address(&mut driver, A);
    let there = |name: &str| Reply::QueueDeclared { name: name.into(), messages: 0, consumers: 1 };
    for name in [REPLY_TO, &address] {
        assert_eq!(driver.run(check(name)), there(name));
    }
    let missing = Err(Refusal::NoQueue(address.clone()));
    let get = Command::Get { channel: A, queue: &address, no_ack: true };
    assert_eq!(driver.handle(get), missing);
    assert_eq!(driver.broker.queues().count(), 0);
    driver.run(Command::CloseChannel { channel: A });
    assert_eq!(driver.handle(check(&address)), missing);
}

#[test]
fn a_channel_has_one_consumer_of_replies_at_a_time() {
    let mut driver = Driver::new();
    let first = address(&mut driver, A);
    let again = Command::ConsumeReplies { channel: A, consumer_tag: "again" };
    assert_eq!(driver.handle(again.clone()), Err(Refusal::ReplyConsumerSet));
    driver.run(Command::Cancel { channel: A, consumer_tag: "replies" });
    assert!(matches!(driver.run(again), Reply::ReplyAddress(address) if address != first));
}
