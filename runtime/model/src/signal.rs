//! What the threads of a model sleep on.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::{Condvar, Mutex};

use crate::wake_flag::Mailbox;

/// A number of wake-ups that nobody has slept through yet.
struct Count {
    number: Mutex<usize>,
    changed: Condvar,
}

impl Count {
    fn new() -> Self {
        Self { number: Mutex::new(0), changed: Condvar::new() }
    }

    /// Sleeps while there is none, then lets `take` change their number.
    fn wait(&self, take: impl FnOnce(&mut usize)) {
        let mut number = self.number.lock().unwrap();
        while *number == 0 {
            number = self.changed.wait(number).unwrap();
        }
        take(&mut number);
    }

    /// One more; returns how many there were.
    fn add(&self) -> usize {
        let mut number = self.number.lock().unwrap();
        *number += 1;
        self.changed.notify_one();
        *number - 1
    }
}

/// Wakes one thread; a wake-up that comes while it is awake is kept.
pub struct Signal(Count);

impl Signal {
    /// A signal that has not been given.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(Count::new()))
    }

    /// Sleeps until it is given.
    pub fn wait(&self) {
        self.0.wait(|given| *given = 0);
    }

    /// Runs a future to its end, asleep while it waits.
    pub fn block_on<T>(future: impl Future<Output = T>) -> T {
        let (signal, mut future) = (Self::new(), Box::pin(future));
        let waker = Waker::from(signal.clone());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            signal.wait();
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // An execution that has failed is only cleaned up, and the checker no longer there.
        if !std::thread::panicking() {
            self.0.add();
        }
    }
}

/// The mailbox of an actor, with nothing but runs in it.
#[derive(Clone)]
pub struct Runs(Arc<Count>);

impl Runs {
    /// An empty mailbox.
    #[expect(clippy::new_without_default, reason = "a mailbox is made inside a model, and on purpose")]
    pub fn new() -> Self {
        Self(Arc::new(Count::new()))
    }

    /// Sleeps until a run is queued, and takes it.
    pub fn next(&self) {
        self.0.wait(|queued| *queued -= 1);
    }
}

impl Mailbox for Runs {
    fn queue_run(&self) {
        assert_eq!(self.0.add(), 0, "at most one run is queued");
    }
}
