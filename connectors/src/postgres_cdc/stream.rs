//! Reads the replication stream.

use std::pin::pin;
use std::task::Waker;

use futures::future::{Either, select};
use millstream_runtime::{Error, ErrorKind, Result};
use pgwire_replication::{PgWireError, ReplicationClient, ReplicationEvent};
use tokio::sync::{mpsc, watch};

use super::catalog::find_table;
use super::changes::Changes;
use super::lsn::Lsn;
use super::pgoutput::{Message, decode};
use super::session::{close, connect, drive, is_slot_in_use, replication_config, replication_error};
use super::settings::{Settings, TableName};
use super::types::PostgresType;
use crate::cdc::reader::{self, Ended};

/// So many items come at a time at most.
const BATCH_ITEMS: usize = 1_000;

type Items = reader::Items<PostgresType, Lsn>;

/// Reads the stream until something fails. What comes through `confirmed` is told to the server, which forgets what is before.
pub(super) async fn read_stream(
    settings: Settings,
    mut changes: Changes,
    start: Lsn,
    mut confirmed: watch::Receiver<Lsn>,
    items: mpsc::Sender<Items>,
    waker: Waker,
) -> Result<Ended> {
    let what = format!("replication slot `{}` cannot be read", settings.slot);
    let failed = |error: PgWireError| replication_error(&what, &error);
    let config = replication_config(&settings, start, *confirmed.borrow_and_update());
    let mut client = ReplicationClient::connect(config).await.map_err(failed)?;
    match client.wait_started().await {
        Ok(()) => {}
        Err(error) if is_slot_in_use(&error) => {
            let problem = "another session holds the slot, and each job needs a slot of its own".to_owned();
            return Ok(Ended::Held { error: failed(error), problem });
        }
        Err(error) => return Err(failed(error)),
    }
    tracing::info!(slot = %settings.slot, lsn = %start, "the stream of changes is read");
    loop {
        let mut batch = Items { items: Vec::new(), bytes: 0, sent: Lsn(0) };
        // All that is there, and the first of it when it comes.
        let first = next(&mut client, &mut confirmed).await;
        take(first.map_err(failed)?, &mut changes, &mut batch)?;
        while batch.items.len() < BATCH_ITEMS {
            let ready = futures::poll!(pin!(client.recv()));
            match ready {
                std::task::Poll::Ready(event) => take(event.map_err(failed)?, &mut changes, &mut batch)?,
                std::task::Poll::Pending => break,
            }
        }
        for table in changes.take_suspects() {
            check_again(&settings, &table).await?;
        }
        if batch.items.is_empty() {
            continue;
        }
        let sent = items.send(batch).await;
        waker.wake_by_ref();
        sent.map_err(|_| Error::new(ErrorKind::Cancelled, "nobody takes the changes"))?;
    }
}

/// Looks once more whether the partitions of a table have its replica identity.
async fn check_again(settings: &Settings, table: &TableName) -> Result<()> {
    let (client, mut connection) = connect(settings).await?;
    drive(&mut connection, find_table(&client, settings, table)).await?;
    close(client, connection).await;
    Ok(())
}

/// The next event; what is confirmed meanwhile is passed on.
async fn next(
    client: &mut ReplicationClient,
    confirmed: &mut watch::Receiver<Lsn>,
) -> Result<Option<ReplicationEvent>, PgWireError> {
    loop {
        {
            let (event, changed) = (pin!(client.recv()), pin!(confirmed.changed()));
            match select(event, changed).await {
                Either::Left((event, _)) => return event,
                Either::Right((Ok(()), _)) => {}
                // Nobody confirms anything any more.
                Either::Right((Err(_), event)) => return event.await,
            }
        }
        let lsn = *confirmed.borrow_and_update();
        client.update_applied_lsn(pgwire_replication::Lsn::from_u64(lsn.0));
    }
}

fn take(event: Option<ReplicationEvent>, changes: &mut Changes, batch: &mut Items) -> Result<()> {
    let lsn = |lsn: pgwire_replication::Lsn| Lsn(lsn.as_u64());
    let heard = match &event {
        Some(ReplicationEvent::XLogData { wal_end, .. } | ReplicationEvent::KeepAlive { wal_end, .. }) => {
            *wal_end
        }
        Some(ReplicationEvent::Commit { end_lsn, .. }) => *end_lsn,
        _ => pgwire_replication::Lsn::from_u64(0),
    };
    batch.sent = batch.sent.max(lsn(heard));
    let items = &mut batch.items;
    let mut read = |message| changes.read(message, |item| items.push(item));
    match event {
        Some(ReplicationEvent::XLogData { data, .. }) => {
            batch.bytes += data.len() as u64;
            let damaged = |malformed| {
                Error::new(ErrorKind::External, "the server's changes cannot be read").caused_by(malformed)
            };
            read(decode(&data).map_err(damaged)?)
        }
        Some(ReplicationEvent::Begin { final_lsn, commit_time_micros, .. }) => {
            read(Message::Begin { commit_lsn: lsn(final_lsn), commit_time: commit_time_micros })
        }
        Some(ReplicationEvent::Commit { end_lsn, .. }) => read(Message::Commit { end_lsn: lsn(end_lsn) }),
        Some(ReplicationEvent::KeepAlive { wal_end, .. }) => {
            changes.keep_alive(lsn(wal_end), |item| items.push(item));
            Ok(())
        }
        Some(ReplicationEvent::Message { transactional: false, lsn: at, .. }) => {
            changes.keep_alive(lsn(at), |item| items.push(item));
            Ok(())
        }
        Some(_) => Ok(()),
        None => Err(Error::new(ErrorKind::External, "the server has ended the stream of changes")),
    }
}
