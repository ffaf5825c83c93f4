//! Simulated time.

use std::future::{Future, pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use handoff_broker::{Runtime, Timestamp};
use handoff_scenarios::Stage;
use handoff_sim::world::{WorldError, WorldOptions, run};

use crate::support::{played, us};

/// Polls `future` once.
async fn is_pending(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

#[test]
fn a_world_begins_at_the_epoch_and_sleeps_end_on_the_microsecond() {
    let times = played(WorldOptions::default(), |stage| async move {
        let runtime = stage.node("a");
        let mut times = vec![runtime.now()];
        for duration in [us(1), us(1), us(998), Duration::from_nanos(1), Duration::ZERO] {
            runtime.sleep(duration).await;
            times.push(runtime.now());
        }
        times
    });
    let expected = [0, 1_000, 2_000, 1_000_000, 1_000_001, 1_000_001].map(Timestamp::from_nanoseconds);
    assert_eq!(times, expected);
}

#[test]
fn computing_takes_no_simulated_time() {
    let elapsed = run(WorldOptions::default(), |stage| async move {
        for _ in 0..50_000 {
            tokio::task::yield_now().await;
        }
        stage.sleep(us(7)).await;
    })
    .elapsed;
    assert_eq!(elapsed, us(7));
}

#[test]
fn sleeps_of_many_tasks_end_in_the_order_of_their_deadlines() {
    let woken = played(WorldOptions::default(), |stage| async move {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        for delay in [30, 10, 50, 20, 40] {
            let (runtime, sender) = (stage.node("a"), sender.clone());
            stage.node("a").spawn(async move {
                runtime.sleep(us(delay)).await;
                let _ = sender.send((delay, runtime.now()));
            });
        }
        drop(sender);
        let mut woken = Vec::new();
        while let Some(one) = receiver.recv().await {
            woken.push(one);
        }
        woken
    });
    assert_eq!(woken, [10, 20, 30, 40, 50].map(|delay| (delay, Timestamp::EPOCH + us(delay))));
}

#[test]
fn a_dropped_sleep_leaves_nothing_behind() {
    let outcome = run(WorldOptions::default(), |stage| async move {
        for _ in 0..100_000 {
            let mut sleep = pin!(stage.sleep(Duration::from_secs(60)));
            assert!(is_pending(sleep.as_mut()).await);
        }
        pending::<()>().await;
    });
    // A timer that was left would be waited for before the world finds that nothing can happen any more.
    assert_eq!(outcome.value, Err(WorldError::Deadlock { at: Timestamp::EPOCH }));
}

#[test]
fn a_sleep_polled_by_another_task_wakes_that_task() {
    let at = played(WorldOptions::default(), |stage| async move {
        let mut sleep = Box::pin(stage.sleep(us(5)));
        assert!(is_pending(sleep.as_mut()).await);
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let runtime = stage.node("a");
        stage.node("a").spawn(async move {
            sleep.await;
            let _ = sender.send(runtime.now());
        });
        receiver.await
    });
    assert_eq!(at, Ok(Timestamp::EPOCH + us(5)));
}

#[test]
fn a_timeout_gives_up_at_its_deadline() {
    let (late, early, at) = played(WorldOptions::default(), |stage| async move {
        let runtime = stage.node("a");
        let late = runtime.timeout_at(Timestamp::EPOCH + us(10), pending::<()>()).await;
        let early = runtime.timeout_at(Timestamp::NEVER, runtime.sleep(us(1))).await;
        (late, early, runtime.now())
    });
    assert_eq!((late, early, at), (None, Some(()), Timestamp::EPOCH + us(11)));
}
