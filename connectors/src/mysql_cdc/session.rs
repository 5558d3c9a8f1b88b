//! Sessions with the server, and what its errors mean.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use millstream_runtime::{Error, ErrorKind, Result};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder, Row, Value};

use super::settings::Settings;
use crate::pause::pause;

/// Rows and changes must look the same, and quoted texts must be read as they are written. Reading a table may take long, and so may
/// a job that does not take the rows.
const SESSION: &str = "SET SESSION sql_mode = '', SESSION time_zone = '+00:00', SESSION net_write_timeout = 86400, \
                       SESSION wait_timeout = 86400";
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Waits for something, but not for ever; `None` if it takes too long.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), pin!(pause(limit))).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(_) => None,
    }
}

/// Connects.
pub(super) async fn connect(settings: &Settings) -> Result<Conn> {
    let options = OptsBuilder::default()
        .ip_or_hostname(&*settings.hostname)
        .tcp_port(settings.port)
        .user(Some(&*settings.username))
        .pass(Some(&*settings.password))
        // Otherwise a socket of this machine is used where the server says that it has one.
        .prefer_socket(false)
        .tcp_keepalive(Some(KEEP_ALIVE))
        .init(vec!["SET NAMES utf8mb4", SESSION]);
    let what = || format!("{} cannot be connected to", settings.place());
    match within(settings.connect_timeout, Conn::new(options)).await {
        Some(connected) => connected.map_err(|error| server_error(&what(), error)),
        None => {
            let seconds = settings.connect_timeout.as_secs_f64();
            Err(Error::new(ErrorKind::External, format!("{}: it does not answer within {seconds} s", what())))
        }
    }
}

/// Ends a session in order.
pub(super) async fn close(session: Conn) {
    // Nothing is left to be done about an error.
    let _ = session.disconnect().await;
}

/// The rows that a statement answers.
pub(super) async fn query(session: &mut Conn, what: &str, sql: &str) -> Result<Vec<Row>> {
    session.query(sql).await.map_err(|error| server_error(what, error))
}

/// A value of a row as text; empty for NULL, or if there is no such column.
pub(super) fn text(row: &Row, index: usize) -> String {
    match row.as_ref(index) {
        Some(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Some(Value::Int(number)) => number.to_string(),
        Some(Value::UInt(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A text in SQL, whatever characters are in it: `sql_mode` is what the session sets.
pub(super) fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// An error of a session, by the [number](https://mariadb.com/docs/server/reference/error-codes) that the server gives it.
pub(super) fn server_error(what: &str, error: mysql_async::Error) -> Error {
    let (kind, remedy) = match &error {
        mysql_async::Error::Server(server) => match server.code {
            1045 | 1698 => (ErrorKind::InvalidJob, "; check `username` and `password`"),
            1044 | 1142 | 1143 | 1227 => (
                ErrorKind::InvalidJob,
                "; run `GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO …` for the user, and where a table cannot be \
                 locked `GRANT LOCK TABLES`",
            ),
            1049 | 1146 | 1054 => (ErrorKind::InvalidJob, ""),
            1236 => (
                ErrorKind::Restore,
                "; if the server has purged the files of its binary log that were still to be read, what came since is lost: start the \
                 job without a snapshot, and let the server keep them for longer (`binlog_expire_logs_seconds`, `expire_logs_days`)",
            ),
            _ => (ErrorKind::External, ""),
        },
        _ => (ErrorKind::External, ""),
    };
    Error::new(kind, format!("{what}: {error}{remedy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted() {
        assert_eq!(quote_literal("o'neil\\"), "'o''neil\\\\'");
    }
}
