//! A connection to Redis, by the client of its field: pipelines under way, each answered as a whole.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::Poll;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo as _, RedisConnectionInfo};
use redis::{Pipeline, RedisError, RedisResult, Value};

use crate::target::TargetError;
use crate::target::connect::answered;

/// How many pipelines may wait to be written.
const WAITING_PIPELINES: usize = 1_024;

/// Where to log in, as whom, and which database.
#[derive(Clone, Debug)]
pub(super) struct Login {
    /// Where.
    pub address: SocketAddr,
    /// As whom, if as anybody.
    pub user: Option<(String, String)>,
    /// The number of the database.
    pub database: i64,
}

/// An open connection.
pub(super) struct Link {
    connection: MultiplexedConnection,
    /// Pipelines that were not answered, in the order in which they were sent.
    under_way: FuturesOrdered<BoxFuture<'static, RedisResult<Vec<Value>>>>,
    /// Answers that came while something else was done.
    answers: VecDeque<RedisResult<Vec<Value>>>,
}

impl Link {
    /// Connects and logs in.
    pub async fn open(login: &Login) -> Result<Link, TargetError> {
        let connecting = async {
            let client = Client::open(info(login).map_err(failed)?).map_err(failed)?;
            // A consumer waits for its answer as long as there is no message.
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(None)
                .set_response_timeout(None)
                .set_pipeline_buffer_size(WAITING_PIPELINES);
            let connected = client.get_multiplexed_async_connection_with_config(&config).await;
            connected.map_err(|error| match error.kind() {
                ErrorKind::Io => {
                    TargetError::Down { address: login.address.to_string(), error: std::io::Error::other(error) }
                }
                _ => TargetError::Refused(error.to_string()),
            })
        };
        let connection = answered(connecting).await?;
        Ok(Link { connection, under_way: FuturesOrdered::new(), answers: VecDeque::new() })
    }

    /// Sends a pipeline, without waiting for its answer.
    pub async fn send(&mut self, pipeline: Pipeline) {
        let mut connection = self.connection.clone();
        self.under_way.push_back(Box::pin(async move {
            let commands = pipeline.len();
            connection.req_packed_commands(&pipeline, 0, commands).await
        }));
        // Only when it is polled does it go out.
        poll_fn(|context| {
            while let Poll::Ready(Some(answer)) = self.under_way.poll_next_unpin(context) {
                self.answers.push_back(answer);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Whether a pipeline was not answered.
    pub fn is_waiting(&self) -> bool {
        !self.under_way.is_empty() || !self.answers.is_empty()
    }

    /// Waits for the answer of the first pipeline that was not answered: a value for each of its commands. Cancel safe.
    pub async fn answer(&mut self) -> Result<Vec<Value>, TargetError> {
        let answer = match self.answers.pop_front() {
            Some(answer) => answer,
            None => self.under_way.next().await.unwrap_or_else(|| Ok(Vec::new())),
        };
        let values = answer.map_err(failed)?;
        let refusal = values.iter().find_map(|value| match value {
            Value::ServerError(error) => Some(TargetError::Refused(format!("{error:?}"))),
            _ => None,
        });
        refusal.map_or(Ok(values), Err)
    }

    /// Sends a pipeline and waits for its answer.
    pub async fn ask(&mut self, pipeline: Pipeline) -> Result<Vec<Value>, TargetError> {
        self.send(pipeline).await;
        answered(self.answer()).await
    }
}

fn info(login: &Login) -> RedisResult<redis::ConnectionInfo> {
    let mut settings = RedisConnectionInfo::default().set_db(login.database).set_skip_set_lib_name();
    if let Some((user, password)) = &login.user {
        settings = settings.set_password(password);
        if !user.is_empty() {
            settings = settings.set_username(user);
        }
    }
    let address = ConnectionAddr::Tcp(login.address.ip().to_string(), login.address.port());
    Ok(address.into_connection_info()?.set_redis_settings(settings))
}

fn failed(error: RedisError) -> TargetError {
    match error.kind() {
        ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::AuthenticationFailed => {
            TargetError::Refused(error.to_string())
        }
        _ => TargetError::died(error),
    }
}
