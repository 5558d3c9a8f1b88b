//! What may travel and what may be a key.

use std::hash::Hash;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type that may travel through a stream or live in state: `Clone`, `serde`, `Send`, `'static`.
///
/// Implemented for every type that qualifies; there is nothing to write. The bounds are those of
/// the wire, also in one process, so that a job that runs here runs across processes unchanged.
pub trait Record: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {}

impl<T: Clone + Send + Sync + Serialize + DeserializeOwned + 'static> Record for T {}

/// A type that may be a key: a [`Record`] that can be hashed and compared.
///
/// Its `Hash` decides the key group, and snapshots depend on it: a key type whose `Hash` changes
/// between two versions of a program cannot be restored.
pub trait Key: Record + Hash + Eq {}

impl<T: Record + Hash + Eq> Key for T {}
