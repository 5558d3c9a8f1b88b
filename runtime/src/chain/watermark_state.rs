//! How far event time had come in an operator when a snapshot was taken.
//!
//! Whether a record is late must not depend on a failure in between, and a window that has fired must not fire again.
//! Behind an aligned barrier all subtasks have come to the same watermark. An unaligned checkpoint finds some
//! further than others, so each subtask's watermark is kept with the key groups that it holds for.

use millstream_state::snapshot::part::Redistribution;
use millstream_state::{KeyGroupRange, Timestamp};

use super::{OpenContext, SnapshotContext};
use crate::error::Result;

const STATE: &str = "_watermarks";

/// First and last key group of a subtask, the latter not included, and its watermark.
type Reached = (u16, u16, Timestamp);

/// How far event time had come in the key groups of a subtask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredWatermark {
    reached: Timestamp,
    earliest: Timestamp,
    ahead: Vec<(KeyGroupRange, Timestamp)>,
}

impl Default for RestoredWatermark {
    fn default() -> Self {
        Self { reached: Timestamp::MIN, earliest: Timestamp::MIN, ahead: Vec::new() }
    }
}

impl RestoredWatermark {
    /// What all key groups had come to; [`Timestamp::MIN`] where nothing is known.
    pub const fn reached(&self) -> Timestamp {
        self.reached
    }

    /// What all subtasks had come to, whichever key groups they had: for what does not go by key groups.
    pub const fn earliest(&self) -> Timestamp {
        self.earliest
    }

    /// What a key group had come to.
    pub fn of_group(&self, group: usize) -> Timestamp {
        let ahead = self
            .ahead
            .iter()
            .find(|(range, _)| (range.start()..range.start() + range.len()).contains(&group));
        ahead.map_or(self.reached, |(_, watermark)| *watermark)
    }

    /// Whether some key groups had come further than others.
    pub const fn is_uneven(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Event time has come to `watermark`: key groups that were not further do not matter any more.
    pub fn advance(&mut self, watermark: Timestamp) {
        if !self.ahead.is_empty() {
            self.ahead.retain(|(_, reached)| *reached > watermark);
        }
    }

    fn of(own: KeyGroupRange, stored: Vec<Reached>) -> Self {
        // A stream that had ended and goes on has other data: its time begins anew.
        let watermarks = stored.iter().map(|(_, _, watermark)| *watermark);
        let earliest = watermarks.filter(|it| *it != Timestamp::MAX).min().unwrap_or(Timestamp::MIN);
        let meets = |(start, end, watermark): Reached| {
            let (start, end) = (start.max(own.first()), end.min(own.end()));
            (start < end && watermark != Timestamp::MAX)
                .then_some((KeyGroupRange::new(start, end), watermark))
        };
        let mut ahead: Vec<_> = stored.into_iter().filter_map(meets).collect();
        let reached = ahead.iter().map(|(_, watermark)| *watermark).min().unwrap_or(Timestamp::MIN);
        ahead.retain(|(_, watermark)| *watermark > reached);
        Self { reached, earliest, ahead }
    }
}

impl OpenContext<'_> {
    /// How far event time had come. `old_state` is where snapshots of earlier versions hold it.
    ///
    /// # Errors
    /// If it does not decode.
    pub fn take_watermark(&mut self, old_state: &str) -> Result<RestoredWatermark> {
        let old = self.take_list::<Timestamp>(old_state)?.unwrap_or_default();
        let stored = self.take_list::<Reached>(STATE)?.unwrap_or_default();
        let own = self.info().range();
        // They were the same wherever they were written.
        let old = old.into_iter().min().map(|watermark| (own.first(), own.end(), watermark));
        Ok(RestoredWatermark::of(own, stored.into_iter().chain(old).collect()))
    }
}

impl SnapshotContext<'_> {
    /// Keeps how far event time has come; [`OpenContext::take_watermark`] gives it back.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn watermark(&mut self, watermark: Timestamp) -> Result<()> {
        let own = self.range();
        self.list(STATE, Redistribution::Union, [&(own.first(), own.end(), watermark)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_subtask_goes_on_from_its_own_watermark() {
        let stored = vec![(0, 4, at(10)), (4, 8, at(5))];
        let restored = RestoredWatermark::of(KeyGroupRange::new(0, 4), stored);
        assert_eq!((restored.reached(), restored.is_uneven()), (at(10), false));
    }

    #[test]
    fn key_groups_that_were_further_stay_so_until_the_others_have_caught_up() {
        let stored = vec![(0, 4, at(10)), (4, 8, at(5)), (8, 12, at(7))];
        let mut restored = RestoredWatermark::of(KeyGroupRange::new(2, 9), stored);
        assert_eq!([2, 3, 4, 7, 8].map(|group| restored.of_group(group)), [10, 10, 5, 5, 7].map(at));
        assert_eq!(restored.reached(), at(5));
        restored.advance(at(8));
        assert!(restored.is_uneven());
        restored.advance(at(10));
        assert!(!restored.is_uneven());
    }

    #[test]
    fn time_begins_anew_where_it_had_ended() {
        let stored = vec![(0, 4, Timestamp::MAX), (4, 8, at(5))];
        let ended = RestoredWatermark::of(KeyGroupRange::new(0, 4), stored.clone());
        assert_eq!((ended.reached(), ended.earliest()), (Timestamp::MIN, at(5)));
        assert_eq!(RestoredWatermark::of(KeyGroupRange::new(0, 8), stored).reached(), at(5));
    }
}
