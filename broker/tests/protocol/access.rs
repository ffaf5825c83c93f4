//! Who may log in, and what they may do: RabbitMQ's mechanisms, permissions and texts.

use std::sync::Arc;
use std::time::Duration;

use handoff_broker::access::{AccessControl, Password, Pattern, Permissions, User};
use handoff_broker::amqp::Settings;
use handoff_broker::amqp::codec::{
    BASIC_CLASS_ID, ContentHeader, Method, PROTOCOL_HEADER, PropertiesBuilder, Table, TableBuilder, Value,
};

use crate::session::{Session, declare, publish, start_ok, start_ok_with, with_capabilities};

/// The answer to a login, right away.
fn answer(mechanism: &str, response: &[u8]) -> String {
    let mut session = Session::start();
    let answers = session.send(|out| {
        out.extend_from_slice(&PROTOCOL_HEADER);
        with_capabilities(|properties| start_ok_with(properties, mechanism, response).write(0, out));
    });
    answers[1..].join(" ") + &session.close_text
}

#[test]
fn plain_and_amqplain_log_in_and_others_are_refused_by_name() {
    let amqplain = |password: Value<'_>| {
        let mut table = TableBuilder::new();
        table.insert("LOGIN", Value::LongString(b"guest")).insert("PASSWORD", password);
        answer("AMQPLAIN", table.as_table().as_bytes())
    };
    assert_eq!(answer("PLAIN", b"\0guest\0guest"), "connection.tune");
    assert_eq!(amqplain(Value::LongString(b"guest")), "connection.tune");
    assert!(amqplain(Value::LongInt(5)).contains("502SYNTAX_ERROR - AMQPLAIN"));
    for malformed in [&b""[..], b"guest", b"guest\0guest", b"\0guest", b"\0guest\0gu\0est", b"me\0guest\0guest"] {
        assert!(answer("PLAIN", malformed).contains("502SYNTAX_ERROR - "), "{malformed:?}");
    }
    assert!(answer("AMQPLAIN", b"\x05LOG").contains("502SYNTAX_ERROR - "));
    let external = "connection.close 503COMMAND_INVALID - unknown authentication mechanism 'EXTERNAL'";
    assert_eq!(answer("EXTERNAL", b""), external);
}

#[test]
fn a_wrong_login_is_answered_late_and_only_to_those_who_want_to_know() {
    for response in [&b"\0guest\0wrong"[..], b"\0nobody\0guest", b"\0guest\0guest2", b"\0\0"] {
        let mut session = Session::start();
        let answers = session.send(|out| {
            out.extend_from_slice(&PROTOCOL_HEADER);
            with_capabilities(|properties| start_ok_with(properties, "PLAIN", response).write(0, out));
            // Sent without waiting for an answer, and not looked at.
            Method::ConnectionOpen { virtual_host: "/" }.write(0, out);
        });
        assert_eq!(answers, ["connection.start"], "{response:?}");
        assert_eq!(session.pass(Duration::from_secs(1)), ["connection.close 403"], "{response:?}");
        let text = "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.";
        assert_eq!(session.close_text, text);
    }
    let mut session = Session::start();
    session.send(|out| {
        out.extend_from_slice(&PROTOCOL_HEADER);
        start_ok(b"\0guest\0wrong").write(0, out);
    });
    assert_eq!(session.pass(Duration::from_secs(1)), Vec::<String>::new());
    assert!(session.connection.is_finished());
}

/// `bob` may configure what begins with c, write what begins with w, and read what begins with r.
fn bob() -> Session {
    let pattern = |text| Pattern::new(text).expect("a pattern");
    let permissions = Permissions { configure: pattern("^c"), write: pattern("^w"), read: pattern("^r") };
    let permissions = [("/".to_owned(), permissions)].into();
    let user = User { password: Password::Plain("bob".into()), loopback_only: false, permissions };
    let mut access = AccessControl::default();
    access.users.insert("bob".into(), user);
    access
        .users
        .insert("carol".into(), User { password: Password::Plain("carol".into()), ..access.users["bob"].clone() });
    if let Some(carol) = access.users.get_mut("carol") {
        carol.permissions.clear();
    }
    Session::with(Settings { access: Arc::new(access), ..Settings::default() })
}

