//! What each program sees, and why, where the two worlds differ.

/// A program, what it does, and what it is expected to see.
pub struct Row {
    /// Its name in `programs.rs`.
    pub program: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What it sees in the simulated world.
    pub simulated: &'static str,
    /// What it sees on Linux's loopback.
    pub loopback: &'static str,
    /// Why the two differ; empty if they do not.
    pub reason: &'static str,
}

const fn same(program: &'static str, does: &'static str, sees: &'static str) -> Row {
    Row { program, does, simulated: sees, loopback: sees, reason: "" }
}

/// Why a close with unread data is no reset.
const THE_PLAN_DECIDES: &str = "TCP resets a connection that is closed with data unread. In the world the fault plan \
    decides how a connection ends, so that a clean end can be tested whatever was on its way";

/// All programs.
pub const TABLE: &[Row] = &[
    same("connect", "connects to a listener that never accepts", "ok"),
    same("refused", "connects where nobody listens", "ConnectionRefused"),
    same("port_in_use", "listens where somebody listens", "AddrInUse"),
    same("port_given_back", "listens where somebody listened", "ok"),
    same("backlog_order", "connects twice, then accepts twice", "'one' end, 'two' end"),
    Row {
        program: "backlog_lost",
        does: "the listener closes before it has accepted a connection; the client reads",
        simulated: "0",
        loopback: "ConnectionReset",
        reason: "TCP resets a connection that was never accepted. In the world the fault plan decides what is a reset",
    },
    same("early_data", "writes and closes before it is accepted", "5, 'early' end"),
    same("many_writes", "writes 26 times a byte and closes", "'abcdefghijklmnopqrstuvwxyz' end"),
    Row {
        program: "round_trip",
        does: "a byte there, a byte back, over links of 250 us",
        simulated: "500µs",
        loopback: "some time",
        reason: "simulated time is exact, a machine's is not",
    },
    same("window_full", "writes 64 MiB while nobody reads; then somebody does", "waits, then ok and intact"),
    same("last_words", "the server writes and closes; the client reads", "'bye' end"),
    same("end_again", "reads at the end of the stream, twice", "0, 0"),
    same("half_close", "finishes sending, and is answered nevertheless", "'question' end, ok, 'answer' end"),
    same("finish_twice", "finishes sending, twice", "ok, ok"),
    same("write_after_finish", "finishes sending, and writes", "BrokenPipe"),
    Row {
        program: "write_after_close",
        does: "reads the end of a connection that the server closed, and writes until that fails",
        simulated: "0, BrokenPipe, in the end BrokenPipe",
        loopback: "0, 1, in the end BrokenPipe",
        reason: "TCP learns by the answer to the first write that nobody reads any more; in the world the end says it",
    },
    Row {
        program: "close_with_unread",
        does: "the server closes with data unread; the client reads",
        simulated: "0",
        loopback: "ConnectionReset",
        reason: THE_PLAN_DECIDES,
    },
    Row {
        program: "blocked_by_leaver",
        does: "a write waits for room, and the server closes",
        simulated: "waits, then BrokenPipe",
        loopback: "waits, then ConnectionReset",
        reason: THE_PLAN_DECIDES,
    },
    same("reset", "the server resets; the client reads", "ConnectionReset"),
    Row {
        program: "reset_again",
        does: "the server resets; the client reads twice and writes",
        simulated: "ConnectionReset, ConnectionReset, ConnectionReset",
        loopback: "ConnectionReset, 0, BrokenPipe",
        reason: "Linux tells of a reset once; a simulated stream says it each time, so that nobody takes it for a \
            clean end",
    },
    same("reset_after_data", "the server resets after data that has arrived", "'rrived' ConnectionReset"),
    same("silence", "writes to a peer that does not answer, and reads", "14, waits"),
];

const HEAD: &str = "\
# How true the simulated network is

The same little programs run on the simulated runtime and on Tokio's over loopback (Linux), in `cargo test`, and see
what stands here. sim/tests/fidelity has the programs, and writes this page:
`cargo test -p handoff-sim --test fidelity -- --ignored`.

| program | simulated | loopback |
| --- | --- | --- |
";

const DIFFERENCES: &str = "
## Why they differ

| program | reason |
| --- | --- |
";

const TAIL: &str = "
## What loopback cannot show

No machine vanishes on loopback: in the last program, a peer that holds its socket and says nothing stands in for it.
And the world has more than loopback does, so nothing holds these against a real network: partitions, which hold what is
sent until they heal, in one direction if so asked; a machine that is gone, whose peers find out by heartbeat alone;
delays and bandwidth by distribution; a request to connect that is lost and repeated every second. What it leaves out of
TCP: nothing is lost and sent again, so a slow start, congestion and retransmission do not exist; a window opens for the
writer at the instant at which the reader reads; a one-way partition does not stop the other direction, since there are
no acknowledgements to miss.
";

/// The page.
pub fn render() -> String {
    let mut page = HEAD.to_owned();
    for Row { does, simulated, loopback, .. } in TABLE {
        page += &format!("| {does} | {simulated} | {} |\n", if simulated == loopback { "the same" } else { loopback });
    }
    page += DIFFERENCES;
    for Row { does, reason, .. } in TABLE.iter().filter(|row| !row.reason.is_empty()) {
        page += &format!("| {does} | {reason} |\n");
    }
    page + TAIL
}
