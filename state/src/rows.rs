//! Rows of bytes in pages: state whose keys and values have no Rust type, such as that of SQL.
//!
//! - [`RowStore`]: rows found by their keys, a batch at a time; one a key, or many.
//! - [`RowsByTime`]: such rows for each of some times, which go together.
//! - [`OrderedRows`]: rows in the order of their keys.
//! - [`keycode`]: keys as bytes that sort as their values do.
//!
//! Nothing here knows of columns' types or of SQL: operators say what the bytes of their rows are, and
//! describe it in the shapes of the state's [`StateMeta`](crate::snapshot::part::StateMeta), so that a
//! snapshot is not read with another layout.

mod by_time;
mod chain;
mod frozen_pages;
mod group_changes;
mod index;
mod key_column;
pub mod keycode;
mod layout;
mod lookup;
mod matches;
mod ordered;
mod page;
mod pages;
mod restore;
mod row;
mod row_changes;
mod row_ref;
mod size_class;
mod snapshot;
mod store;
#[cfg(test)]
mod test_support;
mod ttl;
mod words;

pub use by_time::RowsByTime;
pub use key_column::{BytesColumn, KeyColumn, KeyKind};
pub use keycode::{KeyDecoder, KeyEncoder, KeyNumber, KeyOrder};
pub use layout::{RowLayout, RowsPerKey};
pub use lookup::Upserted;
pub use matches::Match;
pub use ordered::{OrderedRows, OrderedValue};
pub use row_ref::RowRef;
pub use store::RowStore;
pub use ttl::Ttl;
