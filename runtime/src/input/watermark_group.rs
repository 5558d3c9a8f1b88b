//! How far the splits of several sources have come in event time, so that none runs far ahead of the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_state::Timestamp;

use crate::job::SubtaskId;
use crate::sync::Mutex;

/// The groups of an attempt, by name.
#[derive(Default)]
pub(crate) struct WatermarkGroups(Mutex<BTreeMap<String, Arc<WatermarkGroup>>>);

impl WatermarkGroups {
    /// The group of this name.
    pub(crate) fn group(&self, name: &str) -> Arc<WatermarkGroup> {
        self.0.lock().entry(name.to_owned()).or_default().clone()
    }
}

/// The subtasks whose event time is to be aligned, of whatever sources. As Flink's watermark alignment groups.
///
/// It is looked at some times a second, never for a record.
#[derive(Default)]
pub struct WatermarkGroup(Mutex<BTreeMap<SubtaskId, Timestamp>>);

impl WatermarkGroup {
    /// Says how far a member has come; [`Timestamp::MAX`] where it holds nobody back, since it is idle or has ended.
    /// Returns how far the one that is furthest behind has come.
    pub fn report(&self, member: SubtaskId, watermark: Timestamp) -> Timestamp {
        let mut members = self.0.lock();
        members.insert(member, watermark);
        members.values().copied().min().unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::VertexId;

    #[test]
    fn the_member_that_is_furthest_behind_counts() {
        let (groups, at) = (WatermarkGroups::default(), Timestamp::from_millis);
        let member = |index| SubtaskId { vertex: VertexId(0), index };
        let group = groups.group("prices");
        assert_eq!(group.report(member(0), at(7)), at(7));
        assert_eq!(groups.group("prices").report(member(1), at(5)), at(5));
        assert_eq!(groups.group("others").report(member(2), at(1)), at(1));
        assert_eq!(group.report(member(1), Timestamp::MAX), at(7));
    }
}
