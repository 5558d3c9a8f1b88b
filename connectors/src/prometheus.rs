//! An endpoint that Prometheus scrapes: the metrics of a running job, by HTTP. As Flink's `PrometheusReporter`.
//!
//! It understands as much of HTTP/1.1 as a scrape needs: one `GET` or `HEAD` of `/metrics` for each connection, of a bounded length and within a
//! bounded time. It is for the network of whoever operates the job: there is neither encryption nor a password.

mod request;

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use millstream_runtime::driver::actor::JobHandle;
use millstream_runtime::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::request::Request;

/// Only for this machine, and the port of Flink's reporter (`metrics.reporter.prom.port`).
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:9249";

/// How long a request with its headers may be.
const LONGEST_HEAD: usize = 8 << 10;
/// How long a scrape may take, from the connection to the last byte.
const LONGEST_SCRAPE: Duration = Duration::from_secs(10);
/// How many scrapes there may be at a time; others wait.
const SCRAPES: usize = 8;
/// Before the next connection, after one that could not be accepted: there may be too many open files.
const PAUSE: Duration = Duration::from_millis(100);

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves the metrics of a job at `address`, such as [`DEFAULT_ADDRESS`], for as long as the job runs; returns the address, with the port that
/// the system has chosen where it was 0. The names are those of [`JobHandle::prometheus_text`].
///
/// # Errors
/// [`ErrorKind::External`] if the address cannot be had, because another process uses the port for instance.
///
/// ```
/// use std::io::{Read, Write};
///
/// use millstream::connectors::prometheus;
/// use millstream::prelude::*;
///
/// let env = Environment::new();
/// env.from_source(GeneratorSource::new(None, |number| number).rate(1_000.0)).discard();
/// let job = env.spawn("numbers")?;
/// let address = prometheus::serve(&job, "127.0.0.1:0")?;
///
/// # let scrape = || -> std::io::Result<String> {
/// let mut connection = std::net::TcpStream::connect(address)?;
/// connection.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
/// let mut answer = String::new();
/// connection.read_to_string(&mut answer)?;
/// # Ok(answer) };
/// # let answer = scrape().unwrap();
/// assert!(answer.contains("flink_jobmanager_job_numRestarts{job_name=\"numbers\"} 0"));
/// job.cancel();
/// job.join_blocking()?;
/// # Ok::<(), Error>(())
/// ```
#[doc(alias("PrometheusReporter", "metrics.reporter.prom.port"))]
pub fn serve(job: &JobHandle, address: impl ToSocketAddrs + std::fmt::Debug) -> Result<SocketAddr> {
    let cannot = |error: std::io::Error| {
        let problem = format!(
            "cannot serve metrics at {address:?}: choose another port if it is in use, or 0 for any that is free"
        );
        Error::new(ErrorKind::External, problem).caused_by(error)
    };
    let listener = TcpListener::bind(&address).map_err(cannot)?;
    listener.set_nonblocking(true).map_err(cannot)?;
    let local = listener.local_addr().map_err(cannot)?;
    tracing::info!(job = job.name(), address = %local, "serving metrics");
    let served = job.clone();
    job.spawn_io(async move {
        if let Err(error) = accept(listener, served).await {
            tracing::error!(%error, "metrics cannot be served");
        }
    });
    Ok(local)
}

async fn accept(listener: TcpListener, job: JobHandle) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let scrapes = Arc::new(Semaphore::new(SCRAPES));
    // It is never closed.
    while let Ok(permit) = scrapes.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((connection, _)) => {
                let scraped = job.clone();
                job.spawn_io(async move {
                    // Whoever is too slow, or has gone, gets nothing.
                    let _ = timeout(LONGEST_SCRAPE, answer(connection, &scraped)).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a scrape of the metrics could not be accepted");
                pause().await;
            }
        }
    }
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "on the I/O pool of a job that runs in production")]
async fn pause() {
    tokio::time::sleep(PAUSE).await;
}

async fn answer(mut connection: TcpStream, job: &JobHandle) -> std::io::Result<()> {
    let request = read_request(&mut connection).await?;
    let (status, body) = match request {
        Request::Metrics { .. } => ("200 OK", job.prometheus_text()),
        Request::OtherPath => ("404 Not Found", "the metrics are at /metrics\n".to_owned()),
        Request::OtherMethod => ("405 Method Not Allowed", "GET /metrics\n".to_owned()),
        Request::TooLong => ("431 Request Header Fields Too Large", String::new()),
        Request::Malformed | Request::Incomplete => ("400 Bad Request", String::new()),
    };
    let allow = if request == Request::OtherMethod { "Allow: GET, HEAD\r\n" } else { "" };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {TEXT}\r\nContent-Length: {length}\r\n{allow}Connection: close\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await?;
    if request != (Request::Metrics { only_head: true }) {
        connection.write_all(body.as_bytes()).await?;
    }
    connection.shutdown().await
}

async fn read_request(connection: &mut TcpStream) -> std::io::Result<Request> {
    let (mut head, mut filled) = (vec![0; LONGEST_HEAD], 0);
    loop {
        let Some(room) = head.get_mut(filled..).filter(|room| !room.is_empty()) else {
            return Ok(Request::TooLong);
        };
        let read = connection.read(room).await?;
        filled += read;
        let request = Request::parse(head.get(..filled).unwrap_or_default());
        if request != Request::Incomplete || read == 0 {
            return Ok(request);
        }
    }
}

#[cfg(test)]
mod tests;
