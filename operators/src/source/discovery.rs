//! The enumerator of sources whose splits can be listed at any time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use millstream_runtime::Result;
use millstream_runtime::chain::SourceStatus;
use millstream_runtime::clock::IoHandle;
use millstream_state::Record;
use serde::{Deserialize, Serialize};

use super::{SplitEnumerator, SplitOutput};

/// Splits with their names.
type Named<S> = Vec<(String, S)>;

/// Lists all splits there are.
type List<S> = Arc<dyn Fn(Listing) -> BoxFuture<'static, Result<Named<S>>> + Send + Sync>;

/// Which listing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The first of the job: what is there is read from where the user has said.
    First,
    /// A later one, or the first after a restore: what it finds anew has come up while the job ran.
    Later,
}

/// What a [`Discovery`] knows at a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoveryState {
    /// Whether the first listing is done.
    listed: bool,
    /// The names of the splits that have been handed out.
    known: Vec<String>,
}

/// Lists the splits of a source when the job begins, and from time to time again; hands out those whose names are new.
///
/// The names of all splits that were handed out are part of snapshots. If the first listing fails the job fails; a later
/// one that fails is logged and tried again when the interval has passed.
///
/// ```
/// # use millstream::prelude::*;
/// use millstream::source::{
///     CollectionReader, CollectionSource, Discovery, Enumerator, Listing, Source, StridedSplit,
/// };
///
/// /// A collection whose splits are found by an enumerator.
/// struct Listed(CollectionSource<u64>);
///
/// impl Source for Listed {
///     type Record = u64;
///     type Split = StridedSplit;
///     type Reader = CollectionReader<u64>;
///
///     fn kind(&self) -> &'static str {
///         "Listed"
///     }
///
///     fn enumerator(&self) -> Option<Enumerator<StridedSplit>> {
///         let list = |_: Listing| async { Ok(vec![("all".to_owned(), StridedSplit::share(0, 1)[0])]) };
///         Some(Enumerator::new(Discovery::new(list)))
///     }
///
///     fn reader(&self) -> CollectionReader<u64> {
///         self.0.reader()
///     }
/// }
///
/// let env = Environment::new().parallelism(2);
/// let numbers = env.from_source(Listed(CollectionSource::new(0..3))).collect();
/// env.execute("numbers")?;
/// assert_eq!(numbers.sorted(), [0, 1, 2]);
/// # Ok::<(), millstream::Error>(())
/// ```
pub struct Discovery<S> {
    list: List<S>,
    interval: Option<Duration>,
    known: BTreeSet<String>,
    is_first: bool,
    under_way: Option<IoHandle<Named<S>>>,
    /// When to look again, on the monotonic clock.
    due: Option<Duration>,
}

impl<S: Record> Discovery<S> {
    /// Calls `list` once: what it answers is all there will be.
    pub fn new<W>(list: impl Fn(Listing) -> W + Send + Sync + 'static) -> Self
    where
        W: Future<Output = Result<Named<S>>> + Send + 'static,
    {
        Self {
            list: Arc::new(move |listing| list(listing).boxed()),
            interval: None,
            known: BTreeSet::new(),
            is_first: true,
            under_way: None,
            due: None,
        }
    }

    /// Looks for new splits at this interval, so that the source has no end. `None` for once.
    #[must_use]
    pub fn every(self, interval: impl Into<Option<Duration>>) -> Self {
        Self { interval: interval.into(), ..self }
    }

    /// Takes in what a listing has found.
    fn take_in(&mut self, found: Result<Named<S>>, output: &mut SplitOutput<'_, '_, S>) -> Result<()> {
        match found {
            Ok(found) => {
                for (name, split) in found {
                    if self.known.insert(name) {
                        output.hand_out(split)?;
                    }
                }
                self.is_first = false;
            }
            Err(error) if self.is_first || self.interval.is_none() => return Err(error),
            Err(error) => tracing::warn!(%error, "new splits could not be looked for; it is tried again"),
        }
        output.all_handed_out()
    }
}

impl<S: Record> SplitEnumerator for Discovery<S> {
    type Split = S;
    type State = DiscoveryState;

    fn restore(&mut self, state: DiscoveryState) -> Result<()> {
        self.is_first = !state.listed;
        self.known.extend(state.known);
        Ok(())
    }

    fn next(&mut self, output: &mut SplitOutput<'_, '_, S>) -> Result<SourceStatus> {
        if let Some(under_way) = &self.under_way {
            let Some(found) = under_way.take() else { return Ok(SourceStatus::Waiting) };
            self.under_way = None;
            self.take_in(found, output)?;
            let now = output.context().monotonic();
            self.due = self.interval.map(|interval| now.saturating_add(interval));
        }
        if self.interval.is_none() && !self.is_first {
            return Ok(SourceStatus::Ended);
        }
        let now = output.context().monotonic();
        match self.due {
            Some(due) if now < due => output.context().wake_after(due.saturating_sub(now)),
            _ => {
                let listing = if self.is_first { Listing::First } else { Listing::Later };
                self.under_way = Some(output.context().spawn_io((self.list)(listing)));
            }
        }
        Ok(SourceStatus::Waiting)
    }

    fn snapshot(&self) -> DiscoveryState {
        DiscoveryState { listed: !self.is_first, known: self.known.iter().cloned().collect() }
    }
}

#[cfg(test)]
mod tests;
