//! The HTTP port, and `handoff ctl`, which asks it.

use std::net::SocketAddr;

use handoff_broker::core::{Overflow, QueueOptions, QueuePolicy};
use serde_json::{Value, json};

use super::process::{Service, assert_refused, exchange, file, guest, handoff, text};

/// `guest:guest`
const GUEST: &str = "authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n";

/// An answer: its status, its head, its body.
fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> (u16, String, String) {
    let answer = exchange(address, &format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, head.to_ascii_lowercase(), body.to_owned())
}

/// The document at `path`, for guest.
pub fn get(address: SocketAddr, path: &str) -> Value {
    let (status, _, body) = ask(address, "GET", path, GUEST);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

/// Whether each field of `expected` stands in `document`, whatever else does.
fn assert_within(document: &Value, expected: &Value) {
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&document[key], value, "{key} of {document}");
    }
}

fn ctl(http: SocketAddr, arguments: &[&str]) -> String {
    let output = handoff(&[&["ctl", "--http", &http.to_string()], arguments].concat(), "");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A broker with three messages published to a queue: one acknowledged, one held by a consumer, one ready.
struct Busy {
    http: SocketAddr,
    _service: Service,
    _connection: handoff_broker::client::Connection,
}

impl Busy {
    async fn start() -> Busy {
        let mut service = Service::start(&["--http", "127.0.0.1:0"]);
        let (amqp, http) = (service.address(""), service.address("HTTP "));
        let connection = guest(amqp).await;
        let channel = connection.open_channel().await.expect("a channel");
        channel.select_confirms().await.expect("confirms");
        let policy = QueuePolicy { max_length: Some(9), overflow: Overflow::RejectPublish, ..QueuePolicy::default() };
        channel.declare_queue("jo\"bs", &QueueOptions { policy, ..QueueOptions::default() }).await.expect("a queue");
        channel.bind_queue("jo\"bs", "amq.direct", b"key").await.expect("a binding");
        for _ in 0..3 {
            channel.publish("amq.direct", b"key", &[0, 0], b"body").expect("sent").await.expect("confirmed");
        }
        channel.publish("amq.direct", b"nowhere", &[0, 0], b"").expect("sent").await.expect("confirmed");
        channel.set_prefetch(1).await.expect("a prefetch");
        let mut deliveries = channel.consume("jo\"bs", "worker").await.expect("a consumer");
        let first = deliveries.next().await.expect("a message");
        channel.acknowledge(first.delivery_tag, false).expect("sent");
        deliveries.next().await.expect("another");
        Busy { http, _service: service, _connection: connection }
    }
}

#[tokio::test]
async fn metrics_have_rabbitmqs_names_and_the_brokers_numbers() {
    let busy = Busy::start().await;
    let (status, head, summed) = ask(busy.http, "GET", "/metrics", "");
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    for line in [
        "# TYPE rabbitmq_queue_messages_ready gauge",
        "rabbitmq_queue_messages_ready 1",
        "rabbitmq_queue_messages_unacked 1",
        "rabbitmq_queues 1",
        "rabbitmq_connections 1",
        "rabbitmq_channels 1",
        "rabbitmq_consumers 1",
        "# TYPE rabbitmq_channel_messages_published_total counter",
        "rabbitmq_channel_messages_published_total 4",
        "rabbitmq_channel_messages_confirmed_total 4",
        "rabbitmq_channel_messages_acked_total 1",
        "rabbitmq_channel_messages_delivered_ack_total 2",
        "rabbitmq_channel_messages_unroutable_dropped_total 1",
        "rabbitmq_global_messages_received_total{protocol=\"amqp091\"} 4",
        "rabbitmq_global_messages_routed_total{protocol=\"amqp091\"} 3",
        "rabbitmq_alarms_memory_used_watermark 0",
    ] {
        assert!(summed.lines().any(|found| found == line), "{line} is not in\n{summed}");
    }
    let (_, _, each) = ask(busy.http, "GET", "/metrics/per-object", "");
    let line = "rabbitmq_queue_messages_ready{vhost=\"/\",queue=\"jo\\\"bs\"} 1";
    assert!(each.lines().any(|found| found == line), "{each}");
    let names = |text: &str| text.lines().filter(|line| line.starts_with("# TYPE")).count();
    assert!(names(&each) > names(&summed), "connections are told apart only there");
}

#[tokio::test]
async fn the_management_api_has_rabbitmqs_shape() {
    let busy = Busy::start().await;
    let queues = get(busy.http, "/api/queues");
    let queue = json!({
        "name": "jo\"bs", "vhost": "/", "type": "classic", "state": "running", "durable": false, "consumers": 1,
        "messages": 2, "messages_ready": 1, "messages_unacknowledged": 1,
        "arguments": { "x-max-length": 9, "x-overflow": "reject-publish" },
    });
    assert_within(&queues[0], &queue);
    assert_eq!(get(busy.http, "/api/queues/%2F"), queues);
    assert_within(&get(busy.http, "/api/queues/%2f/jo%22bs"), &queue);

    let overview = get(busy.http, "/api/overview");
    assert_within(&overview["queue_totals"], &json!({ "messages": 2, "messages_ready": 1 }));
    assert_within(&overview["message_stats"], &json!({ "publish": 4, "confirm": 4, "deliver": 2, "ack": 1 }));
    assert_within(&overview["object_totals"], &json!({ "connections": 1, "channels": 1, "queues": 1, "consumers": 1 }));

    let connection = &get(busy.http, "/api/connections")[0];
    let expected = json!({
        "user": "guest", "vhost": "/", "state": "running", "ssl": false, "protocol": "AMQP 0-9-1", "channels": 1,
        "peer_host": "127.0.0.1", "channel_max": 2047, "frame_max": 131_072, "timeout": 60,
    });
    assert_within(connection, &expected);
    let name = connection["name"].as_str().expect("a name");
    let channel = &get(busy.http, "/api/channels")[0];
    assert_within(channel, &json!({ "name": format!("{name} (1)"), "consumer_count": 1, "prefetch_count": 1 }));
    let consumer = &get(busy.http, "/api/consumers/%2F")[0];
    assert_within(consumer, &json!({ "consumer_tag": "worker", "ack_required": true, "prefetch_count": 1 }));
    assert_eq!(consumer["channel_details"]["connection_name"], name);

    let bindings = get(busy.http, "/api/bindings");
    let to_default = json!({ "source": "", "destination": "jo\"bs", "routing_key": "jo\"bs" });
    let to_direct = json!({ "source": "amq.direct", "destination_type": "queue", "routing_key": "key" });
    assert_within(&bindings[0], &to_default);
    assert_within(&bindings[1], &to_direct);
    assert_eq!(get(busy.http, "/api/exchanges").as_array().map(Vec::len), Some(6));
    assert_within(&get(busy.http, "/api/nodes")[0], &json!({ "running": true, "mem_alarm": false }));
    assert_within(&get(busy.http, "/api/vhosts")[0], &json!({ "name": "/", "messages": 2 }));
}

#[test]
fn only_gets_of_what_is_there_are_answered_and_the_api_only_to_those_who_may() {
    let mut service = Service::start(&["--http", "127.0.0.1:0"]);
    let (_, http) = (service.address(""), service.address("HTTP "));
    let status = |method: &str, path: &str, headers: &str| ask(http, method, path, headers).0;
    // Those who say nothing are in nobody's way.
    let _silent: Vec<_> = (0..20).map(|_| std::net::TcpStream::connect(http).expect("it is accepted")).collect();
    assert_eq!(status("GET", "/health", ""), 200);
    assert_eq!(status("GET", "/api/overview", GUEST), 200);
    for path in ["/", "/healthy", "/metrics/", "/favicon.ico"] {
        assert_eq!(status("GET", path, ""), 404, "{path}");
    }
    for path in ["/api", "/api/users", "/api/queues/nowhere", "/api/queues/%2F/none", "/api/queues/%ff"] {
        assert_eq!(status("GET", path, GUEST), 404, "{path}");
        assert_eq!(status("GET", path, ""), 401, "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        let (status, head, _) = ask(http, method, "/api/queues", GUEST);
        assert_eq!(status, 405, "{method}");
        assert!(head.contains("allow: get, head"), "{head}");
        assert_eq!(ask(http, method, "/metrics", "").0, 405, "{method}");
    }
    let (status, head, body) = ask(http, "HEAD", "/api/queues", GUEST);
    assert_eq!((status, &*body), (200, ""));
    assert!(head.contains("content-length: 2"), "{head}");
    // guest:wrong
    let (status, head, _) = ask(http, "GET", "/api/queues", "authorization: Basic Z3Vlc3Q6d3Jvbmc=\r\n");
    assert_eq!(status, 401);
    assert!(head.contains("www-authenticate: basic"), "{head}");
    let line = service.log_line("HTTP login refused");
    assert!(line.contains(r#""user":"guest""#) && !line.contains("wrong"), "{line}");
}

#[test]
fn a_user_who_may_not_monitor_does_not_see_the_api() {
    let hash = String::from_utf8(handoff(&["hash-password"], "secret").stdout).expect("text");
    let user = |name: &str| format!("[[user]]\nname = '{name}'\npassword_hash = '{}'\n", hash.trim());
    let settings = user("ada") + "monitoring = true\n" + &user("bob");
    let mut service = Service::start(&["--http", "127.0.0.1:0", "--config", text(&file("monitors.toml", &settings))]);
    let (_, http) = (service.address(""), service.address("HTTP "));
    // ada:secret and bob:secret
    assert_eq!(ask(http, "GET", "/api/overview", "authorization: Basic YWRhOnNlY3JldA==\r\n").0, 200);
    assert_eq!(ask(http, "GET", "/api/overview", "authorization: Basic Ym9iOnNlY3JldA==\r\n").0, 401);
    assert_eq!(ask(http, "GET", "/health", "").0, 200);
}

#[tokio::test]
async fn ctl_lists_what_is_there_as_tables_and_as_json() {
    let busy = Busy::start().await;
    let queues = ctl(busy.http, &["queues"]);
    let row: Vec<&str> = queues.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(row, ["/", "jo\\\"bs", "1", "1", "1", "3", "1"], "{queues}");
    for (what, words) in [
        ("connections", vec!["guest", "running", "127.0.0.1"]),
        ("channels", vec!["(1)", "guest"]),
        ("consumers", vec!["worker", "yes"]),
        ("bindings", vec!["amq.direct", "key"]),
        ("exchanges", vec!["amq.topic", "fanout"]),
        ("overview", vec!["published", "4", "amqp 127.0.0.1:"]),
        ("health", vec!["ok"]),
    ] {
        let listed = ctl(busy.http, &[what]);
        for word in words {
            assert!(listed.contains(word), "{word:?} is not in what `ctl {what}` says:\n{listed}");
        }
        let document: Value = serde_json::from_str(&ctl(busy.http, &[what, "--json"])).expect("one JSON document");
        assert!(!document.is_null(), "{what}");
    }
}

#[test]
fn ctl_tells_a_broker_that_is_not_there_from_one_that_refuses() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("an address").to_string()
    };
    let absent = handoff(&["ctl", "queues", "--http", &gone], "");
    assert_refused(&absent, &[&gone, "expected a broker's HTTP port", "handoff serve --http"]);
    let mut service = Service::start(&["--http", "127.0.0.1:0"]);
    let (_, http) = (service.address(""), service.address("HTTP ").to_string());
    let refused = handoff(&["ctl", "queues", "--http", &http, "--user", "nobody"], "");
    assert_refused(&refused, &[&http, "nobody", "may monitor"]);
    assert_refused(&handoff(&["ctl", "everything"], ""), &["everything", "queues"]);
}
