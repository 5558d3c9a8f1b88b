//! What the readers of a source tell its enumerator, which is a task of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;

use crate::sync::Mutex;

/// The groups of an attempt, by source.
#[derive(Default)]
pub(crate) struct ReaderGroups(Mutex<BTreeMap<u64, Arc<ReaderGroup>>>);

impl ReaderGroups {
    /// The group of a source.
    pub(crate) fn group(&self, source: u64) -> Arc<ReaderGroup> {
        self.0.lock().entry(source).or_default().clone()
    }
}

/// The readers of a source whose enumerator waits for them.
///
/// Nothing of it is in snapshots: an attempt begins without, and what still holds is told again. To tell something
/// twice does no harm.
#[derive(Default)]
pub struct ReaderGroup(Mutex<Members>);

#[derive(Default)]
struct Members {
    /// How many there are, as the first has said.
    readers: Option<u32>,
    finished: BTreeSet<u32>,
    /// Is woken when something changes.
    enumerator: Option<Waker>,
}

/// What the readers of a source have told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderReports {
    /// How many readers there are; `None` until one of them has started.
    pub readers: Option<u32>,
    /// How many of them have read all that they will get of what they read now.
    pub finished: u32,
}

impl ReaderGroup {
    /// Said by each reader when it starts: how many there are.
    pub fn join(&self, readers: u32) {
        let mut members = self.0.lock();
        members.readers = Some(readers);
        members.wake();
    }

    /// Reader `reader` has read all that it will get.
    pub fn finish(&self, reader: u32) {
        let mut members = self.0.lock();
        members.finished.insert(reader);
        members.wake();
    }

    /// What has been told so far. `enumerator` is woken when that changes.
    pub(crate) fn look(&self, enumerator: &Waker) -> ReaderReports {
        let mut members = self.0.lock();
        members.enumerator = Some(enumerator.clone());
        let finished = u32::try_from(members.finished.len()).unwrap_or(u32::MAX);
        ReaderReports { readers: members.readers, finished }
    }
}

impl Members {
    fn wake(&mut self) {
        self.enumerator.take().into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_enumerator_is_woken_by_what_it_has_not_seen() {
        let (groups, woken) = (ReaderGroups::default(), Arc::new(Woken::default()));
        let (group, waker) = (groups.group(7), Waker::from(woken.clone()));
        let reports = |readers, finished| ReaderReports { readers, finished };
        assert_eq!(group.look(&waker), reports(None, 0));
        groups.group(7).join(2);
        groups.group(8).finish(0);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(group.look(&waker), reports(Some(2), 0));
        group.finish(1);
        group.finish(1);
        assert_eq!(woken.0.load(Ordering::Relaxed), 2, "it has not looked since");
        assert_eq!(group.look(&waker), reports(Some(2), 1));
        group.finish(0);
        assert_eq!(group.look(&waker), reports(Some(2), 2));
    }
}
