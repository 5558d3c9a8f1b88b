//! One bounded channel between an upstream and a downstream subtask, on which nobody ever waits.
//!
//! A producer that finds it full raises a flag and goes to sleep; the consumer wakes it after
//! the next take. That is backpressure, and it reaches the source.

use std::sync::Arc;
use std::task::Waker;

use crate::batch::Batch;
use crate::event::Event;
use crate::pool::BatchPool;
use crate::sync::{AtomicBool, Ordering, Receiver, Sender, TrySendError, WakeStep, bounded, omits};

/// Slots kept back for events that are not records, so that a barrier finds room in a full channel.
const CONTROL_SLOTS: usize = 1;

struct Signals {
    /// Set by a producer that found no room; the consumer then wakes it after a take.
    producer_waits: AtomicBool,
    producer: Waker,
    consumer: Waker,
}

/// The producer's end.
pub struct ChannelSender<T> {
    sender: Sender<Event<T>>,
    signals: Arc<Signals>,
    pool: Arc<BatchPool<T>>,
    capacity: usize,
}

/// The consumer's end.
pub struct ChannelReceiver<T> {
    receiver: Receiver<Event<T>>,
    signals: Arc<Signals>,
    pool: Arc<BatchPool<T>>,
}

/// A channel with room for `capacity` batches; each end wakes the other's task. Batches that have
/// been read go back to the producer's `pool`.
pub fn channel<T>(
    capacity: usize,
    pool: Arc<BatchPool<T>>,
    producer: Waker,
    consumer: Waker,
) -> (ChannelSender<T>, ChannelReceiver<T>) {
    let (sender, receiver) = bounded(capacity + CONTROL_SLOTS);
    let signals = Arc::new(Signals { producer_waits: AtomicBool::new(false), producer, consumer });
    (
        ChannelSender { sender, signals: signals.clone(), pool: pool.clone(), capacity },
        ChannelReceiver { receiver, signals, pool },
    )
}

impl<T> ChannelSender<T> {
    /// Sends without waiting. Without room the event comes back, and the producer's task is woken
    /// when there is some. To a consumer that is gone (its attempt is being torn down) sending does nothing,
    /// but a channel that was full of batches then takes no more of them, and its producer is not woken.
    pub fn try_send(&self, event: Event<T>) -> Result<(), Event<T>> {
        let Err(event) = self.offer(event) else { return Ok(()) };
        #[cfg(test)]
        tests::before_flag();
        // Raise the flag, then look again: the consumer may have made room between.
        self.signals.producer_waits.store(true, Ordering::SeqCst);
        if omits(WakeStep::SecondLook) {
            return Err(event);
        }
        self.offer(event)
    }

    /// An empty batch with room for a full one.
    pub fn empty_batch(&self) -> Batch<T> {
        self.pool.take()
    }

    fn offer(&self, event: Event<T>) -> Result<(), Event<T>> {
        // There is one producer, so the room seen here cannot be taken by another.
        if matches!(event, Event::Batch(_)) && self.sender.len() >= self.capacity {
            return Err(event);
        }
        match self.sender.try_send(event) {
            Ok(()) => {
                self.signals.consumer.wake_by_ref();
                Ok(())
            }
            Err(TrySendError::Full(event)) => Err(event),
            Err(TrySendError::Disconnected(_)) => Ok(()),
        }
    }
}

impl<T> ChannelReceiver<T> {
    /// Takes the next event, if there is one.
    #[inline]
    pub fn try_receive(&self) -> Option<Event<T>> {
        let event = self.receiver.try_recv().ok()?;
        let waits = &self.signals.producer_waits;
        if waits.load(Ordering::SeqCst) && waits.swap(false, Ordering::SeqCst) {
            self.signals.producer.wake_by_ref();
        }
        Some(event)
    }

    /// Gives back a batch that has been read.
    pub fn give_back(&self, batch: Batch<T>) {
        self.pool.give_back(batch);
    }
}

#[cfg(test)]
mod tests;
