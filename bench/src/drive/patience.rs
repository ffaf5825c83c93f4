//! Waiting, always with a limit.

use std::time::{Duration, Instant};

use super::session::{Lane, Session};
use crate::process::Process;
use crate::target::TargetError;

/// How long a target may take to connect, or to make or delete a queue, in seconds.
const ANSWER_LIMIT_S: u64 = 60;
/// How long filling or draining may take in all, in seconds.
const LONGEST_S: u64 = 600;
/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Done,
    /// Nothing happened any more.
    Quiet,
    /// Something still happened, after [`LONGEST_S`].
    TooLong,
}

/// Waits for an answer.
pub(crate) async fn within<T>(answer: impl Future<Output = Result<T, TargetError>>) -> Result<T, TargetError> {
    let limited = tokio::time::timeout(Duration::from_secs(ANSWER_LIMIT_S), answer).await;
    limited.unwrap_or(Err(TargetError::Silent(ANSWER_LIMIT_S)))
}

/// Waits until everything that was sent is confirmed and has arrived, or nothing comes any more: then what has not
/// arrived is lost.
pub(crate) async fn drain(session: &Session) -> Result<(), TargetError> {
    let is_confirmed = || session.total(Lane::confirmed) == session.total(Lane::sent);
    match wait(session, |session| session.is_drained()).await {
        Waited::Quiet if !is_confirmed() => Err(silent(session)),
        Waited::Done | Waited::Quiet => Ok(()),
        Waited::TooLong => Err(TargetError::died(format_args!("not drained after {LONGEST_S} s"))),
    }
}

/// Waits until so many messages are confirmed.
pub(crate) async fn wait_for_confirms(session: &Session, count: u64) -> Result<(), TargetError> {
    match wait(session, |session| session.total(Lane::confirmed) >= count).await {
        Waited::Done => Ok(()),
        Waited::Quiet => Err(silent(session)),
        Waited::TooLong => Err(TargetError::died(format_args!("not filled after {LONGEST_S} s"))),
    }
}

fn silent(session: &Session) -> TargetError {
    TargetError::Silent(session.load.limits.silence.as_secs().max(1))
}

async fn wait(session: &Session, is_done: impl Fn(&Session) -> bool) -> Waited {
    let progress = || {
        let owed = session.record().audit.owed();
        (session.total(Lane::sent), session.total(Lane::confirmed), session.total(Lane::arrived), owed)
    };
    let begun = Instant::now();
    let (mut last, mut changed) = (progress(), begun);
    while !is_done(session) {
        let now = Instant::now();
        if last != progress() {
            (last, changed) = (progress(), now);
        }
        if now - changed >= session.load.limits.silence {
            return Waited::Quiet;
        }
        if now - begun >= Duration::from_secs(LONGEST_S) {
            return Waited::TooLong;
        }
        tokio::time::sleep(LOOK).await;
    }
    Waited::Done
}

/// Resident memory of a process when it has stopped giving any back: when a second has brought no less, or after ten.
pub(crate) async fn settled_bytes(process: Option<Process>) -> Option<u64> {
    const CALM: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_secs(10);
    let begun = Instant::now();
    let (mut least, mut changed) = (process?.resident_bytes()?, begun);
    while changed.elapsed() < CALM && begun.elapsed() < LONGEST {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = process?.resident_bytes()?;
        // A hundredth less is still on its way down; anything smaller is not.
        if now < least - least / 100 {
            changed = Instant::now();
        }
        least = least.min(now);
    }
    Some(least)
}
