//! What has become of a job so far: each change of its status, when, and why.

use std::collections::VecDeque;

use millstream_state::Timestamp;

use crate::clock::Moment;
use crate::error::Error;
use crate::job::{JobMaster, JobStatus};

/// So many changes are remembered; a job that is restarted for weeks has more.
const REMEMBERED: usize = 1_000;

/// A change of a job's status.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StatusChange {
    /// What the status was from then on.
    pub status: JobStatus,
    /// When, by the time of day.
    pub time: Timestamp,
    /// What had failed, where that is why.
    pub cause: Option<Error>,
}

/// The last changes of a job's status.
#[derive(Default)]
pub(super) struct StatusHistory {
    changes: VecDeque<StatusChange>,
    /// How many have been forgotten.
    forgotten: u64,
    /// How many failures are among the causes.
    failures: u32,
    began: Option<Moment>,
    last: Option<Moment>,
}

impl StatusHistory {
    /// Takes note of where the job stands now.
    pub(super) fn update(&mut self, master: &JobMaster, now: Moment) {
        let (status, has_failed) = (master.status(), master.failures() != self.failures);
        self.failures = master.failures();
        let is_new = self.changes.back().is_none_or(|last| last.status != status);
        if !is_new && !has_failed {
            return;
        }
        self.began = self.began.or(Some(now));
        self.last = Some(now);
        let has_failed = has_failed || status == JobStatus::Failed;
        let cause = master.last_failure().filter(|_| has_failed).cloned();
        self.changes.push_back(StatusChange { status, time: now.wall, cause });
        if self.changes.len() > REMEMBERED {
            self.changes.pop_front();
            self.forgotten += 1;
        }
    }

    /// How long it took from the first change to the last.
    pub(super) fn duration(&self) -> std::time::Duration {
        let times = self.began.zip(self.last);
        times.map(|(began, last)| last.monotonic.saturating_sub(began.monotonic)).unwrap_or_default()
    }

    /// All that are remembered.
    pub(super) fn changes(&self) -> Vec<StatusChange> {
        self.changes.iter().cloned().collect()
    }

    /// The change with this number, or the first after it that is remembered; with the number of the next.
    pub(super) fn get(&self, number: u64) -> Option<(StatusChange, u64)> {
        let number = number.max(self.forgotten);
        let index = usize::try_from(number - self.forgotten).ok()?;
        self.changes.get(index).map(|change| (change.clone(), number + 1))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_reader_who_is_slow_misses_what_has_been_forgotten_and_nothing_else() {
        let mut history = StatusHistory::default();
        let moment = |millis: u64| Moment {
            monotonic: Duration::from_millis(millis),
            wall: Timestamp::from_millis(millis.cast_signed()),
        };
        let change = |time| StatusChange { status: JobStatus::Running, time, cause: None };
        history.changes.extend((0..5).map(|time| change(Timestamp::from_millis(time))));
        history.forgotten = 10;
        let (first, next) = history.get(3).unwrap();
        assert_eq!((first.time, next), (Timestamp::from_millis(0), 11));
        let (last, next) = history.get(14).unwrap();
        assert_eq!((last.time, next), (Timestamp::from_millis(4), 15));
        assert!(history.get(15).is_none());
        (history.began, history.last) = (Some(moment(5)), Some(moment(12)));
        assert_eq!(history.duration(), Duration::from_millis(7));
    }
}
