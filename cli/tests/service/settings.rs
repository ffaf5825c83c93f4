//! Settings from flags and from a file, and who they let in.

use std::net::TcpListener;

use handoff_broker::core::QueueOptions;

use super::process::{Service, assert_refused, connect, file, handoff, text};

fn hashed(password: &str) -> String {
    let output = handoff(&["hash-password"], &format!("{password}\n"));
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

#[test]
fn a_bad_file_is_told_by_file_key_and_expectation() {
    let refused = |name: &str, content: &str, words: &[&str]| {
        let path = file(name, content);
        let output = handoff(&["serve", "--config", text(&path), "--listen", "127.0.0.1:0"], "");
        assert_refused(&output, &[&[name], words].concat());
    };
    refused("no-toml.toml", "listen = ", &["line 1", "listen"]);
    refused("unknown-key.toml", "colour = 'red'", &["colour", "expected one of"]);
    refused("limit.toml", "[limits]\nchannel_max = 0", &["limits.channel_max", "at least 1", "got 0"]);
    refused("secret.toml", "[[user]]\nname='a'\npassword_hash='b'", &["user[0].password_hash", "hash-password"]);
    let tls = "[tls]\nlisten = ['127.0.0.1:0']\ncertificate = 'no-such.pem'\nkey = 'no-such.key'";
    refused("tls.toml", tls, &["tls.certificate", "readable file", "service/no-such.pem"]);
    let output = handoff(&["serve", "--config", "no-such-file.toml"], "");
    assert_refused(&output, &["no-such-file.toml", "readable"]);
}

#[test]
fn a_bad_flag_is_told_by_its_name_though_there_is_a_file() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let path = file("good.toml", "heartbeat_s = 5");
    let refused = |arguments: &[&str], words: &[&str]| {
        assert_refused(&handoff(&[&["serve", "--config", text(&path)], arguments].concat(), ""), words);
    };
    refused(&["--listen", &address], &["--listen", "an address to listen on", &address]);
    refused(&["--listen", "127.0.0.1:0", "--memory-watermark", "1"], &["--memory-watermark", "at least"]);
    refused(&["--tls-listen", "127.0.0.1:0"], &["--tls-listen", "--tls-certificate", "--tls-key"]);
    refused(&["--log-format", "xml"], &["--log-format", "text", "json"]);
}

#[test]
fn a_password_comes_from_stdin_and_is_hashed_with_a_salt() {
    assert_refused(&handoff(&["hash-password"], ""), &["stdin", "a password"]);
    assert_refused(&handoff(&["hash-password"], "\n"), &["stdin", "a password"]);
    assert_ne!(hashed("secret"), hashed("secret"));
}

#[tokio::test]
async fn those_who_are_named_are_let_in_and_may_do_what_they_are_permitted() {
    let settings = format!(
        "listen = ['192.0.2.1:1']\nvirtual_hosts = ['/', 'work']\n\
         [[user]]\nname = 'ada'\npassword_hash = '{}'\n\
         [[user.permission]]\nvirtual_host = 'work'\nconfigure = '^jobs$'\nwrite = '.*'\nread = '.*'\n",
        hashed("secret")
    );
    // The address in the file cannot be listened on: the flag that the service is started with wins over it.
    let mut service = Service::start(&["--config", text(&file("users.toml", &settings))]);
    let address = service.address("");

    let ada = connect(address, "ada", "secret", "work").await.expect("ada is let in");
    let channel = ada.open_channel().await.expect("a channel");
    channel.declare_queue("jobs", &QueueOptions::default()).await.expect("permitted");
    let refused = channel.declare_queue("other", &QueueOptions::default()).await.expect_err("not permitted");
    assert!(refused.to_string().contains("ACCESS_REFUSED"), "{refused}");
    let opened = service.log_line("connection opened");
    for part in [r#""user":"ada""#, r#""virtual_host":"work""#, r#""peer":"127.0.0.1:"#] {
        assert!(opened.contains(part), "{opened}");
    }

    assert!(connect(address, "ada", "secret", "/").await.is_err(), "no permissions there");
    assert!(connect(address, "ada", "guess", "work").await.is_err());
    let line = service.log_line("login refused");
    assert!(line.contains(r#""user":"ada""#) && line.contains(r#""level":"WARN""#), "{line}");
    assert!(!line.contains("guess"), "{line}");
    assert!(connect(address, "guest", "guest", "/").await.is_err(), "users are named, so guest is gone");
}
