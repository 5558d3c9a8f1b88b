//! One bounded channel between an upstream and a downstream subtask, on which nobody ever waits.
//!
//! A producer that finds it full raises a flag and goes to sleep; the consumer wakes it after
//! the next take. That is backpressure, and it reaches the source.

use std::cell::Cell;
use std::sync::Arc;
use std::task::Waker;

use crate::batch::Batch;
use crate::event::Event;
use crate::pool::BatchPool;
use crate::sync::{
    AtomicBool, AtomicU64, AtomicUsize, Ordering, Receiver, Sender, TrySendError, WakeStep, bounded, omits,
};

/// Slots kept back for events that are not records, so that a barrier finds room in a full channel.
const CONTROL_SLOTS: usize = 1;

struct Signals {
    /// Set by a producer that found no room; the consumer then wakes it after a take.
    producer_waits: AtomicBool,
    /// The latest checkpoint whose barrier the producer has sent, or is about to.
    announced: AtomicU64,
    /// The latest checkpoint for which the consumer takes out all that comes before its barrier, to record it.
    recorded: AtomicU64,
    /// How many batches the consumer has taken out and not worked off. They take up room as before.
    stashed: AtomicUsize,
    producer: Waker,
    consumer: Waker,
}

/// The producer's end.
pub struct ChannelSender<T> {
    sender: Sender<Event<T>>,
    signals: Arc<Signals>,
    pool: Arc<BatchPool<T>>,
    capacity: usize,
    /// The latest checkpoint whose barrier is in the channel.
    passed: Cell<u64>,
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
    let signals = Arc::new(Signals {
        producer_waits: AtomicBool::new(false),
        announced: AtomicU64::new(0),
        recorded: AtomicU64::new(0),
        stashed: AtomicUsize::new(0),
        producer,
        consumer,
    });
    (
        ChannelSender {
            sender,
            signals: signals.clone(),
            pool: pool.clone(),
            capacity,
            passed: Cell::new(0),
        },
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

    /// Says that the barrier of this checkpoint follows, before it finds room in the channel: what comes before it
    /// is all there.
    pub fn announce_barrier(&self, checkpoint: u64) {
        self.signals.announced.store(checkpoint, Ordering::SeqCst);
        self.signals.consumer.wake_by_ref();
    }

    /// An empty batch with room for a full one.
    pub fn empty_batch(&self) -> Batch<T> {
        self.pool.take()
    }

    /// Whether there are more batches than there is room for, because a checkpoint has overtaken some. The
    /// producer is woken when that is no longer so.
    pub fn is_over_full(&self) -> bool {
        if self.signals.stashed.load(Ordering::SeqCst) == 0 || self.batches() <= self.capacity {
            return false;
        }
        self.signals.producer_waits.store(true, Ordering::SeqCst);
        self.batches() > self.capacity
    }

    fn batches(&self) -> usize {
        self.sender.len() + self.signals.stashed.load(Ordering::SeqCst)
    }

    fn offer(&self, event: Event<T>) -> Result<(), Event<T>> {
        // There is one producer, so the room seen here cannot be taken by another. What comes before a barrier that
        // the consumer waits for needs none.
        if matches!(event, Event::Batch(_))
            && self.batches() >= self.capacity
            && self.signals.recorded.load(Ordering::SeqCst) <= self.passed.get()
        {
            return Err(event);
        }
        let checkpoint =
            if let Event::Barrier(barrier) = &event { Some(barrier.checkpoint.number()) } else { None };
        match self.sender.try_send(event) {
            Ok(()) => {
                if let Some(checkpoint) = checkpoint {
                    self.passed.set(checkpoint);
                }
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
        self.wake_producer();
        Some(event)
    }

    /// Wakes a producer that waits for room.
    #[inline]
    fn wake_producer(&self) {
        let waits = &self.signals.producer_waits;
        if waits.load(Ordering::SeqCst) && waits.swap(false, Ordering::SeqCst) {
            self.signals.producer.wake_by_ref();
        }
    }

    /// Takes the next event without making room for another: it is worked off later,
    /// [`work_off`](Self::work_off) says when.
    pub fn stash(&self) -> Option<Event<T>> {
        // First, so that no producer sees room in between.
        self.signals.stashed.fetch_add(1, Ordering::SeqCst);
        let event = self.receiver.try_recv().ok();
        if event.is_none() {
            self.signals.stashed.fetch_sub(1, Ordering::SeqCst);
        }
        // There may be room in the queue for what has waited for that.
        self.wake_producer();
        event
    }

    /// An event that was stashed is worked off.
    pub fn work_off(&self) {
        self.signals.stashed.fetch_sub(1, Ordering::SeqCst);
        self.wake_producer();
    }

    /// From now on all that comes before the barrier of this checkpoint is taken out, so that no batch before it needs
    /// to wait for room.
    pub fn record_until(&self, checkpoint: u64) {
        self.signals.recorded.store(checkpoint, Ordering::SeqCst);
        self.wake_producer();
    }

    /// The latest checkpoint whose barrier has come, or is on its way.
    pub fn announced_barrier(&self) -> u64 {
        self.signals.announced.load(Ordering::SeqCst)
    }

    /// Gives back a batch that has been read.
    pub fn give_back(&self, batch: Batch<T>) {
        self.pool.give_back(batch);
    }
}

#[cfg(test)]
mod tests;
