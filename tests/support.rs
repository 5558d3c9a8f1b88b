//! What several tests use.

pub mod breaking_store;
pub mod flaky_store;
pub mod flights_reference;
pub mod process;
pub mod small_disk;
