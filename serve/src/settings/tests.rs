//! Settings as they are written, and what is wrong with them.

use std::net::IpAddr;

use handoff_broker::access::Login;

use super::*;
use crate::password::PasswordHash;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn parsed(text: &str) -> Settings {
    document::parse("test.toml", text).expect("settings")
}

/// The one line that says what is wrong with `text`.
fn problem(text: &str) -> String {
    let line = match document::parse::<Settings>("test.toml", text) {
        Err(error) => error.to_string(),
        Ok(settings) => match settings.check() {
            Ok(_) => panic!("nothing is wrong with {text}"),
            Err(invalid) => invalid.in_file("test.toml").to_string(),
        },
    };
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

fn user(name: &str, password: &str) -> String {
    let hash = PasswordHash::of(password.as_bytes()).expect("random bytes");
    format!("[[user]]\nname = '{name}'\npassword_hash = '{hash}'\n")
}

fn login(user: &str, password: &str) -> Login {
    Login { user: user.to_owned(), password: password.as_bytes().to_vec() }
}

#[test]
fn an_empty_file_is_the_defaults_and_guest_is_let_in_from_here() {
    let settings = parsed("");
    assert_eq!(settings, Settings::default());
    let checked = settings.check().expect("good settings");
    assert!(checked.http.is_none() && checked.tls.is_none() && checked.log.is_none());
    assert!(checked.listen.iter().all(|address| address.ip().is_loopback()));
    let access = &checked.options.settings.access;
    assert_eq!(access.log_in(&login("guest", "guest"), LOOPBACK), Ok(()));
    assert!(access.log_in(&login("guest", "guest"), IpAddr::from([192, 0, 2, 1])).is_err());
    assert!(checked.monitors.contains("guest"));
}

#[test]
fn who_is_named_is_let_in_and_guest_is_gone() {
    let text = user("ada", "secret")
        + "monitoring = true\n[[user.permission]]\nvirtual_host = 'work'\nread = '^jobs'\n"
        + &user("bob", "other");
    let checked = parsed(&("virtual_hosts = ['/', 'work']\n".to_owned() + &text)).check().expect("good settings");
    let access = &checked.options.settings.access;
    assert_eq!(access.log_in(&login("ada", "secret"), IpAddr::from([192, 0, 2, 1])), Ok(()));
    for (name, password) in [("ada", "other"), ("bob", "secret"), ("guest", "guest"), ("", "")] {
        assert!(access.log_in(&login(name, password), LOOPBACK).is_err(), "{name} {password}");
    }
    assert!(access.open("ada", "work").is_ok());
    assert!(access.open("ada", "/").is_err() && access.open("bob", "/").is_err());
    assert_eq!(checked.monitors, ["ada".to_owned()].into());
}

#[test]
fn whatever_is_wrong_is_told_by_key_and_expectation() {
    let ada = user("ada", "secret");
    let cases = [
        ("listen = 5672".to_owned(), vec!["line 1", "listen"]),
        ("listen = ['nowhere']".to_owned(), vec!["line 1", "listen[0]", "socket address"]),
        ("listen = []".to_owned(), vec!["listen", "at least one address"]),
        ("color = 'red'".to_owned(), vec!["color", "unknown field"]),
        ("[limits]\nframe_max_bytes = 100".to_owned(), vec!["limits.frame_max_bytes", "at least 4096", "100"]),
        ("[limits]\nconnections = 0".to_owned(), vec!["limits.connections", "at least 1"]),
        ("[limits]\nmemory_watermark_bytes = -1".to_owned(), vec!["line 2", "limits.memory_watermark_bytes"]),
        ("[log]\npartitions = 0".to_owned(), vec!["log.partitions", "1 to 10000"]),
        ("[log]\nretention_bytes = -1".to_owned(), vec!["line 2", "log.retention_bytes"]),
        ("log_format = 'xml'".to_owned(), vec!["log_format", "text", "json"]),
        ("virtual_hosts = ['a', 'a']".to_owned(), vec!["virtual_hosts", "each once"]),
        ("[[user]]\nname = 'ada'".to_owned(), vec!["user[0]", "password_hash"]),
        (ada.clone() + &user("ada", "x"), vec!["user[1].name", "no other user", "ada"]),
        (ada.clone() + "[[user.permission]]\nvirtual_host = 'x'", vec!["user[0].permission[0].virtual_host", "'x'"]),
        (ada + "[[user.permission]]\nread = '('", vec!["user[0].permission[0].read", "regular expression", "'('"]),
        ("[tls]\nlisten = ['127.0.0.1:0']\ncertificate = 'a.pem'".to_owned(), vec!["tls", "key"]),
    ];
    for (text, words) in cases {
        let line = problem(&text);
        for word in ["test.toml: "].into_iter().chain(words) {
            assert!(line.contains(word), "{word:?} is not in {line:?}");
        }
    }
}

#[test]
fn a_password_in_the_place_of_its_hash_is_refused_and_not_repeated() {
    let line = problem("[[user]]\nname = 'ada'\npassword_hash = 'open sesame'");
    assert!(line.contains("user[0].password_hash") && line.contains("handoff hash-password"), "{line}");
    assert!(!line.contains("sesame"), "{line}");
}

/// A file of the workspace.
fn workspace_file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).expect("a file")
}

#[test]
fn the_settings_that_are_shown_can_be_used() {
    let manual = workspace_file("docs/operating.md");
    let mut examples = manual.split("```toml").skip(1).filter_map(|rest| rest.split("```").next());
    let example = examples.next().expect("an example in the manual");
    let checked = parsed(example).check().expect("good settings");
    let (_, orders) = checked.options.settings.access.open("orders", "billing").expect("it may");
    let may_write = |name| orders.allow(handoff_broker::access::Permission::Write, name);
    assert!(may_write("orders.new") && may_write("amq.default") && !may_write("amq.topic"));
    assert_eq!(checked.monitors, ["prometheus".to_owned()].into());

    let deployed = workspace_file("deploy/handoff.toml");
    parsed(&deployed).check().expect("good settings");
    // What is shown there as a comment can be used, too, as soon as there are a hash and certificates.
    let shown: Vec<&str> = deployed.lines().map(|line| line.strip_prefix("# ").unwrap_or(line)).collect();
    let start = shown.iter().position(|line| *line == "[[user]]").expect("a user");
    let settings = parsed(&shown[start..].join("\n"));
    assert_eq!((settings.users.len(), settings.tls.is_some()), (1, true));
}

#[test]
fn every_key_is_in_the_manual() {
    let manual = workspace_file("docs/operating.md");
    for shown in [format!("{:?}", Settings::default()), format!("{:?}", Permission::default())] {
        for key in shown.split(['{', ',', '(']).filter_map(|part| part.trim().split_once(": ")).map(|(key, _)| key) {
            let written = match key {
                "users" => "[[user]]",
                key => key,
            };
            assert!(manual.contains(written), "docs/operating.md does not know {key}");
        }
    }
}
