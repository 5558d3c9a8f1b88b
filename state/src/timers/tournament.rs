//! Which of many slots has the earliest timer: a tournament, in which a change costs as many comparisons as there are
//! rounds.

use crate::Timestamp;

/// The earliest timers of slots.
pub(super) struct Tournament {
    /// A node has the earlier of the times at twice its place and the place behind; the root is at 1, the slots' own
    /// times are in the second half.
    times: Vec<Option<Timestamp>>,
}

impl Tournament {
    /// No slot has a timer.
    pub(super) fn of(slots: usize) -> Self {
        Self { times: vec![None; 2 * slots.next_power_of_two()] }
    }

    const fn leaves(&self) -> usize {
        self.times.len() / 2
    }

    fn at(&self, node: usize) -> Option<Timestamp> {
        self.times.get(node).copied().flatten()
    }

    /// The earliest timer of all.
    #[inline]
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.at(1)
    }

    /// The slot that has it, the first of several.
    pub(super) fn first_slot(&self) -> usize {
        let (first, leaves) = (self.first(), self.leaves());
        let mut node = 1;
        while node < leaves {
            node *= 2;
            if self.at(node) != first {
                node += 1;
            }
        }
        node - leaves
    }

    /// Whether a time is earlier than all timers of a slot.
    #[inline]
    pub(super) fn is_before(&self, time: Timestamp, slot: usize) -> bool {
        self.at(self.leaves() + slot).is_none_or(|first| time < first)
    }

    /// The earliest timer of a slot is another one than before.
    pub(super) fn set(&mut self, slot: usize, time: Option<Timestamp>) {
        let (mut node, mut earlier) = (self.leaves() + slot, time);
        while node > 0
            && let Some(before) = self.times.get_mut(node).filter(|before| **before != earlier)
        {
            *before = earlier;
            let other = self.at(node ^ 1);
            node /= 2;
            // `None` would be less than any time.
            earlier = earlier.into_iter().chain(other).min();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn has_the_earliest(slots in 1..20_usize, changes in prop::collection::vec((0..20_usize, prop::option::of(-3..9_i64)), 0..60)) {
            let mut tournament = Tournament::of(slots);
            let mut times = vec![None; slots];
            for (slot, time) in changes {
                let time = time.map(Timestamp::from_millis);
                tournament.set(slot % slots, time);
                times[slot % slots] = time;
                let first = times.iter().flatten().min().copied();
                prop_assert_eq!(tournament.first(), first);
                if first.is_some() {
                    let slot = times.iter().position(|time| *time == first);
                    prop_assert_eq!(Some(tournament.first_slot()), slot);
                }
            }
        }
    }
}
