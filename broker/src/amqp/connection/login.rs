//! Logging in: the two mechanisms, and what a client is told whose login was refused.

use super::{Connection, Phase, Turn};
use crate::access::{Login, LoginRefused};
use crate::amqp::codec::{ReplyCode, Table, Value};
use crate::amqp::fault::Fault;
use crate::amqp::output::Output;
use crate::core::Machine;
use crate::time::Timestamp;

/// The mechanisms, as `connection.start` lists them.
pub(super) const MECHANISMS: &[u8] = b"AMQPLAIN PLAIN";

/// How far logging in has come, and what has to be remembered for it.
#[derive(Debug)]
pub(super) struct LoginAttempt {
    /// Until the shell takes it.
    login: Option<Login>,
    mechanism: &'static str,
    /// What the client says of itself: a field table.
    pub properties: Box<[u8]>,
}

impl Connection {
    /// `connection.start-ok`: keeps the login for whoever checks it.
    pub(super) fn begin_login(&mut self, properties: Table<'_>, mechanism: &str, response: &[u8]) -> Result<(), Fault> {
        let (mechanism, login) = match mechanism {
            "PLAIN" => ("PLAIN", plain(response)?),
            "AMQPLAIN" => ("AMQPLAIN", amqplain(response)?),
            other => {
                let text = format!("unknown authentication mechanism '{other}'");
                return Err(Fault::new(ReplyCode::CommandInvalid, text));
            }
        };
        self.capabilities = Capabilities::of(properties);
        self.user = login.user.as_str().into();
        let properties = properties.as_bytes().into();
        self.attempt = Some(LoginAttempt { login: Some(login), mechanism, properties });
        self.phase = Phase::LoggingIn;
        Ok(())
    }

    /// A login that has to be checked, once. Nothing more is received until [`logged_in`](Connection::logged_in) says
    /// what came of it.
    pub fn take_login(&mut self) -> Option<Login> {
        self.attempt.as_mut()?.login.take()
    }

    /// The login was checked: the handshake goes on, or ends after a delay.
    pub fn logged_in(&mut self, now: Timestamp, outcome: Result<(), LoginRefused>, output: &mut Output) {
        if self.phase != Phase::LoggingIn {
            return;
        }
        match outcome {
            Ok(()) => self.propose_tuning(output),
            Err(_) => {
                self.note_end("login refused");
                self.phase = Phase::Refused;
                self.phase_deadline = now + self.settings.login_delay;
            }
        }
    }

    /// The delay after a refused login is over. A client is told only if it says that it wants to know, as in
    /// RabbitMQ; others take the end of the stream for it.
    pub(super) fn refuse_login<M: Machine>(&mut self, turn: &mut Turn<'_, M>) {
        if !self.capabilities.authentication_failure_close {
            self.end(turn.now, turn.machine);
            return;
        }
        let mechanism = self.attempt.as_ref().map_or("", |attempt| attempt.mechanism);
        let text = format!(
            "Login was refused using authentication mechanism {mechanism}. For details see the broker logfile."
        );
        self.close(&Fault::new(ReplyCode::AccessRefused, text), (0, 0), turn);
    }
}

/// What a client can do beyond the specification, as far as it matters here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Capabilities {
    authentication_failure_close: bool,
    pub connection_blocked: bool,
}

impl Capabilities {
    fn of(properties: Table<'_>) -> Self {
        let Some(Value::Table(capabilities)) = properties.get("capabilities") else { return Capabilities::default() };
        let has = |name| capabilities.get(name).and_then(Value::as_boolean).unwrap_or(false);
        Capabilities {
            authentication_failure_close: has("authentication_failure_close"),
            connection_blocked: has("connection.blocked"),
        }
    }
}

/// `\0user\0password` (RFC 4616, without an identity to act as).
fn plain(response: &[u8]) -> Result<Login, Fault> {
    let mut parts = response.split(|&byte| byte == 0);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(b""), Some(user), Some(password), None) => Ok(login(user, password)),
        _ => Err(Fault::new(ReplyCode::SyntaxError, "response to PLAIN is not '\\0user\\0password'")),
    }
}

/// A field table with `LOGIN` and `PASSWORD`, without the length before it.
fn amqplain(response: &[u8]) -> Result<Login, Fault> {
    let table = Table::parse(response).map_err(|error| Fault::new(error.reply_code(), error.to_string()))?;
    match (table.get("LOGIN"), table.get("PASSWORD")) {
        (Some(Value::LongString(user)), Some(Value::LongString(password))) => Ok(login(user, password)),
        (Some(_), Some(_)) => Err(Fault::new(ReplyCode::SyntaxError, "AMQPLAIN auth info has fields of wrong type")),
        _ => Err(Fault::new(ReplyCode::SyntaxError, "AMQPLAIN auth info is missing LOGIN or PASSWORD field")),
    }
}

/// A name that is no text belongs to nobody.
fn login(user: &[u8], password: &[u8]) -> Login {
    Login { user: String::from_utf8_lossy(user).into_owned(), password: password.to_vec() }
}
