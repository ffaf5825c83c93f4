//! The wait of each single job, given all arrivals and all work: no closed form, but exact for any of them.
//!
//! Source: D. V. Lindley, "The theory of queues with a single server" (1952); J. Kiefer and J. Wolfowitz, "On the
//! theory of queues with many servers" (1955).

/// How long each job waits for one of `servers` (at least one) that share a queue in order of arrival. `jobs` are the
/// time of arrival and the work of each, in order of arrival and in any one unit.
pub fn waits(jobs: impl IntoIterator<Item = (f64, f64)>, servers: u32) -> Vec<f64> {
    let mut free_at = vec![0.0; servers as usize];
    let wait = |(arrival, work): (f64, f64)| {
        let first = free_at.iter_mut().min_by(|one, other| f64::total_cmp(one, other))?;
        let start = first.max(arrival);
        *first = start + work;
        Some(start - arrival)
    };
    jobs.into_iter().filter_map(wait).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_waits_for_the_server_that_is_free_first() {
        let jobs = [(0.0, 5.0), (1.0, 3.0), (2.0, 1.0), (3.0, 9.0), (20.0, 1.0)];
        assert_eq!(waits(jobs, 1), [0.0, 4.0, 6.0, 6.0, 0.0]);
        assert_eq!(waits(jobs, 2), [0.0, 0.0, 2.0, 2.0, 0.0]);
        assert_eq!(waits(jobs, 3), [0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
