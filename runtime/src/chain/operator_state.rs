//! Operator state as a handle: a list of items that belongs to no key, in every snapshot without more ado.

use std::sync::Arc;

use millstream_state::Record;
use millstream_state::snapshot::part::Redistribution;
use parking_lot::Mutex;

use super::SnapshotContext;
use crate::error::Result;

/// A list of items that belongs to an operator as a whole, or rather to one of its subtasks. As the `ListState` of Flink's
/// operator state.
///
/// [`OpenContext::operator_list_state`](super::OpenContext::operator_list_state) declares it. Every snapshot has it as it is
/// at the barrier. A clone is another handle of the same list. The list is behind a lock, which nobody else
/// ever holds: it is made for hundreds of items, which not every record changes.
#[doc(alias("ListState", "OperatorStateStore"))]
pub struct OperatorListState<T>(Arc<Mutex<Arc<Vec<T>>>>);

impl<T> Clone for OperatorListState<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Record> OperatorListState<T> {
    pub(super) fn new(items: Vec<T>) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(items))))
    }

    /// The items as they are now; later changes do not show in what is returned.
    pub fn get(&self) -> Arc<Vec<T>> {
        self.0.lock().clone()
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends an item.
    pub fn add(&self, item: T) {
        Arc::make_mut(&mut self.0.lock()).push(item);
    }

    /// Appends items, in order.
    #[doc(alias = "extend")]
    pub fn add_all(&self, items: impl IntoIterator<Item = T>) {
        // What makes the items may look at the list.
        let items: Vec<T> = items.into_iter().collect();
        Arc::make_mut(&mut self.0.lock()).extend(items);
    }

    /// Puts these items in the place of those that there are. As Flink's `ListState.update`.
    pub fn set(&self, items: Vec<T>) {
        *self.0.lock() = Arc::new(items);
    }

    /// Changes the items. Seen through other handles meanwhile, there are none.
    #[doc(alias = "get_mut")]
    pub fn update<R>(&self, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
        let mut items = self.take();
        let result = change(&mut items);
        self.set(items);
        result
    }

    /// Removes all items, and returns them.
    pub fn take(&self) -> Vec<T> {
        let items = std::mem::take(&mut *self.0.lock());
        Arc::unwrap_or_clone(items)
    }

    /// Removes all items.
    pub fn clear(&self) {
        self.set(Vec::new());
    }

    pub(super) fn registered(&self, name: &str, redistribution: Redistribution) -> Box<dyn RegisteredState> {
        Box::new(Registered { name: name.to_owned(), redistribution, state: self.clone() })
    }
}

/// An operator state that is handed over with every snapshot.
pub(crate) trait RegisteredState: Send {
    fn name(&self) -> &str;
    fn snapshot(&self, cx: &mut SnapshotContext<'_>) -> Result<()>;
}

struct Registered<T> {
    name: String,
    redistribution: Redistribution,
    state: OperatorListState<T>,
}

impl<T: Record> RegisteredState for Registered<T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn snapshot(&self, cx: &mut SnapshotContext<'_>) -> Result<()> {
        cx.list(&self.name, self.redistribution, self.state.get().iter())
    }
}

#[cfg(test)]
mod tests;
