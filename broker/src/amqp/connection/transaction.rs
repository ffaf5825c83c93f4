//! The tx class: what a channel publishes and settles is held by the core until it commits.

use super::{Connection, Turn};
use crate::amqp::codec::{Method, ReplyCode};
use crate::amqp::fault::Fault;
use crate::core::{Command, Machine, Published, Reply};

impl Connection {
    /// A method of the tx class.
    pub(super) fn transaction_method<M: Machine>(
        &mut self,
        number: u16,
        method: Method<'_>,
        turn: &mut Turn<'_, M>,
    ) -> Result<(), Fault> {
        let channel_id = self.channel_id(number);
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        match method {
            Method::TxSelect {} => {
                if channel.confirms.is_some() {
                    let text = "cannot switch from confirm to tx mode";
                    return Err(Fault::new(ReplyCode::PreconditionFailed, text));
                }
                turn.ask(Command::SelectTransactions { channel: channel_id })?;
                channel.is_transactional = true;
                turn.answer(number, false, &Method::TxSelectOk {});
            }
            Method::TxCommit {} => {
                let Reply::Committed(published) = turn.ask(Command::Commit { channel: channel_id })? else {
                    let text = "the core gave a commit another command's answer";
                    return Err(Fault::new(ReplyCode::InternalError, text));
                };
                for (published, returnable) in published.into_iter().zip(channel.held_returnable.drain(..)) {
                    if let (Published::Unroutable, Some(message)) = (published, returnable) {
                        turn.output.unroutable(number, &message);
                    }
                }
                turn.answer(number, false, &Method::TxCommitOk {});
            }
            Method::TxRollback {} => {
                turn.ask(Command::Rollback { channel: channel_id })?;
                channel.held_returnable.clear();
                turn.answer(number, false, &Method::TxRollbackOk {});
            }
            other => return Err(Fault::new(ReplyCode::NotImplemented, other.name())),
        }
        Ok(())
    }
}
