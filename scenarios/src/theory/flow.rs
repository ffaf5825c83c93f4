//! What holds for flows in general, whatever is random about them.

/// Little's law: how many are in a system on average, from how many pass through it and how long each is in it.
///
/// Source: J. D. C. Little, "A proof for the queuing formula L = λW" (Operations Research 9, 1961); FQT section 1.4.
pub fn jobs_in_system(throughput_per_s: f64, mean_time_s: f64) -> f64 {
    throughput_per_s * mean_time_s
}

/// How long `backlog` jobs last while others go on arriving, until the first moment at which none is left.
///
/// For one server this is the mean of that time for any distribution of the work, since each job of the backlog brings
/// a busy period of its own (FQT section 2.12). For several servers it is the fluid limit, and leaves out that the last
/// few jobs do not keep all servers busy. Infinite if the capacity is not above the arrivals.
pub fn drain_s(backlog: f64, arrivals_per_s: f64, capacity_per_s: f64) -> f64 {
    if capacity_per_s > arrivals_per_s { backlog / (capacity_per_s - arrivals_per_s) } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::super::{MultiServer, assert_near};
    use super::*;

    #[test]
    fn little_gives_the_number_in_m_m_1() {
        let station = MultiServer { arrivals_per_s: 2.0, service_s: 1.0 / 3.0, servers: 1 };
        // rho / (1 - rho), with rho two thirds.
        assert_near(jobs_in_system(2.0, station.mean_response_s()), 2.0, 1e-12);
    }

    #[test]
    fn ten_times_the_load_for_ten_seconds_takes_a_minute_and_a_half_to_drain() {
        // 100/s arrive and 200/s can be done; 1,000/s for 10 s leave 8,000.
        assert_near(drain_s(8_000.0, 100.0, 200.0), 80.0, 1e-12);
        assert_eq!(drain_s(1.0, 200.0, 200.0), f64::INFINITY);
    }
}
