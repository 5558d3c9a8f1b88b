//! The journal of a job's folder: which process owns it, and which checkpoints are real.
//!
//! ```text
//! <job>/journal/00000000000000000042    one entry, complete in itself; never rewritten
//! ```
//!
//! 1. What counts is the entry with the highest number. Entries are made by conditional creation.
//! 2. A process that starts reads the highest entry N and creates N+1 with the next epoch. Then it lists
//!    once more: if anything lies above, it was asleep in between, and has taken over nothing.
//! 3. A checkpoint is complete once an entry lists it; only then may anything be committed that depends
//!    on it. Where the number is taken already, a newer process has it, and the older one is fenced.
//! 4. A creation whose outcome is unknown is tried again with the same content until it is known.
//! 5. The first entry of every epoch stays for ever, of the others the last few. A process that has
//!    been replaced always writes the number after its own last, and exactly that is the first entry of
//!    the next epoch: however late it comes, it can never succeed. No clock and no lease are involved.
//! 6. Files of checkpoints are deleted only after an entry exists that no longer lists them.
//!
//! Nothing here reads a clock, draws a random number or waits: who calls decides how often to try again.

mod entry;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use object_store::{Error, PutMode, PutPayload};

pub use self::entry::{EntryKind, JobIdentity, JobRecord, JournalEntry, ProcessIdentity, SnapshotReference};
use self::entry::{RECENT, file_of, parse_number};
use super::format::corrupt;
use super::storage::SnapshotHome;
use crate::{Epoch, Result, StateError};

/// The folder of entries in a job's folder.
pub const FOLDER: &str = "journal";

/// A mistake that a test asks the journal to make, to see whether the test would notice it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JournalMistake {
    /// None.
    #[default]
    None,
    /// A process takes over without looking whether it slept in between.
    NoSecondList,
    /// The first entry of an epoch is deleted like any other.
    DeleteFirst,
    /// A process goes on from the highest entry without one of its own.
    TakeOverWithoutEntry,
    /// What has a manifest counts, whether an entry lists it or not: a mistake of the caller.
    ManifestAlone,
}

/// How a journal behaves where tests want it to behave otherwise.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct JournalOptions {
    /// A deliberate mistake.
    pub mistake: JournalMistake,
    /// How many entries stay besides the first of each epoch.
    pub recent: usize,
}

impl JournalOptions {
    /// Whether this mistake is to be made: never, unless the feature `simulation` is on.
    pub fn makes(&self, mistake: JournalMistake) -> bool {
        cfg!(any(test, feature = "simulation")) && self.mistake == mistake
    }
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self { mistake: JournalMistake::None, recent: RECENT }
    }
}

/// The journal of a folder that this process has taken over.
#[derive(Debug)]
pub struct Journal {
    home: SnapshotHome,
    options: JournalOptions,
    /// The last entry of this process.
    last: JournalEntry,
    /// The entry after it, which may have been created or not.
    unresolved: Option<JournalEntry>,
}

enum Creation {
    /// The entry is there.
    Done,
    /// Another one is.
    Taken(Box<JournalEntry>),
}

impl Journal {
    /// The entry that counts, if the folder has a journal.
    ///
    /// # Errors
    /// [`StateError::Storage`]; [`StateError::Corrupt`] for a damaged entry, or where entries of two jobs
    /// lie in the folder: somebody deleted it while a process that was believed dead still wrote to it.
    pub async fn read(home: &SnapshotHome) -> Result<Option<JournalEntry>> {
        let numbers = list(home).await?;
        let (Some(lowest), Some(highest)) = (numbers.iter().min(), numbers.iter().max()) else {
            return Ok(None);
        };
        let entry = read_entry(home, *highest).await?;
        // The lowest is the first of an epoch, and stays for ever.
        if lowest < highest {
            let first = read_entry(home, *lowest).await?;
            check_same_job(home, &first, &entry)?;
        }
        Ok(Some(entry))
    }

    /// Takes the folder over from `found`, the entry that counted when it was [read](Self::read);
    /// `job` names it if there was none.
    ///
    /// # Errors
    /// [`StateError::Contended`] where somebody else was faster, or the process was asleep for too long:
    /// read again and decide anew. After any error nothing has been taken over, and nothing may be
    /// concluded from it.
    pub async fn take_over(
        home: SnapshotHome,
        found: Option<&JournalEntry>,
        job: JobIdentity,
        writer: ProcessIdentity,
        record: JobRecord,
    ) -> Result<Self> {
        Self::take_over_with(JournalOptions::default(), home, found, job, writer, record).await
    }

    /// As [`Self::take_over`], for tests.
    ///
    /// # Errors
    /// As there.
    #[doc(hidden)]
    pub async fn take_over_with(
        options: JournalOptions,
        home: SnapshotHome,
        found: Option<&JournalEntry>,
        job: JobIdentity,
        writer: ProcessIdentity,
        record: JobRecord,
    ) -> Result<Self> {
        let entry = match found {
            None => JournalEntry::first(writer, job, record),
            Some(found) => found.take_over(writer, record),
        };
        if options.makes(JournalMistake::TakeOverWithoutEntry)
            && let Some(found) = found
        {
            let last = JournalEntry { number: found.number, ..entry };
            return Ok(Self { home, options, last, unresolved: None });
        }
        if let Creation::Taken(other) = create(&home, &entry).await? {
            return Err(contended(&home, &other));
        }
        if !options.makes(JournalMistake::NoSecondList) {
            let highest = list(&home).await?.into_iter().max();
            if highest != Some(entry.number) {
                return Err(match highest {
                    Some(above) => contended(&home, &read_entry(&home, above).await?),
                    None => corrupt(&home.name_of(FOLDER), "its entries were deleted by somebody else"),
                });
            }
        }
        let mut journal = Self { home, options, last: entry, unresolved: None };
        journal.clean_up().await;
        Ok(journal)
    }

