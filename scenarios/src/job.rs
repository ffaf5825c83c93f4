//! A job and what it looks like on the wire.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

/// One piece of work, decided before the run: no architecture can change what arrives or what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Counts from 0 in order of arrival.
    pub id: u64,
    /// When its caller intends to send it, from the start of the load.
    pub arrives_at: Duration,
    /// How long a worker is busy with it, at each attempt.
    pub work: Duration,
    /// Whether its work fails at each attempt.
    pub poison: bool,
    /// What it belongs to (a customer, say), if it does. Jobs of one key go to one partition of a log.
    pub key: Option<u64>,
    /// Whether the front end does it by itself, at once and without a worker.
    pub bystander: bool,
    /// Whether it should not wait behind others.
    pub urgent: bool,
    /// How long its message is.
    pub payload_bytes: usize,
}

impl Job {
    /// Its message: the number in eight bytes, most significant first, then zeros.
    pub fn message(&self) -> Bytes {
        let mut message = BytesMut::with_capacity(self.payload_bytes.max(8));
        message.put_u64(self.id);
        message.resize(self.payload_bytes.max(8), 0);
        message.freeze()
    }
}

/// All jobs of a run by number. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jobs(Arc<[Job]>);

impl Jobs {
    /// `jobs` must be numbered by their position.
    pub fn new(jobs: Vec<Job>) -> Self {
        debug_assert!(jobs.iter().zip(0..).all(|(job, id)| job.id == id), "jobs are numbered by position");
        Jobs(jobs.into())
    }

    /// The job that `message` is about, if it is one of these.
    pub fn read(&self, message: &[u8]) -> Option<&Job> {
        let id = u64::from_be_bytes(*message.first_chunk()?);
        self.0.get(usize::try_from(id).ok()?)
    }
}

impl Deref for Jobs {
    type Target = [Job];

    fn deref(&self) -> &[Job] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_length_it_was_asked_for_and_leads_back_to_its_job() {
        let job = |id| Job {
            id,
            arrives_at: Duration::ZERO,
            work: Duration::ZERO,
            poison: false,
            key: None,
            bystander: false,
            urgent: false,
            payload_bytes: 20,
        };
        let jobs = Jobs::new(vec![job(0), job(1)]);
        let message = jobs[1].message();
        assert_eq!(message.len(), 20);
        assert_eq!(jobs.read(&message), Some(&jobs[1]));
        assert_eq!(jobs.read(&job(2).message()), None);
        assert_eq!(jobs.read(&message[..7]), None);
    }
}
