//! Which blocks of a snapshot a subtask restores, at whatever parallelism.

use std::collections::BTreeMap;

use crate::snapshot::manifest::{Manifest, OperatorManifest};
use crate::snapshot::part::{BlockReference, ListPart, Redistribution, StateMeta};
use crate::{KeyGroup, KeyGroups, OperatorId};

/// One subtask of an operator that is to be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperatorShare {
    /// Which operator.
    pub operator: OperatorId,
    /// Which of its subtasks.
    pub subtask: u32,
    /// How many subtasks it has now.
    pub parallelism: u32,
}

impl Manifest {
    pub(super) fn operator(&self, operator: OperatorId) -> Option<&OperatorManifest> {
        self.operators.iter().find(|stored| stored.operator == operator)
    }
}

impl OperatorManifest {
    /// Shows the blocks of keyed state that a subtask restores.
    pub(super) fn keyed_blocks<'m>(
        &'m self,
        share: OperatorShare,
        mut show: impl FnMut(&'m StateMeta, KeyGroup, &'m BlockReference),
    ) {
        let range = KeyGroups::new(self.max_parallelism).range_of(share.subtask, share.parallelism);
        for part in self.subtasks.iter().flat_map(|part| &part.keyed) {
            for (group, block) in part.groups.iter().filter(|(group, _)| range.contains(*group)) {
                show(&part.meta, *group, block);
            }
        }
    }

    /// The operator states, each with the parts that a subtask's items come from.
    pub(super) fn lists_for(&self, share: OperatorShare) -> Vec<(&ListPart, Vec<&ListPart>)> {
        let mut names: BTreeMap<&str, Vec<(u32, &ListPart)>> = BTreeMap::new();
        for (old_subtask, part) in (0_u32..).zip(&self.subtasks) {
            for list in &part.lists {
                names.entry(&list.name).or_default().push((old_subtask, list));
            }
        }
        let sources = names.into_values().filter_map(|parts| {
            let (_, first) = *parts.first()?;
            let all = || parts.iter().map(|(_, list)| *list);
            let of = |wanted: u32| parts.iter().find(|(old, _)| *old == wanted).map(|(_, list)| *list);
            let own = match first.redistribution {
                Redistribution::Union => all().collect(),
                // A subtask that had finished may not have any left.
                Redistribution::Broadcast => {
                    of(share.subtask % self.parallelism.max(1)).or_else(|| all().next()).into_iter().collect()
                }
                Redistribution::Split if self.parallelism == share.parallelism => {
                    of(share.subtask).into_iter().collect()
                }
                Redistribution::Split => all().collect(),
            };
            Some((first, own))
        });
        sources.collect()
    }
}
