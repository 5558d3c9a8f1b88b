//! Connectors of Millstream to outside systems, each behind a cargo feature.
//!
//! | Feature | Module | What it reads and writes |
//! |---|---|---|
//! | `files` | [`files`] | CSV, JSON lines and text, on local disks and object stores |
//! | `postgres-cdc` | [`postgres_cdc`] | The changes of tables of Postgres, with what was in them before |

#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "postgres-cdc")]
pub mod postgres_cdc;
