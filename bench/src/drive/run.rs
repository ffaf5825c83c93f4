//! What all runs have in common: connect, measure, and an end whatever happens.

use futures_util::future::try_join_all;

use super::consuming::consume;
use super::figures::{Figures, Reading};
use super::load::Load;
use super::patience::{drain, within};
use super::producing::produce;
use super::session::{Lane, Phase, Session};
use crate::process::Process;
use crate::target::{Consumer, Producer, Target, TargetError};

/// Connects the consumers of a load.
pub(crate) async fn connect_consumers(target: &dyn Target, load: &Load) -> Result<Vec<Box<dyn Consumer>>, TargetError> {
    try_join_all((0..load.consumers).map(|_| within(target.consumer(load.limits.prefetch)))).await
}

/// Connects so many producers.
pub(crate) async fn connect_producers(
    target: &dyn Target,
    count: usize,
) -> Result<Vec<Box<dyn Producer>>, TargetError> {
    try_join_all((0..count).map(|_| within(target.producer()))).await
}

/// All producers of a run, each in its lane.
pub(crate) async fn produce_all(session: &Session, producers: Vec<Box<dyn Producer>>) -> Result<(), TargetError> {
    try_join_all(producers.into_iter().enumerate().map(|(number, it)| produce(session, number, it))).await.map(drop)
}

/// All consumers of a run, which take and acknowledge.
pub(crate) async fn consume_all(session: &Session, consumers: Vec<Box<dyn Consumer>>) -> Result<(), TargetError> {
    try_join_all(consumers.into_iter().enumerate().map(|(number, it)| consume(session, number, it))).await.map(drop)
}

/// The process of a target, if it has one on this machine.
pub(crate) fn process_of(target: &dyn Target) -> Option<Process> {
    target.listens_on().and_then(Process::listening_on)
}

/// Drives all parts of a run until each has ended. Whoever fails ends the run: no figure comes from half of it, and the
/// error says how far it had got. Who has not ended when all the others have, and the target has had time to answer, is
/// not waited for.
pub(crate) async fn play<T>(
    session: &Session,
    parts: impl Future<Output = Result<T, TargetError>>,
) -> Result<T, TargetError> {
    let overtime = async {
        session.reached(Phase::Over).await;
        tokio::time::sleep(session.load.limits.silence).await;
    };
    let played = tokio::select! {
        biased;
        played = parts => played,
        () = overtime => Err(TargetError::died("it does not take what is written")),
    };
    played.map_err(|error| error.half_way(known(session)))
}

fn known(session: &Session) -> String {
    let [sent, confirmed, arrived] = [Lane::sent, Lane::confirmed, Lane::arrived].map(|count| session.total(count));
    let elapsed_s = session.now_ns() as f64 / 1e9;
    format!("after {elapsed_s:.1} s: {sent} sent, {confirmed} confirmed, {arrived} arrived")
}

/// Leads a run through its phases and takes its figures: warm up, measure, drain, judge.
pub(crate) async fn conduct(session: &Session, process: Option<Process>) -> Result<Figures, TargetError> {
    let figures = measure(session, process).await;
    session.enter(Phase::Draining);
    drain(session).await?;
    session.enter(Phase::Over);
    Ok(figures.audited(session))
}

/// Warms up, then measures what arrives.
pub(crate) async fn measure(session: &Session, process: Option<Process>) -> Figures {
    tokio::time::sleep(session.load.warm_up).await;
    if let Some(process) = process {
        process.forget_peak();
    }
    session.begin_measuring();
    let before = Reading::take(session, process);
    tokio::time::sleep(session.load.measured).await;
    session.end_measuring();
    let after = Reading::take(session, process);
    after.since(&before, |reading| reading.arrived).held_to(&session.load, after.outstanding())
}
