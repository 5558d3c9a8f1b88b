//! An entry of the journal: everything there is to know of a job, so that nothing is ever replayed.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::snapshot::format::{self, FileKind, append_block, corrupt, only_block, verify_header};
use crate::{CheckpointId, CheckpointName, Epoch, Result, StateError, Timestamp};

/// No journal comes to a number, an epoch or a checkpoint above this one; each must have a next one.
const LARGEST: u64 = u64::MAX / 2;

/// How many entries of an epoch stay besides its first.
pub(super) const RECENT: usize = 16;

/// Names a process in messages, and distinguishes it from every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// The name of its host.
    pub host: String,
    /// Its number on that host.
    pub pid: u32,
    /// When it was started.
    pub started: Timestamp,
    /// A random number, since all the rest may be equal in two containers.
    pub nonce: u64,
}

impl fmt::Display for ProcessIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "process {} on host `{}`, started {}", self.pid, self.host, self.started)
    }
}

/// A job as its journal knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobIdentity {
    /// A random number, drawn when the journal was opened: it differs between two jobs of one name.
    pub id: u64,
    /// The name.
    pub name: String,
}

/// Why an entry was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// A run begins with empty state.
    Opened,
    /// A process goes on from what an earlier one left.
    TookOver,
    /// A checkpoint is complete.
    Completed,
    /// The job stops with a savepoint.
    Savepoint,
    /// The job was cancelled, and the checkpoints that it owned are to be deleted.
    Cancelled,
}

/// A snapshot that a job can go on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotReference {
    /// A checkpoint in the job's own folder.
    Checkpoint(CheckpointName),
    /// A savepoint of the job itself.
    Savepoint {
        /// Its number among the job's checkpoints.
        number: CheckpointId,
        /// The folder of its manifest.
        folder: String,
    },
    /// A snapshot elsewhere that the run began from: the folder of its manifest.
    Elsewhere(String),
}

impl SnapshotReference {
    /// Its number among the job's checkpoints, if it is one of the job's own.
    pub const fn number(&self) -> Option<CheckpointId> {
        match self {
            Self::Checkpoint(name) => Some(name.id),
            Self::Savepoint { number, .. } => Some(*number),
            Self::Elsewhere(_) => None,
        }
    }
}

impl fmt::Display for SnapshotReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint(name) => name.fmt(formatter),
            Self::Savepoint { folder, .. } | Self::Elsewhere(folder) => formatter.write_str(folder),
        }
    }
}

/// What an entry says of the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Why it was written.
    pub kind: EntryKind,
    /// A number above those of all checkpoints that were ever listed.
    pub next_checkpoint: CheckpointId,
    /// What a restore begins from. Nothing may be committed that this does not cover.
    pub latest: Option<SnapshotReference>,
    /// The checkpoints that the job owns, oldest first. Files that none of them names may be deleted.
    pub retained: Vec<CheckpointName>,
}

/// An entry, complete in itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Its number, which is its name: upwards from 1.
    pub number: u64,
    /// The epoch of the process that wrote it.
    pub epoch: Epoch,
    /// That process.
    pub writer: ProcessIdentity,
    /// The job it belongs to.
    pub job: JobIdentity,
    /// Whether it is the first of its epoch: a process of an earlier one may still try to write its number.
    pub(super) is_first: bool,
    /// The entries before it that may be deleted once there are more than enough of them: none of
    /// them is the first of its epoch.
    pub(super) recent: Vec<u64>,
    /// What it says.
    pub record: JobRecord,
}

impl JournalEntry {
    /// The first of all.
    pub(super) const fn first(writer: ProcessIdentity, job: JobIdentity, record: JobRecord) -> Self {
        Self { number: 1, epoch: Epoch::new(1), writer, job, is_first: true, recent: Vec::new(), record }
    }

    /// The one with which `writer` takes over after this one.
    pub(super) fn take_over(&self, writer: ProcessIdentity, record: JobRecord) -> Self {
        Self { epoch: self.epoch.next(), writer, is_first: true, ..self.followed_by(record) }
    }

    /// The next of the same process.
    pub(super) fn followed_by(&self, record: JobRecord) -> Self {
        let mut recent = self.recent.clone();
        if !self.is_first {
            recent.push(self.number);
        }
        Self { number: self.number + 1, is_first: false, recent, record, ..self.clone() }
    }

    /// Takes off the entries that are no longer wanted.
    pub(super) fn take_garbage(&mut self, keep: usize) -> Vec<u64> {
        let surplus = self.recent.len().saturating_sub(keep);
        self.recent.drain(..surplus).collect()
    }

    /// The name of its file.
    pub(super) fn file(&self) -> String {
        file_of(self.number)
    }

    pub(super) fn encode(&self) -> Result<Bytes> {
        let mut out = Vec::new();
        format::begin(FileKind::JournalEntry, &mut out);
        append_block(&mut out, |out| {
            *out = postcard::to_extend(self, std::mem::take(out)).map_err(|source| StateError::Codec {
                state: "journal".into(),
                action: "encode",
                source,
            })?;
            Ok(())
        })?;
        Ok(out.into())
    }

    pub(super) fn decode(path: &str, bytes: &Bytes) -> Result<Self> {
        verify_header(FileKind::JournalEntry, path, bytes)?;
        let payload = only_block(path, bytes)?;
        let (entry, rest) = postcard::take_from_bytes::<Self>(&payload)
            .map_err(|error| corrupt(path, format_args!("its content cannot be read: {error}")))?;
        if !rest.is_empty() {
            return Err(corrupt(path, format_args!("{} bytes follow its content", rest.len())));
        }
        let numbers = [entry.number, entry.epoch.number(), entry.record.next_checkpoint.number()];
        if let Some(number) = numbers.into_iter().find(|number| *number > LARGEST) {
            return Err(corrupt(path, format_args!("it counts up to {number}, which no journal comes to")));
        }
        if !path.ends_with(&entry.file()) {
            return Err(corrupt(path, format_args!("it is entry {} under another name", entry.number)));
        }
        Ok(entry)
    }
}

/// The file of an entry, relative to the job's folder: numbers in the order of names.
pub(super) fn file_of(number: u64) -> String {
    format!("{}/{number:020}", super::FOLDER)
}

/// The number in the name of an entry's file.
pub(super) fn parse_number(file: &str) -> Option<u64> {
    (file.len() == 20 && file.bytes().all(|digit| digit.is_ascii_digit())).then(|| file.parse().ok())?
}
