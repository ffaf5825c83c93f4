//! What the results were made on: figures mean little without it.

use std::fs;
use std::process::Command;
use std::thread;

use handoff_reports::model::{GeneratedBy, Machine};

/// This machine, as far as it tells; `unknown` where it does not.
pub fn describe() -> Machine {
    Machine {
        cpu: value("/proc/cpuinfo", "model name", ':').unwrap_or_else(unknown),
        cores: thread::available_parallelism().map_or(0, |cores| cores.get() as u32),
        memory_bytes: memory_bytes().unwrap_or_default(),
        os: value("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned()),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease").map_or_else(|_| unknown(), |text| text.trim().into()),
    }
}

/// This program, and the command that makes the results again.
pub fn generated_by(command: String) -> GeneratedBy {
    GeneratedBy { version: env!("CARGO_PKG_VERSION").into(), commit: commit(), command }
}

/// The commit of the work tree that the command was started in, if it is one of ours and git is there.
fn commit() -> Option<String> {
    let described = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output().ok()?;
    let text = String::from_utf8(described.stdout).ok()?;
    (described.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

fn memory_bytes() -> Option<u64> {
    let text = value("/proc/meminfo", "MemTotal", ':')?;
    let kibibytes: u64 = text.trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The value of the first line of `path` that begins with `key`.
fn value(path: &str, key: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    let (_, value) = line.split_once(separator)?;
    Some(value.trim().trim_matches('"').to_owned())
}

fn unknown() -> String {
    "unknown".into()
}
