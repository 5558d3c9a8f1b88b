//! Sets of changes.

use std::fmt;

use crate::chunk::RowKind;
use crate::connectors::ChangelogMode;

/// Which changes a stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModifyKinds {
    /// `+I`
    pub insert: bool,
    /// `+U`
    pub update: bool,
    /// `-D`
    pub delete: bool,
    /// Whether each `+U` has a `-U` before it. Means nothing without updates.
    pub update_before: bool,
    /// Whether a `-D` may have the key alone, and NULL in all other columns. Means nothing without deletions.
    pub key_only_deletes: bool,
}

/// What is said of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateKind {
    /// Nothing: there is none.
    None,
    /// What the row is: the reader knows it by its key.
    OnlyAfter,
    /// What the row was and what it is.
    BeforeAfter,
}

/// What is said of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteKind {
    /// The key: the reader knows the row by it.
    ByKey,
    /// What the row was.
    Full,
}

impl ModifyKinds {
    /// No change at all: what a union starts with.
    pub const NONE: Self =
        Self { insert: false, update: false, delete: false, update_before: false, key_only_deletes: false };
    /// `+I` alone.
    pub const INSERT: Self = Self { insert: true, ..Self::NONE };

    /// All kinds.
    pub const ALL: Self =
        Self { insert: true, update: true, delete: true, update_before: true, key_only_deletes: false };

    /// Whether there is nothing but `+I`.
    pub const fn is_insert_only(self) -> bool {
        !self.update && !self.delete
    }

    /// The changes of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self {
            insert: self.insert || other.insert,
            update: self.update || other.update,
            delete: self.delete || other.delete,
            update_before: self.update_before || other.update_before,
            key_only_deletes: self.key_only_deletes || other.key_only_deletes,
        }
    }

    /// These without `-U`.
    #[must_use]
    pub const fn without_update_before(self) -> Self {
        Self { update_before: false, ..self }
    }

    /// As a connector says it.
    pub fn of(mode: &ChangelogMode) -> Self {
        Self {
            insert: mode.contains(RowKind::Insert),
            update: mode.contains(RowKind::UpdateAfter),
            delete: mode.contains(RowKind::Delete),
            update_before: mode.contains(RowKind::UpdateBefore),
            key_only_deletes: mode.key_only_deletes(),
        }
    }

    /// As a connector wants to know it.
    pub fn mode(self) -> ChangelogMode {
        ChangelogMode::of(self.row_kinds()).with_key_only_deletes(self.key_only_deletes)
    }

    fn row_kinds(self) -> impl Iterator<Item = RowKind> {
        let kinds = [
            (self.insert, RowKind::Insert),
            (self.update && self.update_before, RowKind::UpdateBefore),
            (self.update, RowKind::UpdateAfter),
            (self.delete, RowKind::Delete),
        ];
        kinds.into_iter().filter_map(|(is_there, kind)| is_there.then_some(kind))
    }
}

impl fmt::Display for ModifyKinds {
    /// As EXPLAIN writes it: `I,UB,UA,D`, with `PD` for deletions of which only the key is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.row_kinds().map(|kind| match kind {
            RowKind::Insert => "I",
            RowKind::UpdateBefore => "UB",
            RowKind::UpdateAfter => "UA",
            RowKind::Delete if self.key_only_deletes => "PD",
            RowKind::Delete => "D",
        });
        f.write_str(&names.collect::<Vec<_>>().join(","))
    }
}
