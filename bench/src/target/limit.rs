//! How long a system may be silent.

use std::time::Duration;

use tokio::time::timeout;

use super::TargetError;

/// How long a system may take to answer a request, in seconds.
const ANSWER_LIMIT_S: u64 = 30;

/// Waits for an answer; [`TargetError::Silent`] if it takes too long.
pub(super) async fn answered<T>(answer: impl Future<Output = Result<T, TargetError>>) -> Result<T, TargetError> {
    let limit = Duration::from_secs(ANSWER_LIMIT_S);
    timeout(limit, answer).await.unwrap_or(Err(TargetError::Silent(ANSWER_LIMIT_S)))
}
