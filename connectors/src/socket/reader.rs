//! The client of the server: connects, reads, and connects again.

use std::io::{ErrorKind as IoErrorKind, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use millstream_operators::source::{BlockingSplitReader, Fetched};
use millstream_runtime::{Error, ErrorKind, Result};

use super::{RETRY_DELAY, SocketSource};
use crate::delimited::Delimited;

/// A call that waits for the server returns after so long, so that a job that has ended gets its thread back.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long the server has to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How much is read at a time.
const BUFFER: usize = 64 << 10;

/// Reads a [`SocketSource`].
pub struct SocketReader {
    source: SocketSource,
    connection: Option<TcpStream>,
    delimited: Delimited,
    buffer: Vec<u8>,
    /// How often in a row there was no connection, or nothing came through one.
    failures: u32,
    /// Whether the stream has not ended.
    is_reading: bool,
}

impl SocketReader {
    pub(super) fn new(source: SocketSource) -> Self {
        let delimited = Delimited::new("the socket", &source.delimiter);
        let buffer = vec![0; BUFFER];
        Self { source, connection: None, delimited, buffer, failures: 0, is_reading: false }
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let mut failure = None;
        for address in (self.source.host.as_str(), self.source.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
                Ok(connection) => {
                    connection.set_read_timeout(Some(LONGEST_WAIT))?;
                    return Ok(connection);
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| IoErrorKind::AddrNotAvailable.into()))
    }

    /// Reads what has come; `None` if the server has closed the connection.
    fn read(&mut self, records: &mut Vec<String>) -> Result<Option<()>, ReadFailure> {
        if self.connection.is_none() {
            self.connection = Some(self.connect().map_err(ReadFailure::Connection)?);
        }
        let Some(connection) = &mut self.connection else { return Ok(None) };
        match connection.read(&mut self.buffer) {
            Ok(0) => {
                records.extend(self.delimited.end().as_deref().map(text));
                Ok(None)
            }
            Ok(read) => {
                self.failures = 0;
                let bytes = self.buffer.get(..read).unwrap_or_default();
                let each = |record: &[u8]| records.push(text(record));
                self.delimited.feed(bytes, each).map_err(ReadFailure::Input)?;
                Ok(Some(()))
            }
            // Nothing has come meanwhile.
            Err(error)
                if matches!(
                    error.kind(),
                    IoErrorKind::WouldBlock | IoErrorKind::TimedOut | IoErrorKind::Interrupted
                ) =>
            {
                Ok(Some(()))
            }
            Err(error) => Err(ReadFailure::Connection(error)),
        }
    }

    /// Whether it is to be tried again.
    fn may_retry(&mut self) -> bool {
        let may = self.source.retries.is_none_or(|most| self.failures < most);
        self.failures = self.failures.saturating_add(1);
        may
    }

    #[expect(clippy::disallowed_methods, reason = "on a thread of the client's own")]
    fn pause(&self, cause: &str) {
        let (host, port) = (&self.source.host, self.source.port);
        tracing::warn!(host, port, cause, "no connection to the socket: trying again in {RETRY_DELAY:?}");
        std::thread::sleep(RETRY_DELAY);
    }
}

fn text(record: &[u8]) -> String {
    String::from_utf8_lossy(record).into_owned()
}

/// Why nothing could be read.
enum ReadFailure {
    /// There is no connection.
    Connection(std::io::Error),
    /// What was read is no record.
    Input(Error),
}

impl BlockingSplitReader for SocketReader {
    type Record = String;
    type Split = ();

    fn add_splits(&mut self, splits: Vec<()>) {
        self.is_reading |= !splits.is_empty();
    }

    fn fetch(&mut self) -> Result<Fetched<String>> {
        if !self.is_reading {
            return Ok(Fetched { is_done: true, ..Fetched::default() });
        }
        let mut records = Vec::new();
        match self.read(&mut records) {
            Ok(Some(())) => {}
            Ok(None) => {
                self.connection = None;
                self.is_reading = self.may_retry();
                if self.is_reading && records.is_empty() {
                    self.pause("the server has closed it");
                }
            }
            Err(ReadFailure::Connection(error)) => {
                self.connection = None;
                // It may be half a record.
                self.delimited.clear();
                if !self.may_retry() {
                    let problem = format!(
                        "no connection to `{}:{}`: start the server before the job, or set `retries`",
                        self.source.host, self.source.port
                    );
                    return Err(Error::new(ErrorKind::External, problem).caused_by(error));
                }
                self.pause(&error.to_string());
            }
            Err(ReadFailure::Input(error)) => return Err(error),
        }
        Ok(Fetched { batch: records.into(), is_done: !self.is_reading })
    }

    fn snapshot(&self) -> Vec<()> {
        if self.is_reading { vec![()] } else { Vec::new() }
    }
}
