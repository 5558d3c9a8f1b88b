//! The transactional ids of one writer, and the producers that use them.
//!
//! An id whose transaction waits to be committed must not be used: initialising it aborts the transaction. So every
//! transaction takes an id that is free, and there are as many as transactions are open at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::recover::Share;
use crate::kafka::client::{TransactionName, TransactionProducer};

/// The ids of one writer.
pub(super) struct Pool {
    share: Share,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Ids that have a transaction, or may have one.
    taken: BTreeSet<String>,
    /// Of these, the ones of the restored snapshot. They are not used in this attempt: whoever commits their transactions
    /// may abort what he finds there instead.
    restored: BTreeSet<String>,
    /// Of these, the ones with a transaction that a snapshot counts on, and that is not known to be committed.
    in_doubt: BTreeSet<String>,
    /// Producers without a transaction.
    idle: BTreeMap<String, Arc<TransactionProducer>>,
    /// Producers whose transactions wait to be committed.
    prepared: BTreeMap<TransactionName, Arc<TransactionProducer>>,
    /// When each transaction of this attempt was begun that is not known to be committed, on the monotonic clock.
    begun: BTreeMap<String, Duration>,
    /// No transaction follows.
    is_ending: bool,
}

impl Pool {
    pub(super) fn new(share: Share) -> Self {
        Self { share, state: Mutex::default() }
    }

    pub(super) const fn share(&self) -> &Share {
        &self.share
    }

    /// Takes note of ids with transactions that the restored snapshot counts on.
    pub(super) fn restore(&self, ids: impl IntoIterator<Item = String>) {
        let mut state = self.state.lock();
        for id in ids {
            state.taken.insert(id.clone());
            state.restored.insert(id.clone());
            state.in_doubt.insert(id);
        }
    }

    /// The ids of all transactions that a snapshot counts on.
    pub(super) fn in_doubt(&self) -> BTreeSet<String> {
        self.state.lock().in_doubt.clone()
    }

    /// When the oldest transaction was begun that is not committed, on the monotonic clock.
    pub(super) fn oldest(&self) -> Option<Duration> {
        self.state.lock().begun.values().min().copied()
    }

    /// Takes a free id.
    pub(super) fn take(&self, now: Duration) -> String {
        let mut state = self.state.lock();
        let idle = state.idle.keys().find(|id| !state.taken.contains(*id)).cloned();
        let id = idle.unwrap_or_else(|| {
            let ids = (0..).map(|number| self.share.id(number));
            ids.into_iter().find(|id| !state.taken.contains(id)).unwrap_or_default()
        });
        state.taken.insert(id.clone());
        state.begun.insert(id.clone(), now);
        id
    }

    /// A producer can use this id.
    pub(super) fn ready(&self, id: String, producer: Arc<TransactionProducer>) {
        self.state.lock().idle.insert(id, producer);
    }

    /// The producer that has used this id last, if it still can.
    pub(super) fn idle(&self, id: &str) -> Option<Arc<TransactionProducer>> {
        self.state.lock().idle.remove(id)
    }

    /// From now on snapshots count on the transaction of this id.
    pub(super) fn doubt(&self, id: &str) {
        self.state.lock().in_doubt.insert(id.to_owned());
    }

    /// A transaction waits to be committed.
    pub(super) fn prepared(&self, name: TransactionName, producer: Arc<TransactionProducer>) {
        self.state.lock().prepared.insert(name, producer);
    }

    /// The producer of a transaction that waits to be committed.
    pub(super) fn producer_of(&self, name: &TransactionName) -> Option<Arc<TransactionProducer>> {
        self.state.lock().prepared.remove(name)
    }

    /// The transactions of these ids are committed, and no snapshot lists them from now on: the ids may be used again. Before
    /// that, a snapshot could have two transactions of one id, and whoever commits the earlier would abort the later.
    pub(super) fn settled<'a>(&self, ids: impl IntoIterator<Item = &'a String>) {
        let mut state = self.state.lock();
        for id in ids {
            if !state.restored.contains(id) {
                state.taken.remove(id);
            }
            state.in_doubt.remove(id);
            state.begun.remove(id);
        }
    }

    /// The transaction of this id is committed, and its producer ready for the next, once the id is
    /// [settled](Self::settled). Gives it back if none follows.
    pub(super) fn committed(
        &self,
        id: &str,
        producer: Arc<TransactionProducer>,
    ) -> Option<Arc<TransactionProducer>> {
        let mut state = self.state.lock();
        if state.is_ending {
            return Some(producer);
        }
        state.idle.insert(id.to_owned(), producer);
        None
    }

    /// No transaction follows: gives the producers back that have none.
    pub(super) fn end(&self) -> Vec<Arc<TransactionProducer>> {
        let mut state = self.state.lock();
        state.is_ending = true;
        std::mem::take(&mut state.idle).into_values().collect()
    }
}
