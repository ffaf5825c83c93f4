//! AMQP over TLS, with certificates that are made here.

use std::net::SocketAddr;
use std::sync::Arc;

use handoff_broker::core::QueueOptions;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::http::get;
use super::process::{Service, assert_refused, exchange, file, guest, handoff, text};

type Certified = CertifiedKey<rcgen::KeyPair>;

/// A certificate of its own authority, and the files it is in.
fn certificate(name: &str) -> (Certified, String, String) {
    let certified = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = file(&format!("{name}.pem"), &certified.cert.pem());
    let key = file(&format!("{name}.key"), &certified.signing_key.serialize_pem());
    (certified, text(&certificate).to_owned(), text(&key).to_owned())
}

/// A client that trusts `server`, and is `client` if it is anybody.
fn connector(server: &Certified, client: Option<&Certified>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(server.cert.der().clone()).expect("a certificate");
    let builder = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let key = PrivateKeyDer::from_pem_slice(client.signing_key.serialize_pem().as_bytes()).expect("a key");
            builder.with_client_auth_cert(vec![client.cert.der().clone()], key).expect("key and certificate")
        }
    };
    TlsConnector::from(Arc::new(config))
}

async fn encrypted(connector: &TlsConnector, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").expect("a name");
    connector.connect(name, TcpStream::connect(address).await?).await
}

/// A door in the clear to the encrypted one: what goes through it has gone through TLS.
async fn tunnel(connector: TlsConnector, address: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let door = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut plain, _)) = listener.accept().await {
            let mut encrypted = encrypted(&connector, address).await.expect("a handshake");
            // Its end is the connection's.
            tokio::spawn(async move { copy_bidirectional(&mut plain, &mut encrypted).await });
        }
    });
    door
}

#[tokio::test]
async fn messages_of_every_size_go_through_tls_and_back() {
    let (certified, certificate, key) = certificate("server");
    let flags = ["--tls-listen", "127.0.0.1:0", "--tls-certificate", &certificate, "--tls-key", &key];
    let mut service = Service::start(&[&flags[..], &["--http", "127.0.0.1:0"]].concat());
    let (plain, address) = (service.address(""), service.address("TLS "));
    let http = service.address("HTTP ");

    let connection = guest(tunnel(connector(&certified, None), address).await).await;
    let channel = connection.open_channel().await.expect("a channel");
    channel.select_confirms().await.expect("confirms");
    channel.declare_queue("jobs", &QueueOptions::default()).await.expect("a queue");
    let mut deliveries = channel.consume("jobs", "worker").await.expect("a consumer");
    // The large ones do not fit into any buffer on the way: they have to be flushed in pieces.
    for bytes in [0, 1, 100_000, 8_000_000, 3] {
        let body: Vec<u8> = (0..bytes).map(|index: u32| (index % 251) as u8).collect();
        channel.publish("", b"jobs", &[0, 0], &body).expect("it is sent").await.expect("it is confirmed");
        let delivery = deliveries.next().await.expect("it comes back");
        assert!(delivery.body == body, "{bytes} bytes");
    }
    let _other = guest(plain).await;
    let connections = get(http, "/api/connections");
    let connections = connections.as_array().expect("a list");
    let is_encrypted = |port: u16| connections.iter().find(|each| each["port"] == port).map(|each| each["ssl"] == true);
    assert_eq!((is_encrypted(address.port()), is_encrypted(plain.port())), (Some(true), Some(false)));
}

#[tokio::test]
async fn who_has_no_certificate_is_let_in_only_if_none_is_required() {
    let (server, certificate_file, key) = certificate("asking-server");
    let (client, authority, _) = certificate("client");
    let (stranger, _, _) = certificate("stranger");
    for (how, is_let_in) in [("required", false), ("optional", true)] {
        let mut service = Service::start(&[
            "--tls-listen",
            "127.0.0.1:0",
            "--tls-certificate",
            &certificate_file,
            "--tls-key",
            &key,
            "--tls-client-ca",
            &authority,
            "--tls-client-certificate",
            how,
        ]);
        let (_, address) = (service.address(""), service.address("TLS "));
        assert!(greets(&connector(&server, Some(&client)), address).await, "{how}: a good certificate");
        assert_eq!(greets(&connector(&server, None), address).await, is_let_in, "{how}: no certificate");
        assert!(!greets(&connector(&server, Some(&stranger)), address).await, "{how}: a stranger's certificate");
        let line = service.log_line("TLS handshake failed");
        assert!(line.contains("127.0.0.1:"), "{line}");
    }
}

/// Whether the broker answers the protocol header with `connection.start`.
async fn greets(connector: &TlsConnector, address: SocketAddr) -> bool {
    let Ok(mut stream) = encrypted(connector, address).await else { return false };
    let mut start = [0; 11];
    let said = stream.write_all(b"AMQP\x00\x00\x09\x01").await;
    // Method frame, channel 0, its size, connection.start.
    said.is_ok() && stream.read_exact(&mut start).await.is_ok() && start[0] == 1 && start[7..] == [0, 10, 0, 10]
}

#[tokio::test]
async fn one_who_does_not_speak_tls_is_sent_away_and_others_notice_nothing() {
    let (certified, certificate, key) = certificate("patient-server");
    let mut service =
        Service::start(&["--tls-listen", "127.0.0.1:0", "--tls-certificate", &certificate, "--tls-key", &key]);
    let (_, address) = (service.address(""), service.address("TLS "));
    // What comes back is a TLS alert: 0x15.
    assert!(exchange(address, "AMQP\0\0\t\u{1}").starts_with('\u{15}'));
    assert!(greets(&connector(&certified, None), address).await);
}

#[tokio::test]
async fn a_certificate_is_renewed_without_a_restart() {
    let (old, certificate_file, key) = certificate("renewed");
    let mut service =
        Service::start(&["--tls-listen", "127.0.0.1:0", "--tls-certificate", &certificate_file, "--tls-key", &key]);
    let (_, address) = (service.address(""), service.address("TLS "));
    assert!(greets(&connector(&old, None), address).await);

    let (new, _, _) = certificate("renewed");
    service.signal("HUP");
    service.log_line("read again");
    assert!(greets(&connector(&new, None), address).await);
    assert!(!greets(&connector(&old, None), address).await, "who trusts the old one only");

    file("renewed.key", "no key");
    service.signal("HUP");
    let line = service.log_line("stay as they were");
    assert!(line.contains("tls.key") && line.contains("renewed.key"), "{line}");
    assert!(greets(&connector(&new, None), address).await);
}

#[test]
fn a_key_that_is_another_certificates_is_refused_by_name() {
    let (_, certificate_file, _) = certificate("one");
    let (_, _, key) = certificate("other");
    let flags = ["serve", "--tls-listen", "127.0.0.1:0", "--tls-certificate", &certificate_file, "--tls-key", &key];
    assert_refused(&handoff(&flags, ""), &["--tls-key", "the private key of tls.certificate", "other.key"]);
    let flags = ["serve", "--tls-listen", "127.0.0.1:0", "--tls-certificate", &key, "--tls-key", &key];
    assert_refused(&handoff(&flags, ""), &["--tls-certificate", "certificates in PEM", "none in there"]);
}
