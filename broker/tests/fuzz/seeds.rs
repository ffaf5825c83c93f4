//! Where fuzzing starts: a table with every type of value, a frame of every method that a client sends, and
//! conversations that reach every part of the broker.

use handoff_broker::amqp::codec::{
    ArrayBuilder, BASIC_CLASS_ID, ContentHeader, Method, PROTOCOL_HEADER, PropertiesBuilder, Table, TableBuilder,
    Value, write_body_frame, write_heartbeat,
};

/// An input and its name.
pub type Seed = (String, Vec<u8>);

/// Tables without their length.
pub fn tables() -> Vec<Seed> {
    let named = [
        ("values", values()),
        ("limits", limits("drop-head")),
        ("refusing", limits("reject-publish-dlx")),
        ("matching", matching()),
    ];
    let mut seeds: Vec<Seed> =
        named.into_iter().map(|(name, table)| (name.to_owned(), table.as_table().as_bytes().to_vec())).collect();
    for depth in [1, 2, 3, 8, 16, 30, 31, 32, 33, 100] {
        seeds.push((format!("tables-{depth}-deep"), nested(depth, b'F')));
        seeds.push((format!("arrays-{depth}-deep"), nested(depth, b'A')));
    }
    seeds
}

/// A stream for each method, and one for each thing that is no method.
pub fn frames() -> Vec<Seed> {
    let arguments = limits("drop-head");
    let mut seeds: Vec<Seed> = methods(arguments.as_table())
        .into_iter()
        .map(|method| {
            let mut stream = Vec::new();
            method.write(1, &mut stream);
            (method.name().replace('.', "-"), stream)
        })
        .collect();
    let mut content = Vec::new();
    message(&mut content);
    write_heartbeat(&mut content);
    seeds.push(("content".to_owned(), content));
    seeds
}

/// Inputs of the connection target: streams from the first byte on, and steps after a login.
pub fn connections() -> Vec<Seed> {
    let arguments = limits("reject-publish");
    let plain = Table::default();
    let mut seeds = vec![("handshake".to_owned(), handshake())];
    for method in methods(plain) {
        seeds.push((method.name().replace('.', "-"), conversation(&[method])));
    }
    for (name, methods) in [
        ("declare-and-use", methods(plain)),
        ("declare-with-limits", methods(arguments.as_table())),
        (
            "hold-and-leave",
            vec![
                declare(plain),
                publish("q"),
                publish("q"),
                consume("q"),
                Method::ChannelClose { reply_code: 200, reply_text: "done", class_id: 0, method_id: 0 },
            ],
        ),
        ("get-and-give-back", vec![declare(plain), publish("q"), get("q"), nack(1, true), get("q"), ack(2), ack(2)]),
        ("confirm", vec![Method::ConfirmSelect { no_wait: false }, declare(plain), publish("q"), publish("nowhere")]),
        (
            "transaction",
            vec![
                Method::TxSelect,
                declare(plain),
                publish("q"),
                Method::TxCommit,
                get("q"),
                ack(1),
                Method::TxRollback,
            ],
        ),
        (
            "prefetch",
            vec![
                declare(plain),
                Method::BasicQos { prefetch_size: 0, prefetch_count: 1, global: true },
                consume("q"),
                publish("q"),
                publish("q"),
                ack(1),
            ],
        ),
    ] {
        seeds.push((name.to_owned(), conversation(&methods)));
    }
    seeds
}

fn handshake() -> Vec<u8> {
    let mut stream = vec![0];
    stream.extend_from_slice(&PROTOCOL_HEADER);
    let (client_properties, response) = (Table::default(), b"\0guest\0guest");
    Method::ConnectionStartOk { client_properties, mechanism: "PLAIN", response, locale: "en_US" }
        .write(0, &mut stream);
    Method::ConnectionTuneOk { channel_max: 10, frame_max: 4096, heartbeat: 10 }.write(0, &mut stream);
    Method::ConnectionOpen { virtual_host: "/" }.write(0, &mut stream);
    Method::ChannelOpen.write(1, &mut stream);
    stream
}

/// The methods as steps after a login, each message followed by its content, and some time at the end.
fn conversation(methods: &[Method<'_>]) -> Vec<u8> {
    let mut steps = vec![1];
    for method in methods {
        let mut frames = Vec::new();
        let number = u16::from(method.class_and_method_id().0 != 10);
        method.write(number, &mut frames);
        if method.has_content() {
            message(&mut frames);
        }
        append_steps(&frames, &mut steps);
    }
    steps.extend_from_slice(&[255, 20, 0]);
    steps
}

/// Cuts a stream of short frames into steps.
fn append_steps(mut frames: &[u8], steps: &mut Vec<u8>) {
    while let Ok(Some((frame, taken))) = handoff_broker::amqp::codec::parse_frame(frames, u32::MAX) {
        let length = u8::try_from(frame.payload.len()).expect("the seeds are short");
        let channel = u8::try_from(frame.channel).expect("the seeds are on channels 0 and 1");
        steps.extend_from_slice(&[frame.kind as u8, channel, length]);
        steps.extend_from_slice(frame.payload);
        frames = &frames[taken..];
    }
}

fn message(out: &mut Vec<u8>) {
    let properties = PropertiesBuilder::new()
        .headers(matching())
        .expiration("100")
        .priority(3)
        .delivery_mode(2)
        .reply_to("amq.rabbitmq.reply-to")
        .user_id("guest")
        .build();
    ContentHeader { class_id: BASIC_CLASS_ID, body_size: 3, properties: &properties }.write(1, out);
    write_body_frame(1, b"abc", out);
}

fn declare(arguments: Table<'_>) -> Method<'_> {
    let (passive, durable, exclusive, auto_delete, no_wait) = (false, true, false, false, false);
    Method::QueueDeclare { queue: "q", passive, durable, exclusive, auto_delete, no_wait, arguments }
}

fn publish(queue: &str) -> Method<'_> {
    Method::BasicPublish { exchange: "", routing_key: queue.as_bytes(), mandatory: true, immediate: false }
}

fn consume(queue: &str) -> Method<'_> {
    let (no_local, no_ack, exclusive, no_wait) = (false, false, false, false);
    Method::BasicConsume {
        queue,
        consumer_tag: "tag",
        no_local,
        no_ack,
        exclusive,
        no_wait,
        arguments: Table::default(),
    }
}

