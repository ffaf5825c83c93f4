//! Asks a broker's HTTP port, for `handoff ctl`.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer.
const MAX_ANSWER_BYTES: usize = 1 << 30;

/// A user at a broker's HTTP port.
pub struct Client {
    /// Where the port is: `HOST:PORT`.
    pub address: String,
    /// Whose name is given.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// Why there is no answer. Each is one line that names the address.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "each message says what its fields are")]
pub enum ClientError {
    #[error("{address}: expected a broker's HTTP port (`handoff serve --http ADDRESS`): {source}")]
    Absent { address: String, source: io::Error },
    #[error("{address}: no answer within {} s", TIMEOUT.as_secs())]
    Late { address: String },
    #[error("{address}: expected an answer in HTTP: {problem}")]
    Strange { address: String, problem: String },
    #[error("{address}: the login of '{user}' was refused: expected a user who may monitor, and its password")]
    Refused { address: String, user: String },
    #[error("{address}{path}: answered {status}")]
    Status { address: String, path: String, status: StatusCode },
}

impl Client {
    /// The body of what is at `path`.
    ///
    /// # Errors
    /// If there is no such broker, or it does not answer with 200.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        let address = self.address.clone();
        let answered = timeout(TIMEOUT, self.ask(path)).await;
        let (status, body) = answered.map_err(|_| ClientError::Late { address: address.clone() })??;
        match status {
            StatusCode::OK => Ok(body),
            StatusCode::UNAUTHORIZED => Err(ClientError::Refused { address, user: self.user.clone() }),
            status => Err(ClientError::Status { address, path: path.to_owned(), status }),
        }
    }

    async fn ask(&self, path: &str) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let absent = |source| ClientError::Absent { address: self.address.clone(), source };
        let strange = |problem: String| ClientError::Strange { address: self.address.clone(), problem };
        let stream = TcpStream::connect(&self.address).await.map_err(absent)?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| strange(error.to_string()))?;
        // Its errors are those of the request.
        tokio::spawn(connection);
        let login = STANDARD.encode(format!("{}:{}", self.user, self.password));
        let request = Request::get(path)
            .header(HOST, &self.address)
            .header(AUTHORIZATION, format!("Basic {login}"))
            .body(Empty::<Bytes>::new())
            .map_err(|error| strange(error.to_string()))?;
        let response = sender.send_request(request).await.map_err(|error| strange(error.to_string()))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        Ok((status, body.map_err(|error| strange(error.to_string()))?.to_bytes().to_vec()))
    }
}
