//! Joins.

mod regular;

pub use regular::{Join, JoinSpecification, SideSpecification, UniqueKey};
