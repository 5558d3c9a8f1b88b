//! A bounded queue of one producer and one consumer that stands in for `crossbeam-channel`'s.
//!
//! A queue under a lock would order everything around it, and hide what the channel must do itself.
//! This one takes the steps of the array flavour, a bounded queue after Dmitry Vyukov, with the same
//! memory orders: what a look at a full or an empty queue guarantees is the same.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::{Arc, Mutex};

use loom::sync::atomic::fence;
use loom::thread::yield_now;

use super::atomic::AtomicUsize;

/// In the tail: the consumer is gone.
const GONE: usize = 1;
/// What the tail advances by.
const ONE: usize = 2;

struct Slot<T> {
    /// The position that may be written here next, or one more than the one that may be read.
    stamp: AtomicUsize,
    /// No thread ever waits for this lock, and the checker does not see it: who may touch the value
    /// is what the stamp says.
    value: Mutex<Option<T>>,
}

struct Queue<T> {
    slots: Vec<Slot<T>>,
    head: AtomicUsize,
    tail: AtomicUsize,
}

impl<T> Queue<T> {
    fn slot(&self, position: usize) -> &Slot<T> {
        &self.slots[position % self.slots.len()]
    }
}

/// The producer's end.
pub struct Sender<T>(Arc<Queue<T>>);

/// The consumer's end.
pub struct Receiver<T>(Arc<Queue<T>>);

/// Why nothing was sent.
#[derive(Debug)]
pub enum TrySendError<T> {
    /// There is no room.
    Full(T),
    /// There is no consumer.
    Disconnected(T),
}

/// A queue with room for `capacity` values.
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let slot = |position| Slot { stamp: AtomicUsize::new(position), value: Mutex::new(None) };
    let slots = (0..capacity).map(slot).collect();
    let queue = Arc::new(Queue { slots, head: AtomicUsize::new(0), tail: AtomicUsize::new(0) });
    (Sender(queue.clone()), Receiver(queue))
}

impl<T> Sender<T> {
    /// As `crossbeam_channel::Sender::try_send`.
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        let queue = &self.0;
        loop {
            let tail = queue.tail.load(Relaxed);
            if tail & GONE != 0 {
                return Err(TrySendError::Disconnected(value));
            }
            let position = tail / ONE;
            let slot = queue.slot(position);
            let stamp = slot.stamp.load(Acquire);
            if stamp == position {
                if queue.tail.replace(tail, tail + ONE) {
                    assert!(slot.value.lock().unwrap().replace(value).is_none(), "the slot was free");
                    slot.stamp.store(position + 1, Release);
                    return Ok(());
                }
            } else if stamp + queue.slots.len() == position + 1 {
                fence(SeqCst);
                if queue.head.load(Relaxed) + queue.slots.len() == position {
                    return Err(TrySendError::Full(value));
                }
            }
            yield_now();
        }
    }

    /// As `crossbeam_channel::Sender::len`.
    #[expect(clippy::len_without_is_empty, reason = "only what the sources call is here")]
    pub fn len(&self) -> usize {
        loop {
            let tail = self.0.tail.load(SeqCst);
            let head = self.0.head.load(SeqCst);
            if self.0.tail.load(SeqCst) == tail {
                return (tail / ONE).saturating_sub(head);
            }
            yield_now();
        }
    }
}

impl<T> Receiver<T> {
    /// As `crossbeam_channel::Receiver::try_recv`, which also says why there is nothing.
    #[expect(clippy::result_unit_err, reason = "only what the sources use is here")]
    pub fn try_recv(&self) -> Result<T, ()> {
        let queue = &self.0;
        loop {
            let head = queue.head.load(Relaxed);
            let slot = queue.slot(head);
            let stamp = slot.stamp.load(Acquire);
            if stamp == head + 1 {
                if queue.head.replace(head, head + 1) {
                    let value = slot.value.lock().unwrap().take();
                    slot.stamp.store(head + queue.slots.len(), Release);
                    return Ok(value.expect("the stamp says that there is a value"));
                }
            } else if stamp == head {
                fence(SeqCst);
                if queue.tail.load(Relaxed) / ONE == head {
                    return Err(());
                }
            }
            yield_now();
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // An execution that has failed is only cleaned up, and the checker no longer there.
        if !std::thread::panicking() {
            self.0.tail.set_bits(GONE);
        }
    }
}
