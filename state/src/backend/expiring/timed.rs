//! One value that expires.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Expiring, Stamp, latest};
use crate::Record;

/// A value, and when it was written.
#[derive(Clone, Debug)]
pub struct Timed<V> {
    pub(in crate::backend) value: V,
    pub(in crate::backend) stamp: Stamp,
}

impl<V: Record> Expiring for Timed<V> {
    type Plain = V;

    fn stamped(value: V, stamp: i64) -> Self {
        Self { value, stamp: Stamp::new(stamp) }
    }

    fn with_stamps(value: V, stamps: &[i64]) -> Self {
        Self::stamped(value, latest(stamps))
    }

    fn into_plain(self) -> V {
        self.value
    }

    fn parts(&self) -> usize {
        1
    }

    fn is_live(&self, oldest: i64) -> bool {
        self.stamp.get() >= oldest
    }

    fn has_expired(&self, oldest: i64) -> bool {
        self.stamp.get() < oldest
    }

    fn remove_expired(&mut self, _: i64) {}

    fn live(&self, _: i64) -> impl Serialize {
        (&self.value, std::slice::from_ref(&self.stamp))
    }
}

impl<V: Record> Serialize for Timed<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.live(i64::MIN).serialize(serializer)
    }
}

impl<'de, V: Record> Deserialize<'de> for Timed<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (value, stamps) = <(V, Vec<i64>)>::deserialize(deserializer)?;
        Ok(Self::with_stamps(value, &stamps))
    }
}
