//! The real clock and the real I/O pool.

use std::time::{Duration, Instant, SystemTime};

use futures::future::BoxFuture;
use millstream_state::Timestamp;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::clock::{Clock, IoPool};
use crate::error::{Error, ErrorKind, Result};

/// How many threads encode and upload snapshots and wait for I/O.
const IO_THREADS: usize = 2;

/// The name of this machine, as far as it can be told.
pub(super) fn host_name() -> String {
    let from_kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = std::env::var("HOSTNAME").ok().or_else(from_kernel).unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}

/// The system's clock.
pub(super) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(super) fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A tokio runtime for everything that may block or wait for the network.
pub(super) struct TokioPool {
    runtime: Runtime,
}

/// What tasks hold of the pool: it does not keep the runtime alive.
pub(super) struct TokioHandle(Handle);

impl TokioPool {
    pub(super) fn start() -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(IO_THREADS)
            .thread_name("millstream i/o")
            .enable_all()
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::External, "cannot start the I/O threads").caused_by(error)
            })?;
        Ok(Self { runtime })
    }

    pub(super) fn handle(&self) -> TokioHandle {
        TokioHandle(self.runtime.handle().clone())
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn stop(self) {
        self.runtime.shutdown_background();
    }
}

impl IoPool for TokioHandle {
    fn spawn(&self, work: BoxFuture<'static, ()>) {
        self.0.spawn(work);
    }
}
