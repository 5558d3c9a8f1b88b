//! Rows of bytes in pages: state whose keys and values have no Rust type, such as that of SQL.
//!
//! - [`RowStore`]: rows found by their keys, a batch at a time; one a key, or many.
//! - [`OrderedRows`]: rows in the order of their keys.
//! - [`keycode`]: keys as bytes that sort as their values do.
//!
//! Nothing here knows of columns' types or of SQL: operators say what the bytes of their rows are, and
//! describe it in the shapes of the state's [`StateMeta`](crate::snapshot::part::StateMeta), so that a
//! snapshot is not read with another layout.

mod chain;
mod frozen_pages;
mod group_changes;
mod index;
mod key_column;
pub mod keycode;
mod lookup;
mod ordered;
mod page;
mod pages;
mod restore;
mod row;
mod row_ref;
mod size_class;
mod snapshot;
mod store;
#[cfg(test)]
mod test_support;
mod ttl;

pub use key_column::{BytesColumn, KeyColumn, KeyKind};
pub use keycode::{KeyDecoder, KeyEncoder, KeyNumber, KeyOrder};
pub use lookup::Upserted;
pub use ordered::{OrderedRows, OrderedValue};
pub use row::{RowLayout, RowsPerKey};
pub use row_ref::RowRef;
pub use store::RowStore;
pub use ttl::Ttl;
