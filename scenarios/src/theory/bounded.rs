//! M/M/c/K: as M/M/c, but only so many places; who finds them taken is turned away.
//!
//! Source: FQT section 2.5. With as many places as servers it is M/M/c/c, whose loss is Erlang B.

/// Servers that share one queue of limited length. It has a steady state under any load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// Arrivals, those included that are turned away.
    pub arrivals_per_s: f64,
    /// Mean work of one arrival.
    pub service_s: f64,
    /// Servers, at least one.
    pub servers: u32,
    /// Places in all, those at the servers included; at least as many as servers.
    pub places: u32,
}

impl Bounded {
    /// The share of arrivals that is turned away.
    pub fn loss_probability(&self) -> f64 {
        self.full_and_mean().0
    }

    /// How many are in the system, on average over time.
    pub fn mean_in_system(&self) -> f64 {
        self.full_and_mean().1
    }

    /// Arrivals that are let in.
    pub fn admitted_per_s(&self) -> f64 {
        self.arrivals_per_s * (1.0 - self.loss_probability())
    }

    /// The share of time that a server is busy.
    pub fn utilisation(&self) -> f64 {
        self.admitted_per_s() * self.service_s / f64::from(self.servers)
    }

    /// From arrival to the end of the work, on average over those who are let in.
    pub fn mean_response_s(&self) -> f64 {
        self.mean_in_system() / self.admitted_per_s()
    }

    /// How probable a full system is, and how many are in it on average.
    ///
    /// Grows the system by one place at a time. The odds of the new, highest state against all lower ones follow from
    /// those of the one below it, so nothing overflows.
    fn full_and_mean(&self) -> (f64, f64) {
        let offered_erlangs = self.arrivals_per_s * self.service_s;
        (1..=self.places).fold((1.0, 0.0), |(full, mean), places| {
            let odds = full * offered_erlangs / f64::from(places.min(self.servers));
            let full = odds / (1.0 + odds);
            (full, mean * (1.0 - full) + f64::from(places) * full)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{assert_near, erlang_b};
    use super::*;

    #[test]
    fn the_inspection_station_of_fqt_section_2_5() {
        // Three stalls, room for seven cars in all, one car a minute, six minutes each. The weights of 0 to 7 cars are
        // 1, 6, 18, 36, 72, 144, 288 and 576. The book, which rounds on its way, has 30.4 cars an hour turned away,
        // 6.06 at the station and 12.3 minutes for each.
        let station = Bounded { arrivals_per_s: 1.0 / 60.0, service_s: 360.0, servers: 3, places: 7 };
        assert_near(station.loss_probability(), 576.0 / 1_141.0, 1e-12);
        assert_near(station.mean_in_system(), 6_918.0 / 1_141.0, 1e-12);
        assert_near(station.mean_response_s() / 60.0, 6_918.0 / 565.0, 1e-9);
    }

    #[test]
    fn without_room_to_wait_the_loss_is_erlang_b() {
        let station = Bounded { arrivals_per_s: 10.0, service_s: 1.0, servers: 15, places: 15 };
        assert_near(station.loss_probability(), erlang_b(10.0, 15), 1e-12);
        assert_near(station.mean_in_system(), station.admitted_per_s(), 1e-9);
    }

    #[test]
    fn one_server_at_full_load_is_equally_often_in_every_state() {
        let station = Bounded { arrivals_per_s: 4.0, service_s: 0.25, servers: 1, places: 9 };
        assert_near(station.loss_probability(), 0.1, 1e-12);
        assert_near(station.mean_in_system(), 4.5, 1e-12);
        assert_near(station.utilisation(), 0.9, 1e-12);
    }

    #[test]
    fn a_million_places_under_overload_lose_what_cannot_be_served() {
        let station = Bounded { arrivals_per_s: 2.0, service_s: 1.0, servers: 1, places: 1_000_000 };
        assert_near(station.loss_probability(), 0.5, 1e-9);
    }
}
