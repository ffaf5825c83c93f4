//! The codec against `amq-protocol`, another implementation of AMQP 0-9-1, and against bytes nobody meant to send.
//!
//! Where the oracle departs from the wire, the test says so: it sorts tables and keeps one entry of each name, turns
//! `L` and `U` into other types, drops `basic.qos`'s prefetch size, and wants UTF-8 everywhere.

mod ingredients;
mod methods;
mod oracle;
mod properties;
mod robustness;
mod tables;
