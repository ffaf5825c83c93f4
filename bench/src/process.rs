//! What a process on this machine has used: processor time and memory, as Linux tells it in /proc.
//!
//! A target's process is found by the port that it listens on, however it was started.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// Ticks of the processor-time counters in a second: what Linux has on every machine (`getconf CLK_TCK`).
const TICKS_PER_S: u64 = 100;

/// A process, and its children as far as they are in the same place: brokers that fork are counted with what they fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(u32);

impl Process {
    /// The one that runs this.
    pub fn this() -> Self {
        Process(std::process::id())
    }

    /// The process with this number.
    pub fn with_id(id: u32) -> Self {
        Process(id)
    }

    /// The process that listens on a TCP port of this machine; `None` if there is none, if it is another user's, or if
    /// this is no Linux.
    pub fn listening_on(address: SocketAddr) -> Option<Self> {
        let socket = listening_socket(address.port())?;
        let wanted = format!("socket:[{socket}]");
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        ids.find(|id| has_open(*id, &wanted)).map(Process)
    }

    /// Processor time used so far, by all its threads.
    pub fn cpu(self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name stands in parentheses and may contain anything; user and system time are the 12th and 13th after it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        Some(Duration::from_millis(ticks * 1_000 / TICKS_PER_S))
    }

    /// Resident memory now, in bytes.
    pub fn resident_bytes(self) -> Option<u64> {
        self.status_kib("VmRSS:").map(|kib| kib * 1024)
    }

    /// The most memory that was resident since [`forget_peak`](Process::forget_peak), in bytes.
    pub fn peak_resident_bytes(self) -> Option<u64> {
        self.status_kib("VmHWM:").map(|kib| kib * 1024)
    }

    /// Begins to look for the peak anew. Where that is not allowed, the peak stays that of its whole life.
    pub fn forget_peak(self) {
        // Nothing to be done if it is not allowed.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.0), "5");
    }

    fn status_kib(self, key: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

/// The inode of the socket that listens on a port.
fn listening_socket(port: u16) -> Option<u64> {
    const LISTEN: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().filter_map(|path| fs::read_to_string(path).ok());
    let wanted = format!(":{port:04X}");
    tables.into_iter().find_map(|table| {
        table.lines().find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let is_it = fields.get(1)?.ends_with(&wanted) && *fields.get(3)? == LISTEN;
            is_it.then(|| fields.get(9)?.parse().ok()).flatten()
        })
    })
}

fn has_open(process: u32, wanted: &str) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|link| link == Path::new(wanted)))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn this_process_is_found_by_its_port_and_uses_memory() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let found = Process::listening_on(address).expect("somebody listens");
        assert_eq!(found, Process::this());
        assert!(found.cpu().is_some());
        let (now, peak) = (found.resident_bytes().expect("memory"), found.peak_resident_bytes().expect("a peak"));
        assert!(now > 100_000 && peak >= 100_000, "{now} {peak}");
        drop(listener);
        assert_eq!(Process::listening_on(address), None);
    }
}
