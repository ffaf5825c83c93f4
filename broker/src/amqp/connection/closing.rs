//! The ways to end: a fault, a shutdown, the client's close, the loss of the socket.

use super::{Connection, Phase, Turn};
use crate::amqp::codec::{Method, ReplyCode};
use crate::amqp::fault::Fault;
use crate::amqp::output::Output;
use crate::core::{Command, Machine};
use crate::time::Timestamp;

impl Connection {
    /// The socket is gone, or the connection is over: everything it held goes back to its queues.
    pub fn end<M: Machine>(&mut self, now: Timestamp, machine: &mut M) {
        if self.phase != Phase::Finished {
            self.release(now, machine);
            self.phase = Phase::Finished;
        }
    }

    /// The broker is shutting down: asks the client to close.
    pub fn shut_down<M: Machine>(&mut self, now: Timestamp, machine: &mut M, output: &mut Output) {
        match self.phase {
            Phase::Running => {
                let fault =
                    Fault::new(ReplyCode::ConnectionForced, "broker forced connection closure with reason 'shutdown'");
                self.close(&fault, (0, 0), &mut Turn::new(now, machine, output));
            }
            Phase::Closing => {}
            _ => {
                self.note_end("shutdown");
                self.end(now, machine);
            }
        }
    }

    /// Everything but the end of the close is ignored: the client may not have seen our close yet.
    pub(super) fn method_while_closing<M: Machine>(
        &mut self,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        match method {
            Method::ConnectionCloseOk {} => self.phase = Phase::Finished,
            Method::ConnectionClose { .. } => {
                turn.output.method(0, &Method::ConnectionCloseOk {});
                self.phase = Phase::Finished;
            }
            _ => {}
        }
        Ok(())
    }

    /// Answers a fault by closing what its code says.
    pub(super) fn fail<M: Machine>(&mut self, fault: Fault, number: u16, ids: (u16, u16), turn: &mut Turn<'_, M>) {
        if matches!(self.phase, Phase::Closing | Phase::Finished) {
            return;
        }
        // As a field: what clients have put into it is escaped there.
        let error = fault.reply_text(&self.host.name);
        tracing::info!(connection = self.id.0, channel = number, error, "fault");
        if fault.code.closes_connection() || number == 0 {
            self.close(&fault, ids, turn);
        } else {
            self.close_channel(number, &fault, ids, turn);
        }
    }

    /// Sends `connection.close` and waits for its answer; what the client held is given back at once.
    pub(super) fn close<M: Machine>(
        &mut self,
        fault: &Fault,
        (class_id, method_id): (u16, u16),
        turn: &mut Turn<'_, M>,
    ) {
        self.flush(turn.output);
        self.release(turn.now, turn.machine);
        let reply_text = fault.reply_text(&self.host.name);
        let reply_code = fault.code.code();
        let close = Method::ConnectionClose { reply_code, reply_text: &reply_text, class_id, method_id };
        turn.output.method(0, &close);
        self.note_end(reply_text);
        self.phase = Phase::Closing;
        // The answer to the close has to be read.
        self.is_blocked = false;
        self.phase_deadline = turn.now + self.settings.close_timeout;
    }

    fn release<M: Machine>(&mut self, now: Timestamp, machine: &mut M) {
        self.channels.clear();
        let closed = machine.handle(now, Command::CloseConnection { connection: self.id });
        debug_assert!(closed.is_ok(), "closing a connection is never refused");
    }
}
