//! What an operator hands over at a barrier, and the record of what was written of it.
//!
//! Handing over must be quick, for the task stands still meanwhile: nothing here is encoded yet.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::pieces::Pieces;
use crate::{CheckpointId, Key, KeyGroup, OperatorId, Record, Result, Shape, StateError};

/// What a keyed state holds for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateKind {
    /// One value.
    Value,
    /// A list of values.
    List,
    /// A map from user keys to values.
    Map,
    /// One value, combined from all that was added.
    Reducing,
    /// One accumulator, combined from all that was added.
    Aggregating,
    /// Panes of windows.
    Window,
    /// Event-time timers.
    EventTimer,
    /// Processing-time timers.
    ProcessingTimer,
    /// Rows of a table, in a form that the operator defines.
    Rows,
}

/// What is known of a state without looking at its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateMeta {
    /// Its name, unique within the operator.
    pub name: String,
    /// What it holds for each key.
    pub kind: StateKind,
    /// The shape of the key.
    pub key: Shape,
    /// The shape of the value.
    pub value: Shape,
}

impl StateMeta {
    /// A keyed state of these types, found fit to be kept in snapshots.
    ///
    /// # Errors
    /// As [`StateMeta::check`].
    pub fn declare<K: Key, V: Record>(name: &str, kind: StateKind) -> Result<Self> {
        let key = Shape::checked::<K>(&format_args!("the key of state `{name}`"))?;
        let value = Shape::checked::<V>(&format_args!("the value of state `{name}`"))?;
        Ok(Self { name: name.to_owned(), kind, key, value })
    }

    /// Checks that keys and values of these types can be read back from a snapshot.
    ///
    /// # Errors
    /// [`StateError::Unsupported`] if they cannot.
    pub fn check<K: Key, V: Record>(&self) -> Result<()> {
        Self::declare::<K, V>(&self.name, self.kind).map(drop)
    }

    /// Checks that what a snapshot holds can be read as this state, as it is.
    ///
    /// # Errors
    /// If the type of key or value has changed.
    pub fn check_unchanged(&self, stored: &Self) -> Result<()> {
        for (stored, expected) in [(&stored.key, &self.key), (&stored.value, &self.value)] {
            if stored != expected {
                let (stored, expected) = (stored.to_string(), expected.to_string());
                return Err(StateError::ShapeChanged { state: self.name.clone(), stored, expected });
            }
        }
        Ok(())
    }
}

/// The content of one state for one key group, ready to be encoded away from the task.
pub trait EncodeBlock: Send + Sync {
    /// Appends the content to `out`, a few entries at a time.
    fn encode(&self, out: &mut Pieces) -> Result<()>;
    /// How many entries it has.
    fn entries(&self) -> u64;
    /// What has changed in it since snapshot `base`, to be written where the snapshot is the base of a checkpoint and
    /// holds the rest; `None` where that is not known. Its entries are the changes.
    fn changes_since(&self, _base: CheckpointId) -> Option<Arc<dyn EncodeBlock>> {
        None
    }
}

impl dyn EncodeBlock {
    /// The encoded content, in memory of its own.
    ///
    /// # Errors
    /// If it cannot be encoded.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut out = Pieces::default();
        self.encode(&mut out)?;
        Ok(out.into_vec())
    }
}

/// One key group's share of a keyed state.
pub struct GroupSnapshot {
    /// Which key group.
    pub group: KeyGroup,
    /// The first snapshot that held exactly this content. Where the base of an incremental
    /// checkpoint is this snapshot or a later one, its block is referred to instead of written again.
    pub unchanged_since: CheckpointId,
    /// The content.
    pub block: Arc<dyn EncodeBlock>,
}

/// One keyed state of one subtask. Key groups without entries are left out.
pub struct KeyedStateSnapshot {
    /// Name, kind and shapes.
    pub meta: StateMeta,
    /// The key groups that hold anything.
    pub groups: Vec<GroupSnapshot>,
}

/// How the items of an operator state are spread over subtasks on restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Redistribution {
    /// Each item goes to one subtask, in turn.
    Split,
    /// Every subtask gets all items of all subtasks.
    Union,
    /// All subtasks hold the same; every subtask gets the items of one.
    Broadcast,
}

/// The items of an operator state, each encoded.
pub enum ListItems {
    /// They are at hand.
    Ready(Vec<Vec<u8>>),
    /// They are known only after work that must not run on an arbiter (a sink closing its files);
    /// the checkpoint is acknowledged after it.
    Deferred(BoxFuture<'static, Result<Vec<Vec<u8>>>>),
}

/// One operator state of one subtask.
pub struct ListStateSnapshot {
    /// Its name, unique within the operator.
    pub name: String,
    /// What becomes of its items when the parallelism changes.
    pub redistribution: Redistribution,
    /// The shape of an item.
    pub item: Shape,
    /// The items.
    pub items: ListItems,
}

/// All state of one operator in one subtask.
pub struct OperatorSnapshot {
    /// Which operator.
    pub operator: OperatorId,
    /// Its keyed states.
    pub keyed: Vec<KeyedStateSnapshot>,
    /// Its operator states.
    pub lists: Vec<ListStateSnapshot>,
}

/// Where a block lies: a run of bytes in a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlockReference {
    /// The file, relative to the folder that holds a job's checkpoints (or to the savepoint's).
    pub file: Arc<str>,
    /// Where the block's payload begins, in bytes from the start of the file.
    pub offset: u64,
    /// The length of the payload in bytes.
    pub length: u64,
    /// The CRC-32 of the payload.
    pub checksum: u32,
    /// How many entries, items or changes it holds.
    pub entries: u64,
}

/// One keyed state of one subtask, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyedPart {
    /// Name, kind and shapes.
    pub meta: StateMeta,
    /// The blocks, by key group. The blocks of one lie side by side: its content at some checkpoint, and behind it what
    /// has changed from there to each later one.
    pub groups: Vec<(KeyGroup, BlockReference)>,
}

impl KeyedPart {
    /// The blocks of each key group.
    pub fn by_group(&self) -> impl Iterator<Item = &[(KeyGroup, BlockReference)]> {
        self.groups.chunk_by(|(group, _), (next, _)| group == next)
    }
}

/// One operator state of one subtask, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPart {
    /// Its name.
    pub name: String,
    /// What becomes of its items when the parallelism changes.
    pub redistribution: Redistribution,
    /// The shape of an item.
    pub item: Shape,
    /// The block that holds the items.
    pub block: BlockReference,
}

/// One operator of one subtask, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorPart {
    /// Which operator.
    pub operator: OperatorId,
    /// Its keyed states.
    pub keyed: Vec<KeyedPart>,
    /// Its operator states.
    pub lists: Vec<ListPart>,
}

/// Everything one subtask contributed to a snapshot, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubtaskPart {
    /// The operators chained in the subtask.
    pub operators: Vec<OperatorPart>,
    /// Bytes written for this snapshot; blocks that are referred to do not count.
    pub written_bytes: u64,
    /// Bytes of all blocks, written now or referred to.
    pub total_bytes: u64,
}
