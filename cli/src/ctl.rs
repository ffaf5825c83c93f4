//! `handoff ctl`: what a running broker holds, from its HTTP port.

use anyhow::Context as _;
use handoff_serve::http::Client;
use serde_json::Value;

use crate::outcome::{BadInput, Outcome};
use crate::output;

/// Lists what a running broker holds, from its HTTP port (`handoff serve --http ADDRESS`)
#[derive(clap::Args)]
pub struct Arguments {
    /// What to list
    what: What,
    /// The broker's HTTP port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:15672")]
    http: String,
    /// A user who may monitor; its password is in the environment, as HANDOFF_PASSWORD [default password: guest]
    #[arg(long, value_name = "NAME", default_value = "guest")]
    user: String,
    /// Print one JSON document, as the management API gives it
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// Totals, memory, uptime
    Overview,
    /// Queues and their messages
    Queues,
    /// Exchanges
    Exchanges,
    /// Bindings of queues and exchanges to exchanges
    Bindings,
    /// Consumers
    Consumers,
    /// Connections of clients
    Connections,
    /// Channels of connections
    Channels,
    /// Whether the broker takes work
    Health,
}

/// A column: its heading, and where its value stands in the document.
type Column = (&'static str, &'static str);

impl What {
    fn path(self) -> &'static str {
        match self {
            What::Overview => "/api/overview",
            What::Queues => "/api/queues",
            What::Exchanges => "/api/exchanges",
            What::Bindings => "/api/bindings",
            What::Consumers => "/api/consumers",
            What::Connections => "/api/connections",
            What::Channels => "/api/channels",
            What::Health => "/health",
        }
    }

    fn columns(self) -> &'static [Column] {
        match self {
            What::Overview | What::Health => &[],
            What::Queues => &[
                ("vhost", "/vhost"),
                ("name", "/name"),
                ("ready", "/messages_ready"),
                ("unacked", "/messages_unacknowledged"),
                ("consumers", "/consumers"),
                ("published", "/message_stats/publish"),
                ("acked", "/message_stats/ack"),
            ],
            What::Exchanges => &[("vhost", "/vhost"), ("name", "/name"), ("type", "/type"), ("durable", "/durable")],
            What::Bindings => &[
                ("vhost", "/vhost"),
                ("source", "/source"),
                ("destination", "/destination"),
                ("type", "/destination_type"),
                ("routing key", "/routing_key"),
            ],
            What::Consumers => &[
                ("vhost", "/queue/vhost"),
                ("queue", "/queue/name"),
                ("tag", "/consumer_tag"),
                ("prefetch", "/prefetch_count"),
                ("ack", "/ack_required"),
                ("channel", "/channel_details/name"),
            ],
            What::Connections => &[
                ("name", "/name"),
                ("user", "/user"),
                ("vhost", "/vhost"),
                ("state", "/state"),
                ("channels", "/channels"),
                ("TLS", "/ssl"),
                ("client", "/client_properties/product"),
            ],
            What::Channels => &[
                ("channel", "/name"),
                ("user", "/user"),
                ("vhost", "/vhost"),
                ("consumers", "/consumer_count"),
                ("unacked", "/messages_unacknowledged"),
                ("prefetch", "/prefetch_count"),
            ],
        }
    }
}

/// Asks once and prints the answer.
pub fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let password = std::env::var("HANDOFF_PASSWORD").unwrap_or_else(|_| "guest".to_owned());
    let client = Client { address: arguments.http.clone(), user: arguments.user.clone(), password };
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let body = tokio.block_on(client.get(arguments.what.path())).map_err(|error| BadInput(error.to_string()))?;
    if let What::Health = arguments.what {
        return health(&body, arguments.json);
    }
    let strange = || BadInput(format!("{}: expected the JSON of a management API", client.address));
    let document: Value = serde_json::from_slice(&body).map_err(|_| strange())?;
    match (&document, arguments.what) {
        (document, _) if arguments.json => output::json(document)?,
        (document, What::Overview) => overview(document)?,
        (Value::Array(rows), what) => list(rows, what.columns())?,
        _ => return Err(strange().into()),
    }
    Ok(Outcome::Holds)
}

fn list(rows: &[Value], columns: &[Column]) -> anyhow::Result<()> {
    let header: Vec<&str> = columns.iter().map(|(heading, _)| *heading).collect();
    let row = |row: &Value| columns.iter().map(|(_, place)| cell(row.pointer(place))).collect();
    output::columns(&header, rows.iter().map(row))
}

/// A broker that takes no work is not reached by this: its answer is an error.
fn health(body: &[u8], json: bool) -> anyhow::Result<Outcome> {
    let status = std::str::from_utf8(body).context("health is text")?.trim_end();
    if json {
        output::json(&serde_json::json!({ "status": status }))?;
    } else {
        output::line(status)?;
    }
    Ok(Outcome::Holds)
}

fn overview(document: &Value) -> anyhow::Result<()> {
    const LINES: [(&str, &str); 16] = [
        ("version", "/product_version"),
        ("connections", "/object_totals/connections"),
        ("channels", "/object_totals/channels"),
        ("consumers", "/object_totals/consumers"),
        ("queues", "/object_totals/queues"),
        ("exchanges", "/object_totals/exchanges"),
        ("ready", "/queue_totals/messages_ready"),
        ("unacked", "/queue_totals/messages_unacknowledged"),
        ("published", "/message_stats/publish"),
        ("confirmed", "/message_stats/confirm"),
        ("returned", "/message_stats/return_unroutable"),
        ("dropped", "/message_stats/drop_unroutable"),
        ("delivered", "/message_stats/deliver_get"),
        ("redelivered", "/message_stats/redeliver"),
        ("acked", "/message_stats/ack"),
        ("listeners", "/listeners"),
    ];
    let rows = LINES.map(|(name, place)| vec![name.to_owned(), cell(document.pointer(place))]);
    output::columns(&["", ""], rows)
}

/// A value as it stands in a table.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(Value::String(text)) => text.escape_debug().to_string(),
        Some(Value::Array(list)) => list.iter().map(listener).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

/// `PROTOCOL ADDRESS:PORT`
fn listener(listener: &Value) -> String {
    let part = |name: &str| cell(listener.get(name));
    format!("{} {}:{}", part("protocol"), part("ip_address"), part("port"))
}
