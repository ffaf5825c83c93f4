//! Erlang's two formulas. Load is offered in erlangs: arrivals per second times seconds of work.
//!
//! Source: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
//! telephone exchanges" (1917); FQT sections 2.3 and 2.6.

/// Erlang B: the share of arrivals that finds all `servers` busy, if nobody waits (M/M/c/c; by insensitivity M/G/c/c).
///
/// By the recursion B(n) = aB(n-1) / (n + aB(n-1)), which neither overflows nor cancels.
pub fn erlang_b(offered_erlangs: f64, servers: u32) -> f64 {
    (1..=servers).fold(1.0, |blocked, server| {
        let carried = offered_erlangs * blocked;
        carried / (f64::from(server) + carried)
    })
}

/// Erlang C: the share of arrivals that has to wait, if all do (M/M/c). 1 where the servers cannot keep up.
pub fn erlang_c(offered_erlangs: f64, servers: u32) -> f64 {
    let utilisation = offered_erlangs / f64::from(servers);
    if utilisation >= 1.0 {
        return 1.0;
    }
    let blocked = erlang_b(offered_erlangs, servers);
    blocked / (1.0 - utilisation * (1.0 - blocked))
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;

    #[test]
    fn erlang_b_has_the_values_of_the_tables() {
        assert_near(erlang_b(1.0, 1), 0.5, 1e-12);
        assert_near(erlang_b(2.0, 2), 0.4, 1e-12);
        // Ten erlangs on fifteen trunks: 3.65 % in the printed tables.
        assert_near(erlang_b(10.0, 15), 0.0365, 5e-5);
        // The tables' offered load for 1 % loss on 20 trunks is 12.0 erlangs.
        assert_near(erlang_b(12.03, 20), 0.01, 5e-5);
    }

    #[test]
    fn erlang_c_has_the_values_of_the_books() {
        // With one server it is the utilisation.
        assert_near(erlang_c(0.7, 1), 0.7, 1e-12);
        // Two erlangs on three servers: 4/9.
        assert_near(erlang_c(2.0, 3), 4.0 / 9.0, 1e-12);
        assert_near(erlang_c(10.0, 15), 0.1020, 5e-5);
        assert_near(erlang_c(3.0, 3), 1.0, 0.0);
    }

    #[test]
    fn a_thousand_servers_neither_overflow_nor_vanish() {
        let blocked = erlang_b(1_000.0, 1_000);
        // For a load equal to the servers, about sqrt(2 / (pi c)).
        assert_near(blocked, (2.0 / (std::f64::consts::PI * 1_000.0)).sqrt(), 1e-3);
    }
}
