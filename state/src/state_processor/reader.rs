//! What a snapshot holds, and its operator states and timers.

use std::collections::BTreeMap;

use super::{KeyedStateReader, called, unknown};
use crate::codec::decode;
use crate::snapshot::manifest::{Manifest, OperatorManifest};
use crate::snapshot::part::{KeyedPart, ListPart, Redistribution, StateKind, StateMeta};
use crate::snapshot::read::OpenedSnapshot;
use crate::snapshot::storage::ResolvedSnapshot;
use crate::stores::Stores;
use crate::{Key, KeyGroups, OperatorId, Record, Result, Shape, StateError, TimerQueue, Timestamp};

/// Reads the states of a checkpoint or savepoint without the job that wrote it. As Flink's `SavepointReader`.
///
/// See the [module](super) for an example. Operators are named by their uid; those without one by their name, or by
/// their identifier as [`operators`](Self::operators) shows it.
#[derive(Clone, Debug)]
pub struct SavepointReader {
    snapshot: OpenedSnapshot,
}

/// An operator of a snapshot.
#[derive(Clone, Debug)]
pub struct OperatorListing {
    /// The uid that the user gave it.
    pub uid: Option<String>,
    /// Its human-readable name.
    pub name: String,
    /// Its identifier.
    pub id: OperatorId,
    /// How many subtasks it had.
    pub parallelism: u32,
    /// How many key groups it has.
    pub max_parallelism: u32,
    /// Its states, by name.
    pub states: Vec<StateListing>,
}

/// A state of an operator in a snapshot.
#[derive(Clone, Debug)]
pub struct StateListing {
    /// Its name.
    pub name: String,
    /// What it holds for each key; `None` for operator state, which has no keys.
    pub kind: Option<StateKind>,
    /// What becomes of its items when the parallelism changes; `None` for keyed state.
    pub redistribution: Option<Redistribution>,
    /// The shape of its keys; `None` for operator state.
    pub key: Option<Shape>,
    /// The shape of what it holds for a key, without the times at which that was written, or of an item.
    pub value: Shape,
    /// Whether what it holds has a time-to-live.
    pub expires: bool,
    /// How many entries or items it has. In a checkpoint, changes behind what earlier ones have written count besides.
    pub entries: u64,
    /// How many bytes they take in the files.
    pub bytes: u64,
}

impl StateListing {
    fn keyed(meta: &StateMeta) -> Self {
        let of_expiring = meta.value.of_expiring();
        Self {
            name: meta.name.clone(),
            kind: Some(meta.kind),
            redistribution: None,
            key: Some(meta.key.clone()),
            expires: of_expiring.is_some(),
            value: of_expiring.unwrap_or_else(|| meta.value.clone()),
            entries: 0,
            bytes: 0,
        }
    }

    fn list(list: &ListPart) -> Self {
        Self {
            name: list.name.clone(),
            kind: None,
            redistribution: Some(list.redistribution),
            key: None,
            value: list.item.clone(),
            expires: false,
            entries: 0,
            bytes: 0,
        }
    }
}

impl OperatorListing {
    fn of(operator: &OperatorManifest) -> Self {
        let mut states: BTreeMap<&str, StateListing> = BTreeMap::new();
        for part in &operator.subtasks {
            for KeyedPart { meta, groups } in &part.keyed {
                let state = states.entry(&meta.name).or_insert_with(|| StateListing::keyed(meta));
                for (_, block) in groups {
                    state.entries = state.entries.saturating_add(block.entries);
                    state.bytes = state.bytes.saturating_add(block.length);
                }
            }
            for list in &part.lists {
                let state = states.entry(&list.name).or_insert_with(|| StateListing::list(list));
                state.entries = state.entries.saturating_add(list.block.entries);
                state.bytes = state.bytes.saturating_add(list.block.length);
            }
        }
        Self {
            uid: operator.uid.clone(),
            name: operator.name.clone(),
            id: operator.operator,
            parallelism: operator.parallelism,
            max_parallelism: operator.max_parallelism,
            states: states.into_values().collect(),
        }
    }
}

