//! AMQP over TLS: a listener whose connections encrypt, for a server that knows nothing of it.
//!
//! The handshake happens inside the connection's own reads and writes. It is therefore under the same limits as any
//! other connection: it counts as one, and has to be over in the time that the whole handshake may take.

use std::fs;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use handoff_broker::Listener;
use handoff_scenarios::document::Invalid;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};
use tokio_rustls::{Accept, TlsAcceptor, server};

use crate::settings::{ClientCertificate, Tls};

/// What a broker shows and asks of those who connect over TLS: the files that its settings name. Clones share it.
#[derive(Clone)]
pub struct Identity {
    settings: Tls,
    acceptor: Arc<Mutex<TlsAcceptor>>,
}

impl Identity {
    /// Reads the files.
    ///
    /// # Errors
    /// If one cannot be read, is not what it should be, or does not go with the others.
    pub fn load(settings: &Tls) -> Result<Self, Invalid> {
        let acceptor = Arc::new(Mutex::new(acceptor(settings)?));
        Ok(Identity { settings: settings.clone(), acceptor })
    }

    /// Reads the files again, for who connects from now on: a certificate is renewed without a restart, which would
    /// lose what is queued.
    ///
    /// # Errors
    /// As for [`load`](Identity::load). Then what was read before stays.
    pub fn renew(&self) -> Result<(), Invalid> {
        let renewed = acceptor(&self.settings)?;
        *self.acceptor.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }

    fn accept(&self, stream: TcpStream) -> Accept<TcpStream> {
        self.acceptor.lock().unwrap_or_else(PoisonError::into_inner).accept(stream)
    }
}

/// Accepts TCP connections and speaks TLS on them.
pub struct TlsListener {
    tcp: TcpListener,
    identity: Identity,
}

impl TlsListener {
    /// TLS on `tcp`.
    pub fn new(tcp: TcpListener, identity: Identity) -> Self {
        TlsListener { tcp, identity }
    }
}

impl Listener for TlsListener {
    type Stream = TlsStream;

    async fn accept(&mut self) -> io::Result<(TlsStream, SocketAddr)> {
        let (stream, peer) = Listener::accept(&mut self.tcp).await?;
        Ok((TlsStream { peer, state: State::Handshake(Box::new(self.identity.accept(stream))) }, peer))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_address()
    }
}

/// A connection that encrypts.
pub struct TlsStream {
    peer: SocketAddr,
    state: State,
}

enum State {
    Handshake(Box<Accept<TcpStream>>),
    Open(Box<server::TlsStream<TcpStream>>),
}

impl TlsStream {
    /// The encrypted stream, as soon as the handshake is over.
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Pin<&mut server::TlsStream<TcpStream>>>> {
        if let State::Handshake(accept) = &mut self.state {
            match ready!(Pin::new(accept).poll(context)) {
                Ok(stream) => self.state = State::Open(Box::new(stream)),
                Err(error) => {
                    tracing::info!(peer = %self.peer, %error, "TLS handshake failed");
                    return Poll::Ready(Err(error));
                }
            }
        }
        match &mut self.state {
            State::Open(stream) => Poll::Ready(Ok(Pin::new(stream))),
            State::Handshake(_) => Poll::Pending,
        }
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match ready!(ready!(self.get_mut().poll_open(context))?.poll_read(context, into)) {
            // Many clients close without saying so. AMQP has a close of its own, so nothing can be cut off unnoticed.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            read => Poll::Ready(read),
        }
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().poll_open(context))?.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().poll_open(context))?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().state {
            State::Open(stream) => Pin::new(stream).poll_shutdown(context),
            // Nothing was said yet, so there is nothing to end.
            State::Handshake(_) => Poll::Ready(Ok(())),
        }
    }
}

/// What the settings say, with the certificates and keys that they name.
fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Invalid> {
    let chain = certificates("tls.certificate", &tls.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&read("tls.key", &tls.key)?)
        .map_err(|error| Invalid::new("tls.key", "a private key in PEM", described(&tls.key, error)))?;
    let provider = Arc::new(crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| Invalid::new("tls", "protocol versions that go together", error))?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => builder.with_client_cert_verifier(verifier(file, tls.client_certificate, provider)?),
    };
    let config = builder
        .with_single_cert(chain, key)
        .map_err(|error| Invalid::new("tls.key", "the private key of tls.certificate", described(&tls.key, error)))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Checks that a client's certificate was issued by one of those in `file`.
fn verifier(
    file: &Path,
    wanted: ClientCertificate,
    provider: Arc<crypto::CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Invalid> {
    let invalid = |error: String| Invalid::new("tls.client_ca", "certificates of authorities", error);
    let mut roots = RootCertStore::empty();
    for certificate in certificates("tls.client_ca", file)? {
        roots.add(certificate).map_err(|error| invalid(described(file, error)))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match wanted {
        ClientCertificate::Required => builder,
        ClientCertificate::Optional => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| invalid(described(file, error)))
}

fn certificates(key: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, Invalid> {
    let invalid = |got: String| Invalid::new(key, "certificates in PEM", got);
    let pem = read(key, file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(invalid(described(file, "none in there"))),
        Ok(found) => Ok(found),
        Err(error) => Err(invalid(described(file, error))),
    }
}

fn read(key: &str, file: &Path) -> Result<Vec<u8>, Invalid> {
    fs::read(file).map_err(|error| Invalid::new(key, "a readable file", described(file, error)))
}

fn described(file: &Path, problem: impl std::fmt::Display) -> String {
    format!("{} ({problem})", file.display())
}
