//! Sessions with the server, and what its errors mean.

use std::pin::{Pin, pin};
use std::time::Duration;

use futures::future::{Either, select};
use millstream_runtime::{Error, ErrorKind, Result};
use pgwire_replication::{PgWireError, ReplicationClient, ReplicationConfig};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::lsn::Lsn;
use super::settings::{Settings, quote_identifier};

/// The text form of values depends on the first of these: rows and changes must have the same. Reading a table may take long.
const SESSION_OPTIONS: &str = "-c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=3 -c bytea_output=hex \
                              -c timezone=UTC -c statement_timeout=0 -c lock_timeout=0 \
                               -c idle_in_transaction_session_timeout=0";
const APPLICATION: &str = "millstream";
/// How soon the server is told what it may forget.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);

/// What moves a session's bytes. It must be [driven](drive) while anything is asked of the session.
pub(super) type Connection = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

/// Connects for SQL.
pub(super) async fn connect(settings: &Settings) -> Result<(Client, Connection)> {
    let mut config = Config::new();
    config
        .host(&settings.hostname)
        .port(settings.port)
        .user(&settings.username)
        .password(&settings.password)
        .dbname(&settings.database)
        .options(SESSION_OPTIONS)
        .application_name(APPLICATION)
        .connect_timeout(settings.connect_timeout);
    let failed = |error| sql_error(&format!("{} cannot be connected to", settings.place()), &error);
    let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
    Ok((client, Box::pin(connection)))
}

/// Does some work with a session while its bytes are moved.
pub(super) async fn drive<T>(
    connection: &mut Connection,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut work = pin!(work);
    match select(&mut work, connection).await {
        Either::Left((result, _)) => result,
        Either::Right((Err(error), _)) => Err(sql_error("the connection to the database is lost", &error)),
        // Whatever is asked of it from now on fails.
        Either::Right((Ok(()), _)) => work.await,
    }
}

/// Ends a session in order.
pub(super) async fn close(client: Client, connection: Connection) {
    drop(client);
    // Nothing is left to be done about an error.
    let _ = connection.await;
}

/// The rows that statements answer.
pub(super) async fn query(client: &Client, what: &str, sql: &str) -> Result<Vec<SimpleQueryRow>> {
    let messages = client.simple_query(sql).await.map_err(|error| sql_error(what, &error))?;
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    };
    Ok(messages.into_iter().filter_map(row).collect())
}

/// A value of a row, as text; `None` for NULL.
pub(super) fn value(row: &SimpleQueryRow, index: usize) -> Option<&str> {
    row.try_get(index).ok().flatten()
}

/// How to connect for replication, reading from a position.
pub(super) fn replication_config(settings: &Settings, start: Lsn, durable: Lsn) -> ReplicationConfig {
    let Settings { hostname, username, password, database, .. } = settings;
    // Quoted as identifiers: the server reads them as such, and makes what is not quoted lower case.
    let (slot, publication) = (quote_identifier(&settings.slot), quote_identifier(&settings.publication));
    ReplicationConfig::new(hostname, username, password, database, slot, publication)
        .with_port(settings.port)
        .with_start_lsn(pgwire_replication::Lsn::from_u64(start.0))
        .with_ack_lsn(pgwire_replication::Lsn::from_u64(durable.0))
        .with_status_interval(STATUS_INTERVAL)
        .with_application_name(APPLICATION)
        .with_options(SESSION_OPTIONS)
}

/// A session for replication, before any stream has begun.
pub(super) async fn connect_replication(settings: &Settings) -> Result<ReplicationClient> {
    let config = replication_config(settings, Lsn(0), Lsn(0));
    ReplicationClient::connect_gated(config).await.map_err(|error| {
        replication_error(&format!("{} cannot be connected to for replication", settings.place()), &error)
    })
}

/// An error of a session for SQL.
pub(super) fn sql_error(what: &str, error: &tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(server) => {
            let mut message = format!("{what}: {}", server.message());
            for more in [server.detail(), server.hint()].into_iter().flatten() {
                message.push_str(&format!(" ({more})"));
            }
            of_server(message, server.code().code())
        }
        None => {
            let cause =
                std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Error::new(ErrorKind::External, format!("{what}: {error}{cause}"))
        }
    }
}

/// An error of a session for replication.
pub(super) fn replication_error(what: &str, error: &PgWireError) -> Error {
    let message = format!("{what}: {error}");
    match error {
        PgWireError::Server(text) => {
            let code = text.split_once("SQLSTATE ").and_then(|(_, code)| code.get(..5)).unwrap_or_default();
            of_server(message, code)
        }
        PgWireError::Auth(text) => {
            let code = text.split_once("SQLSTATE ").and_then(|(_, code)| code.get(..5)).unwrap_or("28000");
            of_server(message, code)
        }
        _ => Error::new(ErrorKind::External, message),
    }
}

/// Whether a slot is in use by another session, which may be the one of an attempt that has just ended.
pub(super) fn is_slot_in_use(error: &PgWireError) -> bool {
    matches!(error, PgWireError::Server(text) if text.contains("SQLSTATE 55006"))
}

/// An error that the server has sent, by its [code](https://www.postgresql.org/docs/current/errcodes-appendix.html).
fn of_server(message: String, code: &str) -> Error {
    let (kind, remedy) = match code {
        "28P01" | "28000" => {
            (ErrorKind::InvalidJob, "; check `username` and `password`, and pg_hba.conf on the server")
        }
        "3D000" => (ErrorKind::InvalidJob, "; check `database`"),
        "42501" => {
            let remedy = "; the user needs the attribute REPLICATION, SELECT on the tables and, for a publication to be made, \
                          CREATE on the database and the ownership of the tables";
            (ErrorKind::InvalidJob, remedy)
        }
        "42P01" | "3F000" | "42703" | "42704" => (ErrorKind::InvalidJob, ""),
        "55000" | "58P01" => {
            let remedy = "; if the server has removed WAL that the slot needed (`max_slot_wal_keep_size`), what came since the \
                          last checkpoint is lost: drop the slot and start the job without a snapshot";
            (ErrorKind::Restore, remedy)
        }
        _ => (ErrorKind::External, ""),
    };
    Error::new(kind, format!("{message}{remedy}"))
}