impl SavepointReader {
    /// Opens the snapshot at a URL or local path: a checkpoint, a savepoint, or the folder of a job, for what that
    /// would go on from.
    ///
    /// # Errors
    /// [`StateError::NoSnapshot`] where none is found, [`StateError::Corrupt`] where a file is damaged,
    /// [`StateError::Storage`].
    #[doc(alias = "read")]
    pub async fn open(location: &str) -> Result<Self> {
        Self::open_with(&Stores::default(), location).await
    }

    /// As [`open`](Self::open), with stores that have been registered.
    ///
    /// # Errors
    /// As there.
    pub async fn open_with(stores: &Stores, location: &str) -> Result<Self> {
        Self::of(stores.resolve(location, None).await?).await
    }

    /// Opens a snapshot that was found.
    ///
    /// # Errors
    /// [`StateError::Corrupt`] where its manifest is damaged; [`StateError::Storage`].
    pub async fn of(resolved: ResolvedSnapshot) -> Result<Self> {
        Ok(Self { snapshot: OpenedSnapshot::open(resolved).await? })
    }

    /// What the snapshot consists of, in full.
    pub fn manifest(&self) -> &Manifest {
        self.snapshot.manifest()
    }

    /// The operators that have state in it.
    pub fn operators(&self) -> Vec<OperatorListing> {
        self.manifest().operators.iter().map(OperatorListing::of).collect()
    }

    /// Reads a keyed state: a value of type `V` for each key, which is a `Vec` for a list, any map for a map state,
    /// and an accumulator for a reducing or aggregating one. Nothing is read yet.
    ///
    /// # Errors
    /// [`StateError::Usage`] if there is no such operator or state, with the name next to it; if the state has
    /// other types, with both; or if it is no keyed state that can be read so.
    pub fn keyed_state<K: Key, V: Record>(&self, uid: &str, state: &str) -> Result<KeyedStateReader<K, V>> {
        let operator = self.operator(uid)?;
        let parts: Vec<&KeyedPart> = keyed_parts(operator, state);
        let Some(first) = parts.first() else { return Err(self.no_state(operator, state)) };
        let (role, meta) = (format!("state `{state}` of operator `{uid}`"), &first.meta);
        match meta.kind {
            StateKind::Value
            | StateKind::List
            | StateKind::Map
            | StateKind::Reducing
            | StateKind::Aggregating => {}
            StateKind::Window | StateKind::EventTimer | StateKind::ProcessingTimer | StateKind::Rows => {
                let problem = format!(
                    "{role} is of the kind {:?}, which is not kept as one value for each key, so it cannot be read \
                     as such",
                    meta.kind
                );
                return Err(StateError::Usage(problem));
            }
        }
        let of_expiring = meta.value.of_expiring();
        let expires = of_expiring.is_some();
        check_shape(&role, "keys", &meta.key, &Shape::of::<K>())?;
        check_shape(&role, "values", of_expiring.as_ref().unwrap_or(&meta.value), &Shape::of::<V>())?;
        let blocks = parts.iter().flat_map(|part| part.groups.iter().cloned()).collect();
        Ok(KeyedStateReader::new(self.snapshot.clone(), state, expires, blocks))
    }

    /// Reads an operator state: the items of all subtasks, or those of one where all have the same.
    ///
    /// # Errors
    /// As [`keyed_state`](Self::keyed_state); [`StateError::Corrupt`] where a file is damaged.
    pub async fn operator_state<T: Record>(&self, uid: &str, state: &str) -> Result<Vec<T>> {
        let operator = self.operator(uid)?;
        let lists = operator.subtasks.iter().flat_map(|part| &part.lists).filter(|list| list.name == state);
        let mut lists: Vec<&ListPart> = lists.collect();
        let Some(first) = lists.first().copied() else { return Err(self.no_state(operator, state)) };
        let role = format!("state `{state}` of operator `{uid}`");
        check_shape(&role, "items", &first.item, &Shape::of::<T>())?;
        if first.redistribution == Redistribution::Broadcast {
            lists.truncate(1);
        }
        let wanted = lists.iter().map(|list| list.block.clone()).collect();
        let items = self.snapshot.load_blocks(wanted).await?.items(lists)?;
        items.iter().map(|bytes| decode(bytes).map_err(|source| undecodable(state, source))).collect()
    }

