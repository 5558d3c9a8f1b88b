//! A state's name, and how older types of it are read.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::codec::{decode_from, end};
use crate::grouped::GroupContent;
use crate::snapshot::read::KeyedRestore;
use crate::table::KeyedTable;
use crate::{Key, Record, Result, Shape, StateError};

type Migrate<V> = Arc<dyn Fn(&mut &[u8]) -> postcard::Result<V> + Send + Sync>;

/// Names a state, and says how values of older types become values of today's.
///
/// ```
/// # mod millstream { pub use millstream_state as state; }
/// use millstream::state::StateDescriptor;
/// // The state was an `u32` once; snapshots from then can still be restored.
/// let total = StateDescriptor::<u64>::new("total").migrate_from(|old: u32| u64::from(old));
/// assert_eq!(total.name(), "total");
/// ```
#[doc(alias("ValueStateDescriptor", "ListStateDescriptor", "MapStateDescriptor"))]
pub struct StateDescriptor<V> {
    name: String,
    migrations: Vec<(Shape, Migrate<V>)>,
    _value: PhantomData<fn() -> V>,
}

impl<V> Clone for StateDescriptor<V> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), migrations: self.migrations.clone(), _value: PhantomData }
    }
}

impl<V: Record> From<&str> for StateDescriptor<V> {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl<V: Record> StateDescriptor<V> {
    /// The state of this name, which is unique within the operator.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), migrations: Vec::new(), _value: PhantomData }
    }

    /// Registers how a value of an older type becomes one of today's. Several may be registered;
    /// the one whose type has the shape that the snapshot holds is taken.
    #[must_use]
    pub fn migrate_from<Old: Record>(mut self, migrate: impl Fn(Old) -> V + Send + Sync + 'static) -> Self {
        let read = move |bytes: &mut &[u8]| decode_from::<Old>(bytes).map(&migrate);
        self.migrations.push((Shape::of::<Old>(), Arc::new(read)));
        self
    }

    /// The state's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Fills `table` from a snapshot, through a migration where the types differ. Each block is given back as
    /// soon as it is decoded.
    ///
    /// # Errors
    /// If the type of key or value has changed and no migration fits, or the bytes do not decode.
    pub fn restore_into<K: Key>(&self, table: &mut KeyedTable<K, V>, stored: KeyedRestore) -> Result<()> {
        let meta = table.meta().clone();
        let migrate = self.reader_for(&meta.key, &meta.value, &stored)?;
        for (group, bytes) in stored.blocks {
            match &migrate {
                None => table.restore(group, &bytes, GroupContent::decode)?,
                Some(migrate) => table.restore(group, &bytes, |content, mut bytes| {
                    content.decode_with(&mut bytes, |bytes| migrate(bytes))?;
                    end(bytes)
                })?,
            }
        }
        Ok(())
    }

    fn reader_for(&self, key: &Shape, value: &Shape, stored: &KeyedRestore) -> Result<Option<Migrate<V>>> {
        let changed = |stored: &Shape, expected: &Shape| StateError::ShapeChanged {
            state: self.name.clone(),
            stored: stored.to_string(),
            expected: expected.to_string(),
        };
        if stored.meta.key != *key {
            return Err(changed(&stored.meta.key, key));
        }
        if stored.meta.value == *value {
            return Ok(None);
        }
        let fitting = self.migrations.iter().find(|(shape, _)| *shape == stored.meta.value);
        match fitting {
            Some((_, migrate)) => Ok(Some(migrate.clone())),
            None => Err(changed(&stored.meta.value, value)),
        }
    }
}
