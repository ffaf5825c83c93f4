//! Plain HTTP/1.1 on any Runtime, as callers and the synchronous architecture speak it.
//!
//! No wall clock (no `Date` header) and no threads. Timeouts belong to the caller: dropping a call ends it.

mod client;
mod server;

#[cfg(test)]
mod tests;

pub use client::{CallError, Client};
pub use hyper::StatusCode;
pub use server::{Handler, serve};

use crate::journal::Answer;

/// The status that tells a caller `answer`.
pub fn status_of(answer: Answer) -> StatusCode {
    match answer {
        Answer::Done => StatusCode::OK,
        Answer::Accepted => StatusCode::ACCEPTED,
        Answer::Rejected => StatusCode::SERVICE_UNAVAILABLE,
        Answer::Failed => StatusCode::BAD_GATEWAY,
        Answer::TimedOut => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// What `status` tells a caller.
pub fn answer_of(status: StatusCode) -> Answer {
    match status {
        StatusCode::OK => Answer::Done,
        StatusCode::ACCEPTED => Answer::Accepted,
        StatusCode::SERVICE_UNAVAILABLE => Answer::Rejected,
        StatusCode::GATEWAY_TIMEOUT => Answer::TimedOut,
        _ => Answer::Failed,
    }
}
