//! Many rows in one record.

/// A record that stands for many rows.
#[derive(Clone, Debug)]
pub struct Gathered<T> {
    /// The record.
    pub record: T,
    /// How many rows it stands for.
    pub rows: u64,
    /// How many bytes it takes.
    pub bytes: u64,
}
