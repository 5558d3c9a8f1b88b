//! Snapshots: what a job's state looks like on an object store, and the way there and back.
//!
//! ```text
//! <root>/<job>/chk-<id>/manifest                           written last, with a conditional create
//! <root>/<job>/chk-<id>/<vertex>-<subtask>-<random>.state  blocks, one for each key group that changed
//! <savepoint>/manifest, <savepoint>/*.state                self-contained: the folder can be moved
//! ```
//!
//! - [`part`]: what operators hand over at a barrier, and what is known once it is written.
//! - [`format`](mod@format): framing, versions and checksums of both kinds of file.
//! - [`manifest`]: the list of everything a snapshot consists of.
//! - [`storage`]: where snapshots lie: folders, listing, conditional creation, deletion.
//! - [`write`](mod@write) and [`read`]: from parts to files, and back to what a subtask restores.

pub mod format;
pub mod manifest;
pub mod part;
pub mod read;
pub mod storage;
pub mod write;
