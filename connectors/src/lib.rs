//! Connectors of Millstream to outside systems, each behind a cargo feature.
//!
//! | Feature | Module | What it reads and writes |
//! |---|---|---|
//! | `files` | [`files`] | CSV, JSON lines and text, on local disks and object stores |
//! | `kafka` | [`kafka`] | topics of Apache Kafka, exactly once |

#[cfg(feature = "files")]
pub mod files;
#[cfg(any(feature = "files", feature = "kafka"))]
mod gathered;
#[cfg(feature = "kafka")]
pub mod kafka;
#[cfg(any(feature = "files", feature = "kafka"))]
mod under_way;

#[cfg(any(feature = "files", feature = "kafka"))]
pub use gathered::Gathered;
