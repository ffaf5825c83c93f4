//! Our own systems under load: each in a process of its own, as everybody else's are.
//!
//! They are this very program, started again with other arguments, and end with whoever started them.

use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A process of ours that listens.
#[derive(Debug)]
pub struct Own {
    child: Child,
    /// Where it listens, in the order in which it said so.
    pub addresses: Vec<SocketAddr>,
}

impl Own {
    /// Starts this program with these arguments, and waits until it has named `listeners` addresses: each on a line of
    /// its own, the address last, after "listening on".
    ///
    /// # Errors
    /// If it cannot be started, or ends before it listens.
    pub fn start(arguments: &[&str], listeners: usize) -> io::Result<Own> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut own = Own { child: command.spawn()?, addresses: Vec::new() };
        let output = own.child.stdout.take().ok_or_else(|| io::Error::other("its output is not ours"))?;
        for line in BufReader::new(output).lines() {
            let line = line?;
            let address: Option<SocketAddr> =
                line.split_once("listening on ").and_then(|(_, address)| address.parse().ok());
            own.addresses.extend(address);
            if own.addresses.len() == listeners {
                return Ok(own);
            }
        }
        Err(io::Error::other(format!("'{}' ended before it listened", arguments.join(" "))))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // If it cannot be killed it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
