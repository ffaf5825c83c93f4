//! The simulated figures agree with queueing theory where theory has an answer.

use handoff_sim::theory::{Comparison, compare};

/// The widest interval that still says something.
const WIDEST: f64 = 0.8;

#[test]
fn simulated_figures_agree_with_theory_within_their_own_confidence_interval() {
    let seeds: Vec<u64> = (1..=16).collect();
    let rows = compare(&seeds).expect("every case plays");
    let table: Vec<String> = rows.iter().map(line).collect();
    let table = table.join("\n");
    println!("{table}");
    assert!(rows.len() > 30, "{table}");
    assert!(rows.iter().all(|row| row.agrees), "{table}");
    assert!(rows.iter().all(|row| row.half_width <= WIDEST * row.theory), "{table}");
}

fn line(row: &Comparison) -> String {
    let Comparison { case, architecture, figure, theory, simulated, half_width, agrees } = row;
    let word = if *agrees { "agrees" } else { "DIFFERS" };
    format!("{case:40} {architecture:6} {figure:35} {theory:8.4} {simulated:8.4} ± {half_width:6.4}  {word}")
}