    /// The epoch of this process.
    pub const fn epoch(&self) -> Epoch {
        self.last.epoch
    }

    /// The last entry that this process knows to be on the store.
    pub const fn last(&self) -> &JournalEntry {
        &self.last
    }

    /// Adds an entry: when this returns without an error, it counts.
    ///
    /// # Errors
    /// [`StateError::Fenced`] where a newer process has the folder. After every other error the entry may
    /// exist or not: it is [resolved](Self::resolve) before anything else is recorded.
    pub async fn record(&mut self, record: JobRecord) -> Result<()> {
        self.resolve().await?;
        self.unresolved = Some(self.last.followed_by(record));
        self.resolve().await
    }

    /// Finds out whether the last entry exists whose creation ended in an error, by creating it again.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub async fn resolve(&mut self) -> Result<()> {
        let Some(entry) = &self.unresolved else { return Ok(()) };
        match create(&self.home, entry).await? {
            Creation::Done => {}
            // Stays unresolved: a caller that asks again gets the same answer.
            Creation::Taken(other) => {
                check_same_job(&self.home, entry, &other)?;
                return Err(StateError::Fenced {
                    path: self.home.to_string(),
                    newer: other.writer.to_string(),
                });
            }
        }
        if let Some(entry) = self.unresolved.take() {
            self.last = entry;
            self.clean_up().await;
        }
        Ok(())
    }

    /// Makes sure that no newer process has the folder, at this moment: before work that is of use only
    /// then, and to report why it has failed. What must never happen without owning the folder is for
    /// [`Self::record`] to prevent.
    ///
    /// # Errors
    /// [`StateError::Fenced`]; [`StateError::Storage`].
    pub async fn confirm(&self) -> Result<()> {
        let highest = list(&self.home).await?.into_iter().max();
        let Some(above) = highest.filter(|highest| *highest > self.last.number) else { return Ok(()) };
        let entry = read_entry(&self.home, above).await?;
        if entry.writer == self.last.writer {
            return Ok(()); // Its own, and not resolved yet.
        }
        check_same_job(&self.home, &self.last, &entry)?;
        Err(StateError::Fenced { path: self.home.to_string(), newer: entry.writer.to_string() })
    }

    /// Deletes entries that are no longer wanted. What cannot be deleted is a leak of some hundred bytes.
    async fn clean_up(&mut self) {
        let mut garbage = self.last.take_garbage(self.options.recent);
        if self.options.makes(JournalMistake::DeleteFirst) {
            garbage = (1..self.last.number).collect();
        }
        if !garbage.is_empty() {
            let files = garbage.into_iter().map(|number| Arc::from(file_of(number)));
            drop(self.home.delete_files(files).await);
        }
    }
}

/// Creates an entry, unless its number is taken. After an error it may be there, or come later.
async fn create(home: &SnapshotHome, entry: &JournalEntry) -> Result<Creation> {
    let (file, content) = (entry.file(), entry.encode()?);
    let payload = PutPayload::from(content.clone());
    match home.store().put_opts(&home.path_of(&file), payload, PutMode::Create.into()).await {
        Ok(_) => Ok(Creation::Done),
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
            let found = home.get(&file).await?;
            if found == content {
                // An earlier try went through.
                return Ok(Creation::Done);
            }
            Ok(Creation::Taken(Box::new(decode(home, entry.number, &found)?)))
        }
        Err(error) => Err(home.failed("create", &file, error)),
    }
}

/// The numbers of all entries.
async fn list(home: &SnapshotHome) -> Result<Vec<u64>> {
    let listed = home.store().list_with_delimiter(Some(&home.path_of(FOLDER))).await;
    let objects = listed.map_err(|error| home.failed("list", FOLDER, error))?.objects;
    Ok(objects.iter().filter_map(|object| parse_number(object.location.filename()?)).collect())
}

async fn read_entry(home: &SnapshotHome, number: u64) -> Result<JournalEntry> {
    decode(home, number, &home.get(&file_of(number)).await?)
}

fn decode(home: &SnapshotHome, number: u64, content: &Bytes) -> Result<JournalEntry> {
    JournalEntry::decode(&home.name_of(&file_of(number)), content)
}

fn check_same_job(home: &SnapshotHome, one: &JournalEntry, other: &JournalEntry) -> Result<()> {
    if one.job == other.job {
        return Ok(());
    }
    let name = |entry: &JournalEntry| format!("`{}` (id {:016x})", entry.job.name, entry.job.id);
    Err(corrupt(
        &home.name_of(&other.file()),
        format_args!(
            "it belongs to job {}, but entry {} in the same folder to job {}: the folder was deleted while \
             {} still wrote to it; delete the entries of one of the two, or use another folder",
            name(other),
            one.number,
            name(one),
            other.writer
        ),
    ))
}

fn contended(home: &SnapshotHome, other: &JournalEntry) -> StateError {
    StateError::Contended { path: home.to_string(), other: other.writer.to_string() }
}