    /// Reads the event-time timers of an operator, in order of time.
    ///
    /// # Errors
    /// As [`keyed_state`](Self::keyed_state); [`StateError::Corrupt`] where a file is damaged.
    pub async fn event_time_timers<K: Key>(&self, uid: &str) -> Result<Vec<(Timestamp, K)>> {
        self.timers(uid, TimerQueue::<K>::EVENT_TIME).await
    }

    /// Reads the processing-time timers of an operator, in order of time.
    ///
    /// # Errors
    /// As [`keyed_state`](Self::keyed_state); [`StateError::Corrupt`] where a file is damaged.
    pub async fn processing_time_timers<K: Key>(&self, uid: &str) -> Result<Vec<(Timestamp, K)>> {
        self.timers(uid, TimerQueue::<K>::PROCESSING_TIME).await
    }

    async fn timers<K: Key>(&self, uid: &str, domain: (&str, StateKind)) -> Result<Vec<(Timestamp, K)>> {
        let operator = self.operator(uid)?;
        let parts = keyed_parts(operator, domain.0);
        let Some(first) = parts.first() else { return Err(self.no_state(operator, domain.0)) };
        let role = format!("timers of operator `{uid}`");
        check_shape(&role, "keys", &first.meta.key, &Shape::of::<K>())?;
        let groups = KeyGroups::new(operator.max_parallelism);
        let mut timers = TimerQueue::<K>::new(domain, groups, groups.range_of(0, 1));
        for part in parts {
            let wanted = part.groups.iter().map(|(_, block)| block.clone()).collect();
            let loaded = self.snapshot.load_blocks(wanted).await?;
            for (group, block) in &part.groups {
                timers.restore(*group, &loaded.block(block)?)?;
            }
        }
        Ok(std::iter::from_fn(|| timers.pop(Timestamp::MAX)).collect())
    }

    pub(super) const fn snapshot(&self) -> &OpenedSnapshot {
        &self.snapshot
    }

    /// The operator of this uid, or this name or identifier if it has none.
    fn operator(&self, uid: &str) -> Result<&OperatorManifest> {
        let operators = self.manifest().operators.iter();
        find(operators, uid, &self.snapshot.resolved().name()).map(|(_, operator)| operator)
    }

    fn no_state(&self, operator: &OperatorManifest, state: &str) -> StateError {
        let listing = OperatorListing::of(operator);
        let names: Vec<&str> = listing.states.iter().map(|state| state.name.as_str()).collect();
        unknown("state", state, &format!("operator `{}`", called(operator)), &names)
    }
}

/// The operator that is meant, of those in a snapshot of this name; and where it stands among them.
pub(super) fn find<'m>(
    operators: impl Iterator<Item = &'m OperatorManifest> + Clone,
    uid: &str,
    snapshot: &str,
) -> Result<(usize, &'m OperatorManifest)> {
    let is_called_so = |operator: &OperatorManifest| {
        operator.uid.is_none() && (operator.name == uid || operator.operator.to_string() == uid)
    };
    let by_uid = operators.clone().enumerate().find(|(_, operator)| operator.uid.as_deref() == Some(uid));
    let found = by_uid.or_else(|| operators.clone().enumerate().find(|(_, operator)| is_called_so(operator)));
    found.ok_or_else(|| {
        let names: Vec<&str> = operators.map(called).collect();
        unknown("operator", uid, &format!("snapshot `{snapshot}`"), &names)
    })
}

/// What the subtasks of an operator have of a keyed state.
fn keyed_parts<'m>(operator: &'m OperatorManifest, state: &str) -> Vec<&'m KeyedPart> {
    let parts = operator.subtasks.iter().flat_map(|part| &part.keyed);
    parts.filter(|part| part.meta.name == state).collect()
}

fn check_shape(role: &str, what: &str, stored: &Shape, asked: &Shape) -> Result<()> {
    if stored == asked {
        return Ok(());
    }
    Err(StateError::Usage(format!(
        "{role} has {what} of the shape `{stored}`, and cannot be read as `{asked}`: read it with the type that the \
         job has, or with one of that shape"
    )))
}

pub(super) fn undecodable(state: &str, source: postcard::Error) -> StateError {
    StateError::Codec { state: state.to_owned(), action: "decode", source }
}
