//! Futures that can be given up, in place of those of `futures`.
//!
//! Theirs would work in a model, but the checker does not see their steps, and would try only one
//! order of giving up and going on. The waker lies under a lock here.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};

use loom::sync::Mutex;
use loom::sync::atomic::AtomicBool;

#[derive(Debug)]
struct Shared {
    aborted: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// Gives a future up.
#[derive(Debug)]
pub struct AbortHandle(Arc<Shared>);

impl AbortHandle {
    /// As [`futures::future::AbortHandle::abort`].
    pub fn abort(&self) {
        // An execution that has failed is only cleaned up, and the checker no longer there.
        if std::thread::panicking() {
            return;
        }
        self.0.aborted.store(true, Ordering::Relaxed);
        let waker = self.0.waker.lock().unwrap().take();
        waker.into_iter().for_each(Waker::wake);
    }
}

/// A future that can be given up.
pub struct Abortable<F> {
    future: Pin<Box<F>>,
    shared: Arc<Shared>,
}

/// As [`futures::future::abortable`].
pub fn abortable<F: Future>(future: F) -> (Abortable<F>, AbortHandle) {
    let shared = Arc::new(Shared { aborted: AtomicBool::new(false), waker: Mutex::new(None) });
    (Abortable { future: Box::pin(future), shared: shared.clone() }, AbortHandle(shared))
}

impl<F: Future> Future for Abortable<F> {
    type Output = Result<F::Output, futures::future::Aborted>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let aborted = Poll::Ready(Err(futures::future::Aborted));
        if self.shared.aborted.load(Ordering::Relaxed) {
            return aborted;
        }
        if let Poll::Ready(output) = self.future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        *self.shared.waker.lock().unwrap() = Some(context.waker().clone());
        // Given up before the waker was there.
        if self.shared.aborted.load(Ordering::Relaxed) { aborted } else { Poll::Pending }
    }
}
