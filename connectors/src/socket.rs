//! A source of the lines of text that a server sends: for demonstrations and tests, as Flink's `socketTextStream`.

mod reader;

use std::time::Duration;

use millstream_operators::source::{BlockingReader, Source};
use millstream_runtime::Result;

pub use self::reader::SocketReader;

/// Between two connections, as in Flink.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// Connects to a server, and yields the text that it sends, line by line. As Flink's `socketTextStream`, for
/// demonstrations and tests: `nc -lk 9999` is a server.
///
/// **Nothing is read twice**: a server does not send again what it has sent. What came since the last checkpoint is lost when
/// the job fails, and what comes while it restarts, too.
///
/// One subtask reads, whatever the parallelism. Bytes that are no UTF-8 become `U+FFFD`, as in Flink. When the server closes the connection,
/// what came behind the last delimiter is the last record, and the stream ends, unless [`retries`](Self::retries) says otherwise.
///
/// ```
/// use std::io::Write;
/// use std::net::TcpListener;
///
/// use millstream::connectors::socket::SocketSource;
/// use millstream::prelude::*;
///
/// # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
/// let server = TcpListener::bind("127.0.0.1:0")?;
/// let port = server.local_addr()?.port();
/// let sent = std::thread::spawn(move || server.accept()?.0.write_all(b"to be\nor not\nto be\n"));
///
/// let env = Environment::new();
/// let lines = env.from_source(SocketSource::new("127.0.0.1", port)).collect();
/// env.execute("lines")?;
/// assert_eq!(lines.to_vec(), ["to be", "or not", "to be"]);
/// # sent.join().unwrap()?;
/// # Ok(())
/// # }
/// ```
#[doc(alias("socketTextStream", "SocketTextStreamFunction"))]
#[derive(Clone, Debug)]
pub struct SocketSource {
    host: String,
    port: u16,
    delimiter: String,
    retries: Option<u32>,
}

impl SocketSource {
    /// A source of what the server at this host and port sends.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, delimiter: "\n".to_owned(), retries: Some(0) }
    }

    /// Sets what separates records; a line feed unless set, before which a carriage return is left out.
    ///
    /// ```
    /// # use std::io::Write;
    /// # use std::net::TcpListener;
    /// # use millstream::connectors::socket::SocketSource;
    /// # use millstream::prelude::*;
    /// # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// # let server = TcpListener::bind("127.0.0.1:0")?;
    /// # let port = server.local_addr()?.port();
    /// # let sent = std::thread::spawn(move || server.accept()?.0.write_all(b"to, be, or not"));
    /// # let env = Environment::new();
    /// // The server sends "to, be, or not".
    /// let words = env.from_source(SocketSource::new("127.0.0.1", port).delimiter(", ")).collect();
    /// env.execute("words")?;
    /// assert_eq!(words.to_vec(), ["to", "be", "or not"]);
    /// # sent.join().unwrap()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.delimiter = delimiter.into();
        self
    }

    /// Sets how often in a row it is tried to connect again, half a second after the server has closed the connection or has
    /// refused one; 0 unless set, and `None` for as long as the job runs. When that was in vain, the stream ends if the connection was
    /// closed, and the job fails if there was none.
    ///
    /// ```
    /// # use std::io::Write;
    /// # use std::net::TcpListener;
    /// # use millstream::connectors::socket::SocketSource;
    /// # use millstream::prelude::*;
    /// # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    /// # let server = TcpListener::bind("127.0.0.1:0")?;
    /// # let port = server.local_addr()?.port();
    /// # let sent = std::thread::spawn(move || -> std::io::Result<()> {
    /// #     server.accept()?.0.write_all(b"before\n")?;
    /// #     server.accept()?.0.write_all(b"after\n")
    /// # });
    /// # let env = Environment::new();
    /// // The server sends "before", closes the connection, and sends "after" when it is asked again.
    /// let lines = env.from_source(SocketSource::new("127.0.0.1", port).retries(1)).collect();
    /// # let job = env.spawn("lines")?;
    /// # sent.join().unwrap()?;
    /// # // There is no server any more.
    /// # assert_eq!(job.join_blocking().unwrap_err().kind(), ErrorKind::External);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn retries(mut self, retries: impl Into<Option<u32>>) -> Self {
        self.retries = retries.into();
        self
    }
}

impl Source for SocketSource {
    type Record = String;
    /// That there is something to read: whoever has it reads.
    type Split = ();
    type Reader = BlockingReader<SocketReader>;

    fn kind(&self) -> &'static str {
        "Socket"
    }

    fn problem(&self) -> Option<String> {
        let nothing = |is_empty: bool, what: &str| is_empty.then(|| format!("the {what} is empty: give one"));
        nothing(self.host.is_empty(), "host of the socket")
            .or_else(|| nothing(self.delimiter.is_empty(), "delimiter of the socket's records"))
    }

    async fn discover(&self) -> Result<Vec<()>> {
        Ok(vec![()])
    }

    fn reader(&self) -> Self::Reader {
        BlockingReader::new(SocketReader::new(self.clone()))
    }
}

#[cfg(test)]
mod tests;
