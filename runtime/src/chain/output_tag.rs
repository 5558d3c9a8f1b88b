//! The names of side outputs.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names a side output and the type of its records. As Flink's `OutputTag`.
///
/// What is emitted to a tag that nobody reads is dropped. Where it is read, only the operators that it
/// is read from may emit to it; an emission of any other fails the job. One that emits to another tag of the same name as
/// one that is read from it fails the job, too: what is read is empty then. Make one tag, and clone it.
pub struct OutputTag<T> {
    name: Arc<str>,
    id: u64,
    _record: PhantomData<fn() -> T>,
}

impl<T> Clone for OutputTag<T> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), id: self.id, _record: PhantomData }
    }
}

impl<T> OutputTag<T> {
    /// A new side output; two tags differ even if their names do not.
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { name: Arc::from(name), id: NEXT.fetch_add(1, Ordering::Relaxed), _record: PhantomData }
    }

    /// The human-readable name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same side output, whatever its records are.
    pub fn untyped(&self) -> OutputTag<()> {
        OutputTag { name: self.name.clone(), id: self.id, _record: PhantomData }
    }

    pub(crate) const fn id(&self) -> u64 {
        self.id
    }
}

/// The operators that each side output of a job is read from, by tag.
pub(crate) type SideReads = BTreeMap<u64, String>;
