//! M/M/c: Poisson arrivals, exponential work, any number of servers, and room for all who wait.
//!
//! Source: FQT section 2.3. With one server it is M/M/1 (section 2.2).

use super::erlang::erlang_c;

/// Servers that share one queue, in order of arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiServer {
    /// Arrivals.
    pub arrivals_per_s: f64,
    /// Mean work of one arrival.
    pub service_s: f64,
    /// Servers, at least one.
    pub servers: u32,
}

impl MultiServer {
    /// The load in erlangs: as many servers are busy on average.
    pub fn offered_erlangs(&self) -> f64 {
        self.arrivals_per_s * self.service_s
    }

    /// The load for each server; from 1 on they cannot keep up.
    pub fn utilisation(&self) -> f64 {
        self.offered_erlangs() / f64::from(self.servers)
    }

    /// The share of arrivals that waits at all.
    pub fn waiting_probability(&self) -> f64 {
        erlang_c(self.offered_erlangs(), self.servers)
    }

    /// From arrival to the start of the work, on average over all arrivals.
    pub fn mean_waiting_s(&self) -> f64 {
        self.waiting_probability() / self.spare_per_s()
    }

    /// What the share `percentile` (from 0, below 1) of arrivals waits at most: the wait is exponential for those who
    /// wait at all.
    pub fn waiting_percentile_s(&self, percentile: f64) -> f64 {
        let beyond = self.waiting_probability() / (1.0 - percentile);
        if beyond <= 1.0 { 0.0 } else { beyond.ln() / self.spare_per_s() }
    }

    /// From arrival to the end of the work, on average.
    pub fn mean_response_s(&self) -> f64 {
        self.mean_waiting_s() + self.service_s
    }

    /// What the share `percentile` (from 0, below 1) of arrivals takes at most, waiting and work together.
    pub fn response_percentile_s(&self, percentile: f64) -> f64 {
        if self.spare_per_s() == 0.0 {
            return f64::INFINITY;
        }
        let longer = 1.0 - percentile;
        let mut above_s = self.service_s;
        while self.response_exceeds(above_s) > longer {
            above_s *= 2.0;
        }
        let mut below_s = 0.0;
        // Each step halves the interval: after these, nothing is left that a double could tell.
        for _ in 0..100 {
            let middle_s = f64::midpoint(below_s, above_s);
            if self.response_exceeds(middle_s) > longer {
                below_s = middle_s;
            } else {
                above_s = middle_s;
            }
        }
        above_s
    }

    /// How probable it is that waiting and work together take longer than `time_s`.
    fn response_exceeds(&self, time_s: f64) -> f64 {
        let services = time_s / self.service_s;
        let spare_servers = f64::from(self.servers) - 1.0 - self.offered_erlangs();
        let waited =
            if spare_servers.abs() < 1e-9 { services } else { -(-spare_servers * services).exp_m1() / spare_servers };
        (-services).exp() * (1.0 + self.waiting_probability() * waited)
    }

    /// How many more arrivals a second could be served; 0 if the servers cannot keep up.
    fn spare_per_s(&self) -> f64 {
        (f64::from(self.servers) / self.service_s - self.arrivals_per_s).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;

    #[test]
    fn one_server_has_the_values_of_m_m_1() {
        let station = MultiServer { arrivals_per_s: 2.0, service_s: 1.0 / 3.0, servers: 1 };
        assert_near(station.utilisation(), 2.0 / 3.0, 1e-12);
        assert_near(station.mean_waiting_s(), 2.0 / 3.0, 1e-12);
        assert_near(station.mean_response_s(), 1.0, 1e-12);
        // The response is exponential with that mean.
        assert_near(station.response_percentile_s(0.99), 100f64.ln(), 1e-9);
        // And so is the wait of the two thirds who wait.
        assert_near(station.waiting_percentile_s(0.9), (20.0 / 3.0f64).ln(), 1e-12);
        assert_eq!(station.waiting_percentile_s(0.3), 0.0);
    }

    #[test]
    fn the_eye_clinic_of_fqt_section_2_3() {
        // Three doctors, six patients an hour, twenty minutes each: 8/54 h of waiting, 26/54 h in all.
        let hour_s = 3_600.0;
        let clinic = MultiServer { arrivals_per_s: 6.0 / hour_s, service_s: hour_s / 3.0, servers: 3 };
        assert_near(clinic.mean_waiting_s() / hour_s, 8.0 / 54.0, 1e-12);
        assert_near(clinic.mean_response_s() / hour_s, 26.0 / 54.0, 1e-12);
    }

    #[test]
    fn the_response_percentile_is_right_where_its_formula_has_a_gap() {
        // One erlang on two servers: the general form divides by zero.
        let station = |arrivals_per_s| MultiServer { arrivals_per_s, service_s: 1.0, servers: 2 };
        let (at, beside) = (station(1.0).response_percentile_s(0.9), station(1.000_001).response_percentile_s(0.9));
        assert_near(at, beside, 1e-5);
        assert!(at > 10f64.ln(), "longer than the work alone");
    }

    #[test]
    fn who_cannot_keep_up_is_waited_for_for_ever() {
        let station = MultiServer { arrivals_per_s: 5.0, service_s: 1.0, servers: 5 };
        assert_eq!(station.mean_waiting_s(), f64::INFINITY);
        assert_eq!(station.waiting_percentile_s(0.5), f64::INFINITY);
        assert_eq!(station.response_percentile_s(0.5), f64::INFINITY);
    }
}
