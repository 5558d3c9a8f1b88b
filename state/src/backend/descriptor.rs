//! A state's name, and how older types of it are read.

use std::marker::PhantomData;
use std::sync::Arc;

use super::expiring::Expiring;
use super::ttl::Ttl;
use crate::codec::decode_from;
use crate::snapshot::read::KeyedRestore;
use crate::table::KeyedTable;
use crate::{Key, Record, Result, Shape, StateError, Timestamp};

type Migrate<V> = Arc<dyn Fn(&mut &[u8]) -> postcard::Result<V> + Send + Sync>;

/// Names a state, and says how long it is kept, and how values of older types become values of today's.
///
/// `V` is what the state holds for a key: the value, a `Vec` of the elements of a list, a [`StableMap`](super::StableMap) of the
/// entries of a map, an accumulator.
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
    ttl: Option<Ttl>,
    migrations: Vec<(Shape, Migrate<V>)>,
    _value: PhantomData<fn() -> V>,
}

impl<V> Clone for StateDescriptor<V> {
    fn clone(&self) -> Self {
        let (name, migrations) = (self.name.clone(), self.migrations.clone());
        Self { name, ttl: self.ttl, migrations, _value: PhantomData }
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
        Self { name: name.into(), ttl: None, migrations: Vec::new(), _value: PhantomData }
    }

    /// Lets entries expire. As Flink's `enableTimeToLive`.
    ///
    /// A job may be restored with another time-to-live than before, with one where there was none, or without:
    /// entries keep the time when they were written, or have it from the restore on.
    ///
    /// ```
    /// # mod millstream { pub use millstream_state as state; }
    /// use std::time::Duration;
    /// use millstream::state::{HeapStore, KeyGroups, StateDescriptor, Ttl, ValueState};
    /// # use millstream::state::{Current, StateAccess, Timestamp, stable_hash};
    /// # struct At(HeapStore<u64>);
    /// # impl StateAccess for At {
    /// #     type Store = HeapStore<u64>;
    /// #     fn store(&self) -> (&HeapStore<u64>, Current<'_, u64>) {
    /// #         (&self.0, Current { key: &7, hash: stable_hash(&7_u64) })
    /// #     }
    /// #     fn store_mut(&mut self) -> (&mut HeapStore<u64>, Current<'_, u64>) {
    /// #         (&mut self.0, Current { key: &7, hash: stable_hash(&7_u64) })
    /// #     }
    /// # }
    /// # let groups = KeyGroups::new(128);
    /// # let mut store = HeapStore::<u64>::new(groups, groups.range_of(0, 1), Vec::new());
    /// # let at = Timestamp::from_millis;
    /// # store.set_now(at(0));
    /// let seen = StateDescriptor::<u32>::new("seen").ttl(Ttl::new(Duration::from_secs(10)));
    /// let seen = ValueState::declare(&mut store, &seen)?;
    /// # let mut cx = At(store);
    /// seen.set(&mut cx, 1);
    /// # cx.0.set_now(at(9_999));
    /// // 9.999 seconds later …
    /// assert_eq!(seen.cloned(&cx), Some(1));
    /// # cx.0.set_now(at(10_000));
    /// // … and a millisecond after that.
    /// assert_eq!(seen.cloned(&cx), None);
    /// # Ok::<(), millstream::state::StateError>(())
    /// ```
    #[doc(alias("enableTimeToLive", "StateTtlConfig"))]
    #[must_use]
    pub fn ttl(self, ttl: Ttl) -> Self {
        Self { ttl: Some(ttl), ..self }
    }

    /// Registers how a value of an older type becomes one of today's. Several may be registered;
    /// the one whose type has the shape that the snapshot holds is taken.
    ///
    /// Of lists and maps, it is the whole of what a key has that is migrated: a `Vec`, or any map of the older
    /// types. Where elements are added or removed, and in every map, they all have the latest time at which one
    /// of them was written, if they expire.
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

    /// How long entries are kept, if they expire.
    pub const fn time_to_live(&self) -> Option<Ttl> {
        self.ttl
    }

    /// Fills `table` from a snapshot, through a migration where the types differ, and without the times at which
    /// entries were written. Each block is given back as soon as it is decoded.
    ///
    /// # Errors
    /// If the type of key or value has changed and no migration fits, or the bytes do not decode.
    pub fn restore_into<K: Key>(&self, table: &mut KeyedTable<K, V>, stored: KeyedRestore) -> Result<()> {
        let meta = table.meta().clone();
        let reader = self.reader_for(&meta.key, &meta.value, &stored)?;
        if let Reader { migrate: None, stamped: false } = reader {
            return table.restore_all(stored);
        }
        table.restore_with(stored, |bytes| {
            let value = reader.value(bytes)?;
            reader.stamps(bytes)?;
            Ok(value)
        })
    }

    /// As [`restore_into`](Self::restore_into), with the times at which entries were written; where the snapshot
    /// has none, they were written `now`. Times after `now` stay what they are: to take them for earlier would be to
    /// lose entries when the clock is set right.
    pub(super) fn restore_expiring_into<K: Key, T: Expiring<Plain = V>>(
        &self,
        table: &mut KeyedTable<K, T>,
        stored: KeyedRestore,
        now: Timestamp,
    ) -> Result<()> {
        let (meta, now) = (table.meta().clone(), now.as_millis());
        let value = meta.value.of_expiring().unwrap_or(meta.value);
        let reader = self.reader_for(&meta.key, &value, &stored)?;
        table.restore_with(stored, |bytes| {
            if !reader.stamped {
                return Ok(T::stamped(reader.value(bytes)?, now));
            }
            match reader.migrate {
                None => decode_from::<T>(bytes),
                Some(_) => Ok(T::with_stamps(reader.value(bytes)?, &reader.stamps(bytes)?)),
            }
        })
    }

    fn reader_for(&self, key: &Shape, value: &Shape, stored: &KeyedRestore) -> Result<Reader<V>> {
        let changed = |stored: &Shape, expected: &Shape| StateError::ShapeChanged {
            state: self.name.clone(),
            stored: stored.to_string(),
            expected: expected.to_string(),
        };
        if stored.meta.key != *key {
            return Err(changed(&stored.meta.key, key));
        }
        let unstamped = stored.meta.value.of_expiring();
        let (stamped, held) = (unstamped.is_some(), unstamped.as_ref().unwrap_or(&stored.meta.value));
        if held == value {
            return Ok(Reader { migrate: None, stamped });
        }
        let fitting = self.migrations.iter().find(|(shape, _)| shape == held);
        match fitting {
            Some((_, migrate)) => Ok(Reader { migrate: Some(migrate.clone()), stamped }),
            None => Err(changed(held, value)),
        }
    }
}

/// How entries of a snapshot are read.
struct Reader<V> {
    migrate: Option<Migrate<V>>,
    /// Whether the times at which their parts were written follow each.
    stamped: bool,
}

impl<V: Record> Reader<V> {
    fn value(&self, bytes: &mut &[u8]) -> postcard::Result<V> {
        match &self.migrate {
            None => decode_from(bytes),
            Some(migrate) => migrate(bytes),
        }
    }

    /// The times that follow a value; none where the snapshot has none.
    fn stamps(&self, bytes: &mut &[u8]) -> postcard::Result<Vec<i64>> {
        if self.stamped { decode_from(bytes) } else { Ok(Vec::new()) }
    }
}
