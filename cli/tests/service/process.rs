//! A broker in a process of its own, and files for it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};

use handoff_broker::TokioRuntime;
use handoff_broker::client::{ClientError, Connection, ConnectionOptions};

/// A running `handoff serve`. It is killed when this is dropped.
pub struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Service {
    /// Starts it on free ports of the loopback interface; JSON logs are on.
    pub fn start(arguments: &[&str]) -> Service {
        let mut child = Command::new(env!("CARGO_BIN_EXE_handoff"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(arguments)
            .env_remove("HANDOFF_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command can be started");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        Service { child, stdout, stderr }
    }

    /// The address on the next line that says where it listens.
    pub fn address(&mut self, prefix: &str) -> SocketAddr {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix(prefix).and_then(|rest| rest.strip_prefix("listening on "));
        address.unwrap_or_else(|| panic!("{prefix:?}: {line:?}")).parse().expect("an address")
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(kill.expect("kill can be started").success());
    }

    /// The next line of the log that contains `text`.
    pub fn log_line(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            let read_bytes = self.stderr.read_line(&mut line).expect("a line");
            assert!(read_bytes > 0, "the log ends without {text:?}");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for its end; the rest of the log.
    pub fn wait(&mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).expect("text");
        (self.child.wait().expect("it ends"), log)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Connects as `user`.
pub async fn connect(address: SocketAddr, user: &str, password: &str, host: &str) -> Result<Connection, ClientError> {
    let options = ConnectionOptions {
        user: user.into(),
        password: password.into(),
        virtual_host: host.into(),
        ..ConnectionOptions::default()
    };
    Connection::open(&TokioRuntime::new(), address, &options).await
}

/// Connects as everybody can.
pub async fn guest(address: SocketAddr) -> Connection {
    connect(address, "guest", "guest", "/").await.expect("guest is let in")
}

/// A command that ends by itself, with this on its stdin.
pub fn handoff(arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_handoff"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be started");
    child.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).expect("it reads, or the pipe takes it");
    child.wait_with_output().expect("it ends")
}

/// Bad input: exit status 2, nothing on stdout, and one line with these words.
pub fn assert_refused(output: &Output, words: &[&str]) {
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), &*stdout), (Some(2), ""), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} is not in {stderr:?}");
    }
}

/// A file in a folder of these tests' own.
pub fn file(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("service");
    std::fs::create_dir_all(&folder).expect("a folder in the target folder");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a file in the target folder");
    path
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("the target folder has a name in UTF-8")
}

/// Sends bytes and reads the answer to its end.
pub fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.write_all(request.as_bytes()).expect("it is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}
