//! What can be chosen with every database.

/// What is done about a table whose columns are not what they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SchemaChange {
    /// The job fails.
    #[default]
    Fail,
    /// Columns may be added; anything else fails the job.
    AllowAdded,
    /// The source goes on: each record says which columns it has.
    Allow,
}

/// What is done about `TRUNCATE`, which says that a table is empty and not which rows it had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Truncate {
    /// The job fails.
    #[default]
    Fail,
    /// It is passed over, as Flink CDC does: what the stream adds up to still has the rows.
    Skip,
}
