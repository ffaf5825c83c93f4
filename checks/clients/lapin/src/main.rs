//! Runs the checks with lapin. Reads a task in JSON from standard input; prints a line of JSON for each check.
//!
//! The task is `{"target": {"url", "tls", ...}, "known": [names], "selected": [names]}`.

mod checks;
mod session;

use std::io::Write;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use session::Session;

const CHECK_TIMEOUT: Duration = Duration::from_secs(30);
const END_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // A check that fails panics: its outcome is a line of JSON, not a message here.
    std::panic::set_hook(Box::new(|_| {}));
    let task: Value = serde_json::from_reader(std::io::stdin()).expect("a task in JSON");
    let url = task["target"]["url"].as_str().expect("a URL");
    for name in names(&task["selected"]) {
        say(&name, outcome(&name, url).await);
    }
    let known = names(&task["known"]);
    for (name, _) in checks::ALL {
        if !known.iter().any(|known| known == name) {
            say(name, Some("it is in no list of names".into()));
        }
    }
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|name| Some(name.as_str()?.to_owned())).collect()
}

fn say(name: &str, error: Option<String>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", json!({"check": name, "error": error}))
        .and_then(|()| out.flush())
        .expect("somebody who listens");
}

/// Runs one check; `None` when it holds, otherwise what is wrong.
async fn outcome(name: &str, url: &str) -> Option<String> {
    let Some((_, check)) = checks::ALL.iter().find(|(known, _)| *known == name) else {
        return Some("this client has no such check".into());
    };
    let session = Session::new(url);
    let failed = failure(CHECK_TIMEOUT, check(session.clone())).await;
    let left_behind = failure(END_TIMEOUT, session.end()).await;
    failed.or(left_behind)
}

/// What went wrong, if anything did: an error, a panic, or no answer.
async fn failure(limit: Duration, action: impl Future<Output = session::Outcome>) -> Option<String> {
    let action = std::panic::AssertUnwindSafe(action).catch_unwind();
    match timeout(limit, action).await {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(error))) => Some(error.to_string()),
        Ok(Err(panic)) => Some(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it panicked".into())),
        Err(_) => Some("no answer in time".into()),
    }
}
