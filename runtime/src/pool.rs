//! Batches that have been read, on their way back to be filled again.
//!
//! Memory that was written and read a moment ago is still in the cache; fresh memory is not. That
//! makes more of a difference to the writing of a batch than everything else that is done to it.

use parking_lot::Mutex;

use crate::batch::Batch;

/// An outlet keeps so many batches at most: as many as a subtask may send in one run.
const BATCHES: usize = 16;

/// And so many bytes at most.
const BYTES: usize = 1 << 20;

/// The emptied batches of one outlet: the consumers give them back, the producer takes them, the
/// warmest first. A side that finds it locked does without.
pub struct BatchPool<T>(Mutex<Vec<Batch<T>>>);

impl<T> Default for BatchPool<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T> BatchPool<T> {
    const CAPACITY: usize = {
        let fit = BYTES / (Batch::<T>::FULL * size_of::<T>() + 1);
        if fit < BATCHES { fit } else { BATCHES }
    };

    /// An empty batch, of those given back if there is one. A new one takes memory as it is filled: of
    /// many channels most are seldom filled.
    pub fn take(&self) -> Batch<T> {
        self.0.try_lock().and_then(|mut batches| batches.pop()).unwrap_or_default()
    }

    /// Gives a batch back; what is in it is dropped.
    pub fn give_back(&self, mut batch: Batch<T>) {
        batch.clear();
        if batch.capacity() > 0
            && let Some(mut batches) = self.0.try_lock()
            && batches.len() < Self::CAPACITY
        {
            batches.push(batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_is_taken_again_empty() {
        let pool = BatchPool::default();
        let mut batch = Batch::with_room();
        batch.push("record".to_owned(), millstream_state::Timestamp::from_millis(1));
        let records = batch.records().as_ptr();
        pool.give_back(batch);
        let again = pool.take();
        assert!(again.is_empty() && !again.has_timestamps() && again.capacity() >= Batch::<String>::FULL);
        assert_eq!(again.records().as_ptr(), records);
        assert_eq!(pool.take().capacity(), 0, "it is given once");
    }

    #[test]
    fn only_some_are_kept_and_none_without_memory() {
        let pool = BatchPool::<u64>::default();
        pool.give_back(Batch::default());
        assert_eq!(pool.0.lock().len(), 0, "an operator has moved its records elsewhere");
        (0..2 * BATCHES).for_each(|_| pool.give_back(Batch::with_room()));
        assert_eq!(pool.0.lock().len(), BATCHES);
        assert_eq!(BatchPool::<[u8; 1 << 20]>::CAPACITY, 0, "a batch of 64 MiB is not worth keeping");
    }
}
