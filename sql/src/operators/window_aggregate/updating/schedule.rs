//! Groups that wait for a time of the clock.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use millstream_state::rows::RowRef;

/// When which group is due, in milliseconds.
#[derive(Default)]
pub(super) struct Schedule {
    due: BTreeMap<i64, Vec<RowRef>>,
    /// When a group is; others of its entries mean nothing any more.
    of_group: HashMap<RowRef, i64>,
}

impl Schedule {
    /// A group waits from now on, unless it does already.
    pub(super) fn begin(&mut self, group: RowRef, due: i64) {
        if let Entry::Vacant(waiting) = self.of_group.entry(group) {
            waiting.insert(due);
            self.due.entry(due).or_default().push(group);
        }
    }

    /// A group waits no longer.
    pub(super) fn remove(&mut self, group: RowRef) {
        self.of_group.remove(&group);
    }

    /// When the next group may be due.
    pub(super) fn next(&self) -> Option<i64> {
        self.due.first_key_value().map(|(due, _)| *due)
    }

    /// A group that is due, and since when; it waits no longer.
    pub(super) fn take_due(&mut self, now: i64) -> Option<(i64, RowRef)> {
        loop {
            let mut first = self.due.first_entry().filter(|entry| *entry.key() <= now)?;
            let due = *first.key();
            let Some(group) = first.get_mut().pop() else {
                first.remove();
                continue;
            };
            if self.of_group.get(&group) == Some(&due) {
                self.of_group.remove(&group);
                return Some((due, group));
            }
        }
    }
}
