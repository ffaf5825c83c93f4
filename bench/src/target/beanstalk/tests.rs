//! The driver against a server that says what it is told to.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const GREETING: &str = "use handoff-bench\r\nwatch handoff-bench\r\nignore default\r\n";
const WELCOME: &str = "USING handoff-bench\r\nWATCHING 2\r\nWATCHING 1\r\n";

/// A server for one connection.
struct Server {
    listener: TcpListener,
}

/// The server's end of a connection.
struct Peer(TcpStream);

impl Server {
    async fn start() -> (Server, Beanstalk) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        (Server { listener }, Beanstalk { address })
    }

    /// Takes a connection and answers its greeting.
    async fn welcome(&self) -> Peer {
        let mut peer = Peer(self.listener.accept().await.expect("a client").0);
        peer.answer(GREETING, WELCOME).await;
        peer
    }
}

impl Peer {
    /// Waits for exactly these commands and answers.
    async fn answer(&mut self, commands: &str, answer: &str) {
        let mut came = vec![0; commands.len()];
        self.0.read_exact(&mut came).await.expect("commands");
        assert_eq!(String::from_utf8_lossy(&came), commands);
        self.0.write_all(answer.as_bytes()).await.expect("an open connection");
    }
}

async fn producer(server: &Server, target: &Beanstalk) -> (Box<dyn Producer>, Peer) {
    let (producer, peer) = tokio::join!(target.producer(), server.welcome());
    (producer.expect("a producer"), peer)
}

async fn consumer(server: &Server, target: &Beanstalk) -> (Box<dyn Consumer>, Peer) {
    let (consumer, peer) = tokio::join!(target.consumer(4), server.welcome());
    (consumer.expect("a consumer"), peer)
}

/// What the consumer is given next.
async fn received(consumer: &mut dyn Consumer) -> Vec<String> {
    let mut bodies = Vec::new();
    let mut take = |body: &[u8]| bodies.push(String::from_utf8_lossy(body).into_owned());
    consumer.receive(&mut take).await.expect("messages");
    bodies
}

#[tokio::test]
async fn a_batch_goes_out_whole_and_each_put_is_confirmed() {
    let (server, target) = Server::start().await;
    let (mut producer, mut peer) = producer(&server, &target).await;
    producer.send(&[b"one".to_vec(), b"\r\n".to_vec()]).await.expect("sent");
    peer.answer("put 0 0 86400 3\r\none\r\nput 0 0 86400 2\r\n\r\n\r\n", "INSERTED 1\r\nINSERTED 2\r\n").await;
    let mut confirmed = 0;
    while confirmed < 2 {
        confirmed += producer.confirmed().await.expect("confirms");
    }
    assert_eq!(confirmed, 2);
}

#[tokio::test]
async fn jobs_are_deleted_and_more_are_asked_for_in_one_go() {
    let (server, target) = Server::start().await;
    let (mut consumer, mut peer) = consumer(&server, &target).await;
    let (bodies, ()) = tokio::join!(received(&mut *consumer), peer.answer("reserve\r\n", "RESERVED 5 1\r\na\r\n"));
    assert_eq!(bodies, ["a"]);
    consumer.acknowledge().await.expect("acknowledged");
    let answer = "DELETED\r\nRESERVED 6 1\r\nb\r\nTIMED_OUT\r\n";
    peer.answer("delete 5\r\nreserve\r\nreserve-with-timeout 0\r\n", answer).await;
    assert_eq!(received(&mut *consumer).await, ["b"]);
}

#[tokio::test]
async fn a_receive_that_is_given_up_loses_nothing() {
    let (server, target) = Server::start().await;
    let (mut consumer, mut peer) = consumer(&server, &target).await;
    tokio::select! {
        biased;
        bodies = received(&mut *consumer) => panic!("{bodies:?} from nowhere"),
        () = peer.answer("reserve\r\n", "RESERVED 5 3\r\na") => {}
    }
    peer.answer("", "bc\r\n").await;
    assert_eq!(received(&mut *consumer).await, ["abc"]);
}

#[tokio::test]
async fn what_is_rejected_is_buried_and_taken_from_there() {
    let (server, target) = Server::start().await;
    let (mut rejecting, mut peer) = consumer(&server, &target).await;
    let ((), _) = tokio::join!(peer.answer("reserve\r\n", "RESERVED 5 1\r\na\r\n"), received(&mut *rejecting));
    rejecting.reject().await.expect("rejected");
    peer.answer("bury 5 0\r\nreserve\r\n", "BURIED\r\n").await;

    let (taking, mut peer) = tokio::join!(target.dead_letter_consumer(4), server.welcome());
    let mut taking = taking.expect("a consumer");
    let digging = async {
        peer.answer("peek-buried\r\n", "NOT_FOUND\r\n").await;
        peer.answer("peek-buried\r\n", "FOUND 5 1\r\na\r\n").await;
    };
    let (bodies, ()) = tokio::join!(received(&mut *taking), digging);
    assert_eq!(bodies, ["a"]);
    taking.acknowledge().await.expect("acknowledged");
    peer.answer("delete 5\r\npeek-buried\r\n", "DELETED\r\nFOUND 6 1\r\nb\r\n").await;
    assert_eq!(received(&mut *taking).await, ["b"]);
}

#[tokio::test]
async fn a_server_that_goes_away_or_refuses_is_an_error() {
    let (server, target) = Server::start().await;
    let (mut sender, mut peer) = producer(&server, &target).await;
    sender.send(&[b"x".to_vec()]).await.expect("sent");
    peer.answer("put 0 0 86400 1\r\nx\r\n", "JOB_TOO_BIG\r\n").await;
    assert!(matches!(sender.confirmed().await, Err(TargetError::Refused(text)) if text == "JOB_TOO_BIG"));

    let (mut taker, peer) = consumer(&server, &target).await;
    drop(peer);
    let died = taker.receive(&mut |_| {}).await;
    assert!(matches!(died, Err(TargetError::Died(_))), "{died:?}");

    drop(server);
    assert!(matches!(target.producer().await, Err(TargetError::Down { .. })));
}

#[test]
fn what_it_is_stands_in_its_statistics() {
    let text = "---\npid: 2302\nversion: \"1.12\"\nbinlog-current-index: 0\n";
    assert_eq!(about(text).version, "beanstalkd 1.12");
    assert!(about(text).durability.contains("in memory"));
    assert!(about(&text.replace("index: 0", "index: 3")).durability.contains("binlog"));
}
