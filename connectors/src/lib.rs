//! Connectors of Millstream to outside systems, each behind a cargo feature.
//!
//! | Feature | Module | What it reads and writes |
//! |---|---|---|
//! | `files` | [`files`] | CSV, JSON lines and text, on local disks and object stores |

#[cfg(feature = "files")]
pub mod files;
