//! The real clock and the real pools.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Sender, unbounded};
use futures::future::BoxFuture;
use millstream_state::Timestamp;
use millstream_state::snapshot::write::CpuPool;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::clock::{Clock, IoPool};
use crate::error::{Error, ErrorKind, Result};

/// How many threads wait for I/O.
const IO_THREADS: usize = 2;

/// How many threads encode snapshots: they compete with the arbiters for the cores.
const CPU_THREADS: usize = 2;

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

    fn spawn_blocking(&self, work: Computation) {
        self.0.spawn_blocking(work);
    }

    fn sleep(self: Arc<Self>, delay: Duration) -> BoxFuture<'static, ()> {
        // Made when it is first polled: only then is it sure to be on a thread of the pool.
        Box::pin(async move { tokio::time::sleep(delay).await })
    }
}

type Computation = Box<dyn FnOnce() + Send>;

/// Threads that encode snapshots. They end when the last handle is dropped and what was asked for is done.
pub(super) struct CpuThreads(Sender<Computation>);

impl CpuThreads {
    pub(super) fn start() -> Result<Self> {
        let (queue, next) = unbounded::<Computation>();
        for _ in 0..CPU_THREADS {
            let next = next.clone();
            // A panic goes to the caller that waits for the result: the thread goes on.
            let work = move || next.into_iter().for_each(|work| drop(catch_unwind(AssertUnwindSafe(work))));
            let started = std::thread::Builder::new().name("millstream cpu".to_owned()).spawn(work);
            started.map_err(|error| {
                Error::new(ErrorKind::External, "cannot start the threads that encode snapshots")
                    .caused_by(error)
            })?;
        }
        Ok(Self(queue))
    }
}

impl CpuPool for CpuThreads {
    fn compute(&self, work: Computation) {
        // The threads live as long as this.
        let _ = self.0.send(work);
    }
}
