//! Snapshots: what a job's state looks like on an object store, and the way there and back.
//!
//! ```text
//! <root>/<job>/journal/<20 digits>                         who owns the folder, and which checkpoints count
//! <root>/<job>/chk-<id>-e<epoch>/manifest                  written after the state files, conditionally
//! <root>/<job>/chk-<id>-e<epoch>/*.state                   blocks, one for each key group that changed
//! <savepoint>/manifest, <savepoint>/*.state                self-contained: the folder can be moved
//! ```
//!
//! - [`part`]: what operators hand over at a barrier, and what is known once it is written.
//! - [`format`](mod@format): framing, versions and checksums of both kinds of file.
//! - [`manifest`]: the list of everything a snapshot consists of.
//! - [`journal`]: the numbered entries that say which checkpoints are real, and whose they are.
//! - [`storage`]: where snapshots lie: folders, listing, conditional creation, deletion.
//! - [`Pieces`]: what blocks are encoded into; `compression`: what they are compressed to where that is asked for.
//! - [`write`](mod@write) and [`read`]: from parts to files, and back to what a subtask restores.

mod compression;
pub mod format;
pub mod journal;
pub mod manifest;
pub mod part;
mod pieces;
pub mod read;
pub mod storage;
#[cfg(test)]
pub(crate) mod test_support;
pub mod write;

pub use self::pieces::Pieces;
