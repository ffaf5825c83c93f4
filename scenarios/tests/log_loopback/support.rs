//! A log server on a free loopback port, for the tests of its client and its wire.

use std::future::Future;
use std::time::Duration;

use handoff_broker::{Runtime, TokioRuntime};
use handoff_scenarios::log::{
    BrokerOptions, Consumer, ConsumerOptions, LogServer, OffsetReset, Producer, ProducerOptions, ServerOptions,
    TopicPartition, serve,
};

/// Long enough for anything on loopback; whoever waits longer hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test that must not hang.
pub fn run(test: impl Future<Output = ()>) {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let runtime = TokioRuntime::new();
    tokio.block_on(async {
        let deadline = runtime.now() + PATIENCE;
        let mut test = std::pin::pin!(test);
        tokio::select! {
            biased;
            () = &mut test => {}
            () = runtime.sleep_until(deadline) => panic!("hangs"),
        }
    });
}

/// A server whose topics have two partitions.
pub async fn server() -> (TokioRuntime, LogServer) {
    server_with(ServerOptions {
        broker: BrokerOptions { partitions: 2, ..BrokerOptions::default() },
        ..ServerOptions::default()
    })
    .await
}

pub async fn server_with(options: ServerOptions) -> (TokioRuntime, LogServer) {
    let runtime = TokioRuntime::new();
    let listener = runtime.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let server = serve(&runtime, listener, options).unwrap();
    (runtime, server)
}

/// A producer that does not linger.
pub async fn producer(runtime: &TokioRuntime, server: &LogServer) -> Producer<TokioRuntime> {
    let options = ProducerOptions { linger: Duration::ZERO, ..ProducerOptions::default() };
    Producer::connect(runtime, server.address(), options).await.unwrap()
}

/// A consumer of group `g` that begins at the beginning.
pub async fn consumer(runtime: &TokioRuntime, server: &LogServer) -> Consumer<TokioRuntime> {
    let options = ConsumerOptions { group: "g".to_owned(), reset: OffsetReset::Earliest, ..ConsumerOptions::default() };
    Consumer::connect(runtime, server.address(), options).await.unwrap()
}

/// Partition 0 and 1 of topic `t`.
pub fn both() -> [TopicPartition; 2] {
    [0, 1].map(partition)
}

pub fn partition(partition: i32) -> TopicPartition {
    TopicPartition::new("t", partition)
}
