//! M/G/1: Poisson arrivals, one server, and work of any distribution.
//!
//! The mean wait is the formula of Pollaczek (1930) and Khinchine (1932); FQT section 5.1. Of the work only mean and
//! variance matter. Percentiles of the wait depend on more and are not here.

use crate::distribution::{Distribution, Shape};

/// One server, in order of arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SingleServer {
    /// Arrivals.
    pub arrivals_per_s: f64,
    /// Mean work of one arrival.
    pub service_s: f64,
    /// The variance of the work over its mean squared: 0 is constant, 1 as spread as an exponential.
    pub squared_variation: f64,
}

impl SingleServer {
    /// The share of time that the server is busy; from 1 on it cannot keep up.
    pub fn utilisation(&self) -> f64 {
        self.arrivals_per_s * self.service_s
    }

    /// From arrival to the start of the work, on average.
    pub fn mean_waiting_s(&self) -> f64 {
        let utilisation = self.utilisation();
        if utilisation >= 1.0 {
            return f64::INFINITY;
        }
        self.service_s * utilisation * (1.0 + self.squared_variation) / (2.0 * (1.0 - utilisation))
    }

    /// From arrival to the end of the work, on average.
    pub fn mean_response_s(&self) -> f64 {
        self.mean_waiting_s() + self.service_s
    }
}

/// The variance of a distribution over its mean squared.
pub fn squared_variation(distribution: &Distribution) -> f64 {
    match (distribution.shape, distribution.log_normal()) {
        (Shape::Exponential, _) => 1.0,
        (Shape::LogNormal, Some((_, sigma))) => (sigma * sigma).exp_m1(),
        (Shape::Constant | Shape::LogNormal, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MultiServer, assert_near};
    use super::*;

    #[test]
    fn exponential_work_gives_m_m_1() {
        let general = SingleServer { arrivals_per_s: 0.7, service_s: 1.0, squared_variation: 1.0 };
        let markovian = MultiServer { arrivals_per_s: 0.7, service_s: 1.0, servers: 1 };
        assert_near(general.mean_waiting_s(), markovian.mean_waiting_s(), 1e-12);
        assert_near(general.mean_response_s(), markovian.mean_response_s(), 1e-12);
    }

    #[test]
    fn constant_work_halves_the_wait() {
        // The tables of M/D/1: at 80 % load, two units of work.
        let station = SingleServer { arrivals_per_s: 0.8, service_s: 1.0, squared_variation: 0.0 };
        assert_near(station.mean_waiting_s(), 2.0, 1e-12);
    }

    #[test]
    fn work_of_known_spread() {
        // Five an hour, ten minutes each with a standard deviation of nine: in hours 1/6 x 5/6 x 1.81 x 3.
        let station = SingleServer { arrivals_per_s: 5.0, service_s: 1.0 / 6.0, squared_variation: 0.81 };
        assert_near(station.mean_waiting_s(), 0.754, 5e-4);
    }

    #[test]
    fn the_spread_of_each_shape() {
        let of = |shape, p99| squared_variation(&Distribution { shape, mean: 150.0, p99 });
        assert_eq!(of(Shape::Constant, None), 0.0);
        assert_eq!(of(Shape::Exponential, None), 1.0);
        // A 99th percentile of six times the mean: sigma = z - sqrt(z² - 2 ln 6) = 0.9742, and exp(sigma²) - 1.
        assert_near(of(Shape::LogNormal, Some(900.0)), 1.5832, 5e-5);
    }

    #[test]
    fn a_server_that_cannot_keep_up_is_waited_for_for_ever() {
        let station = SingleServer { arrivals_per_s: 1.0, service_s: 1.0, squared_variation: 0.0 };
        assert_eq!(station.mean_waiting_s(), f64::INFINITY);
    }
}
