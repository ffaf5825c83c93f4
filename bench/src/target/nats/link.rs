//! A connection to a NATS server, by the client of its makers, and one subject that is listened to.
//!
//! The client connects again by itself and goes on as if nothing had been. Here the first loss is the end.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, Message, Subject, Subscriber};
use futures_util::StreamExt as _;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::Login;
use crate::target::TargetError;
use crate::target::connect::answered;

/// How long the client waits for answers: longer than we do, so that there is one limit.
const CLIENT_LIMIT: Duration = Duration::from_secs(120);

/// An open connection.
pub(super) struct Link {
    /// The client.
    pub client: Client,
    /// Where answers are sent.
    pub inbox: Subject,
    answers: Subscriber,
    /// What ended the connection, once something has.
    lost: UnboundedReceiver<Event>,
}

impl Link {
    /// Connects, and listens to an inbox of its own.
    pub async fn open(login: &Login) -> Result<Link, TargetError> {
        let (client, lost) = connect(login).await?;
        let inbox = Subject::from(client.new_inbox());
        let answers = client.subscribe(inbox.clone()).await.map_err(TargetError::died)?;
        Ok(Link { client, inbox, answers, lost })
    }

    /// Waits for messages to the inbox, at least one, and gives each to `take`. Cancel safe.
    pub async fn receive(
        &mut self,
        mut take: impl FnMut(Message) -> Result<(), TargetError>,
    ) -> Result<(), TargetError> {
        let Link { answers, lost, .. } = self;
        let lost = async {
            let event = lost.recv().await;
            Err(TargetError::died(event.map_or("closed".to_owned(), |event| event.to_string())))
        };
        let mut has_come = false;
        let coming = poll_fn(|context| {
            loop {
                match answers.poll_next_unpin(context) {
                    Poll::Ready(Some(message)) => {
                        has_come = true;
                        if let Err(error) = take(message) {
                            return Poll::Ready(Err(error));
                        }
                    }
                    Poll::Ready(None) => return Poll::Ready(Err(TargetError::died("the connection was closed"))),
                    Poll::Pending if has_come => return Poll::Ready(Ok(())),
                    Poll::Pending => return Poll::Pending,
                }
            }
        });
        tokio::select! {
            biased;
            came = coming => came,
            lost = lost => lost,
        }
    }
}

/// What streams are made and deleted with.
pub(super) async fn manage(login: &Login) -> Result<Context, TargetError> {
    let mut context = jetstream::new(connect(login).await?.0);
    context.set_timeout(CLIENT_LIMIT);
    Ok(context)
}

/// A client, and what tells when its connection is lost.
pub(super) async fn connect(login: &Login) -> Result<(Client, UnboundedReceiver<Event>), TargetError> {
    let (told, lost) = unbounded_channel::<Event>();
    let mut options = ConnectOptions::new()
        .name("handoff bench")
        .max_reconnects(1)
        .connection_timeout(CLIENT_LIMIT)
        .request_timeout(Some(CLIENT_LIMIT))
        .skip_subject_validation(true)
        .event_callback(move |event| {
            if matches!(event, Event::Disconnected | Event::SlowConsumer(_) | Event::ServerError(_)) {
                // Nobody listens any more where nobody needs it.
                let _ = told.send(event);
            }
            std::future::ready(())
        });
    if let Some((user, password)) = &login.user {
        options = options.user_and_password(user.clone(), password.clone());
    }
    let address = login.address.to_string();
    let connecting = async {
        options.connect(&address).await.map_err(|error| match error.kind() {
            ConnectErrorKind::Io | ConnectErrorKind::Dns | ConnectErrorKind::MaxReconnects => {
                TargetError::Down { address: address.clone(), error: std::io::Error::other(error) }
            }
            _ => TargetError::Refused(error.to_string()),
        })
    };
    Ok((answered(connecting).await?, lost))
}