#[test]
fn each_operation_needs_its_permission_and_the_text_names_what_it_is_for() {
    let arguments = Table::default();
    let mut dead_letters = TableBuilder::new();
    dead_letters.insert("x-dead-letter-exchange", Value::LongString(b"wx"));
    let with_dlx = dead_letters.as_table();
    let queue = |name| format!("ACCESS_REFUSED - access to queue '{name}' in vhost '/' refused for user 'bob'");
    let exchange = |name| format!("ACCESS_REFUSED - access to exchange '{name}' in vhost '/' refused for user 'bob'");
    let declare_exchange = |exchange| {
        let (passive, durable, auto_delete, internal, no_wait) = (false, false, false, false, false);
        Method::ExchangeDeclare {
            exchange,
            kind: "direct",
            passive,
            durable,
            auto_delete,
            internal,
            no_wait,
            arguments,
        }
    };
    let bind = |queue, exchange| Method::QueueBind { queue, exchange, routing_key: b"", no_wait: false, arguments };
    let bind_exchange =
        |destination, source| Method::ExchangeBind { destination, source, routing_key: b"", no_wait: false, arguments };
    let refused = |write: &dyn Fn(&mut Vec<u8>)| bob().log_in(b"\0bob\0bob").refused(|out| write(out));
    assert_eq!(refused(&|out| declare("cq", arguments, out)), "");
    assert_eq!(refused(&|out| declare("xq", arguments, out)), queue("xq"));
    assert!(refused(&|out| declare("", arguments, out)).contains("queue 'amq.gen-"));
    assert_eq!(refused(&|out| declare("cq", with_dlx, out)), queue("cq"), "reading it is needed, too");
    assert_eq!(refused(&|out| declare_exchange("xx").write(1, out)), exchange("xx"));
    let delete = Method::ExchangeDelete { exchange: "wx", if_unused: false, no_wait: false };
    assert_eq!(refused(&|out| delete.write(1, out)), exchange("wx"));
    let system = Method::ExchangeDelete { exchange: "amq.direct", if_unused: false, no_wait: false };
    let protected = "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed";
    assert_eq!(refused(&|out| system.write(1, out)), protected);
    assert_eq!(refused(&|out| bind("cq", "rx").write(1, out)), queue("cq"));
    assert_eq!(refused(&|out| bind("wq", "wx").write(1, out)), exchange("wx"));
    assert_eq!(refused(&|out| bind_exchange("rx", "wx").write(1, out)), exchange("rx"));
    assert_eq!(refused(&|out| bind_exchange("wx", "wx").write(1, out)), exchange("wx"));
    let get = |queue| Method::BasicGet { queue, no_ack: true };
    assert_eq!(refused(&|out| get("none").write(1, out)), queue("none"), "asked before whether it exists");
    assert_eq!(refused(&|out| get("rq").write(1, out)), "NOT_FOUND - no queue 'rq' in vhost '/'");
    let purge = Method::QueuePurge { queue: "wq", no_wait: false };
    assert_eq!(refused(&|out| purge.write(1, out)), queue("wq"));
    let delete = Method::QueueDelete { queue: "wq", if_unused: false, if_empty: false, no_wait: false };
    assert_eq!(refused(&|out| delete.write(1, out)), queue("wq"));
    assert_eq!(refused(&|out| publish(1, "wq", b"x", out)), exchange("amq.default"));
    let default = "ACCESS_REFUSED - operation not permitted on the default exchange";
    assert_eq!(refused(&|out| bind("wq", "").write(1, out)), default);
}

#[test]
fn a_virtual_host_without_permissions_is_not_opened() {
    let mut session = bob();
    let text = session.refused(|out| {
        out.extend_from_slice(&PROTOCOL_HEADER);
        start_ok(b"\0carol\0carol").write(0, out);
        Method::ConnectionTuneOk { channel_max: 0, frame_max: 0, heartbeat: 0 }.write(0, out);
        Method::ConnectionOpen { virtual_host: "/" }.write(0, out);
    });
    assert_eq!(text, "NOT_ALLOWED - access to vhost '/' refused for user 'carol'");
}

#[test]
fn a_publisher_that_says_who_it_is_is_that() {
    let publish_as = |user: &str, out: &mut Vec<u8>| {
        let properties = PropertiesBuilder::new().user_id(user).build();
        Method::BasicPublish { exchange: "", routing_key: b"q", mandatory: false, immediate: false }.write(1, out);
        ContentHeader { class_id: BASIC_CLASS_ID, body_size: 0, properties: &properties }.write(1, out);
    };
    assert_eq!(Session::open().refused(|out| publish_as("guest", out)), "");
    let text = Session::open().refused(|out| publish_as("bob", out));
    assert_eq!(text, "PRECONDITION_FAILED - user_id property set to 'bob' but authenticated user was 'guest'");
}

#[test]
fn a_new_secret_is_taken_and_changes_nothing() {
    let mut session = Session::open();
    let update = Method::ConnectionUpdateSecret { new_secret: b"new", reason: "expires" };
    assert_eq!(session.send(|out| update.write(0, out)), ["connection.update-secret-ok"]);
    assert_eq!(session.send(|out| Method::ChannelOpen {}.write(2, out)), ["channel.open-ok"]);
}
