#![no_main]
//! Fuzzes `connection`, which is in broker/tests/fuzz/entries.

#[path = "../../broker/tests/fuzz/entries/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each target calls one of the entries")]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::connection(bytes));
