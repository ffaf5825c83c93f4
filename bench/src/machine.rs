//! What was measured on: figures mean little without it.

use std::fs;
use std::thread;

use serde::{Deserialize, Serialize};

/// A machine, as far as it tells; `unknown` where it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's model name.
    pub cpu: String,
    /// Logical processors that this process may use.
    pub cores: u32,
    /// Main memory.
    pub memory_bytes: u64,
    /// The operating system.
    pub os: String,
    /// The kernel's release.
    pub kernel: String,
}

impl Machine {
    /// The one that this runs on.
    pub fn this() -> Self {
        Machine {
            cpu: value("/proc/cpuinfo", "model name", ':').unwrap_or_else(unknown),
            cores: thread::available_parallelism().map_or(0, |cores| cores.get() as u32),
            memory_bytes: memory_bytes().unwrap_or_default(),
            os: value("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned()),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
                .map_or_else(|_| unknown(), |text| text.trim().into()),
        }
    }
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