fn get(queue: &str) -> Method<'_> {
    Method::BasicGet { queue, no_ack: false }
}

fn ack(delivery_tag: u64) -> Method<'static> {
    Method::BasicAck { delivery_tag, multiple: false }
}

fn nack(delivery_tag: u64, requeue: bool) -> Method<'static> {
    Method::BasicNack { delivery_tag, multiple: false, requeue }
}

/// What a client sends after its login, in an order that makes sense; `arguments` where a method has some.
fn methods(arguments: Table<'_>) -> Vec<Method<'_>> {
    let (no_wait, durable, passive, auto_delete, internal) = (false, false, false, false, false);
    let (exchange, kind, queue, routing_key) = ("e", "topic", "q", &b"a.*"[..]);
    vec![
        Method::ExchangeDeclare { exchange, kind, passive, durable, auto_delete, internal, no_wait, arguments },
        declare(arguments),
        Method::QueueBind { queue, exchange, routing_key, no_wait, arguments },
        Method::ExchangeBind { destination: exchange, source: "amq.direct", routing_key, no_wait, arguments },
        Method::BasicQos { prefetch_size: 0, prefetch_count: 2, global: false },
        publish(queue),
        get(queue),
        nack(1, true),
        consume(queue),
        Method::BasicPublish { exchange, routing_key: b"a.b", mandatory: false, immediate: false },
        Method::BasicReject { delivery_tag: 2, requeue: false },
        Method::BasicRecover { requeue: true },
        ack(3),
        Method::BasicCancel { consumer_tag: "tag", no_wait },
        Method::QueueUnbind { queue, exchange, routing_key, arguments },
        Method::ExchangeUnbind { destination: exchange, source: "amq.direct", routing_key, no_wait, arguments },
        Method::QueuePurge { queue, no_wait },
        Method::QueueDelete { queue, if_unused: false, if_empty: false, no_wait },
        Method::ExchangeDelete { exchange, if_unused: false, no_wait },
        Method::ChannelFlow { active: true },
        Method::ConfirmSelect { no_wait },
        Method::TxSelect,
        Method::ConnectionUpdateSecret { new_secret: b"guest", reason: "" },
        Method::ChannelClose { reply_code: 200, reply_text: "", class_id: 0, method_id: 0 },
        Method::ConnectionClose { reply_code: 200, reply_text: "", class_id: 0, method_id: 0 },
    ]
}

/// Every type of value that there is.
fn values() -> TableBuilder {
    let (mut inner, mut list) = (TableBuilder::new(), ArrayBuilder::new());
    inner.insert("nothing", Value::Void);
    list.push(Value::Boolean(true)).push(Value::LongString(b"text"));
    let mut table = TableBuilder::new();
    table
        .insert("table", Value::Table(inner.as_table()))
        .insert("array", Value::Array(list.as_array()))
        .insert("boolean", Value::Boolean(false))
        .insert("byte", Value::ShortShortInt(-1))
        .insert("unsigned byte", Value::ShortShortUint(255))
        .insert("short", Value::ShortInt(-300))
        .insert("unsigned short", Value::ShortUint(65_535))
        .insert("int", Value::LongInt(-70_000))
        .insert("unsigned int", Value::LongUint(u32::MAX))
        .insert("long", Value::LongLongInt(i64::MIN))
        .insert("float", Value::Float(0.5))
        .insert("double", Value::Double(0.1))
        .insert("decimal", Value::Decimal { scale: 2, value: 314 })
        .insert("time", Value::Timestamp(981_173_106))
        .insert("bytes", Value::Bytes(&[0, 255]))
        .insert("text", Value::LongString("Zoë ☃".as_bytes()));
    table
}

/// Arguments of a queue, each with something in it.
fn limits(overflow: &str) -> TableBuilder {
    let mut table = TableBuilder::new();
    for name in ["x-max-length", "x-message-ttl", "x-expires"] {
        table.insert(name, Value::LongInt(2));
    }
    table
        .insert("x-overflow", Value::LongString(overflow.as_bytes()))
        .insert("x-dead-letter-exchange", Value::LongString(b""));
    table
}

/// A binding to a headers exchange, or the headers of a message.
fn matching() -> TableBuilder {
    let mut table = TableBuilder::new();
    let (mut copies, mut death) = (ArrayBuilder::new(), ArrayBuilder::new());
    copies.push(Value::LongString(b"q"));
    death.push(Value::Table(Table::default()));
    table
        .insert("x-match", Value::LongString(b"any"))
        .insert("CC", Value::Array(copies.as_array()))
        .insert("x-death", Value::Array(death.as_array()));
    table
}

/// A table with tables or arrays in it, down to this depth.
fn nested(depth: usize, kind: u8) -> Vec<u8> {
    let mut inner = Vec::new();
    for level in (1..depth).rev() {
        let length = u32::try_from(inner.len()).expect("short").to_be_bytes();
        let name: &[u8] = if kind == b'F' || level == 1 { b"\x01k" } else { b"" };
        inner = [name, &[kind], &length, &inner].concat();
    }
    inner
}
