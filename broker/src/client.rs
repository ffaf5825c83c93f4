//! A small AMQP client on any Runtime.
