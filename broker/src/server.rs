//! The shell: sockets and timers around protocol and core, on any Runtime.
