//! Finds the splits of one source, waits for its readers, and then finds those of the next.

use std::sync::Arc;

use millstream_runtime::Result;
use millstream_runtime::chain::{OpenContext, SnapshotContext, SourceStatus};
use millstream_runtime::clock::IoHandle;
use millstream_state::snapshot::part::Redistribution;
use serde::{Deserialize, Serialize};

use super::HybridSplit;
use crate::source::enumerator::AnyEnumerator;
use crate::source::{Enumerator, Source, SplitOutput};

/// How far the enumerator of a hybrid source has come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Progress {
    /// The first source has been read to its end by all.
    has_switched: bool,
    /// All splits of the first source have been handed out.
    first_is_found: bool,
    /// All splits of the second source have been handed out.
    second_is_found: bool,
}

pub(super) struct HybridEnumerator<A: Source, B: Source> {
    id: u64,
    first: Finder<A>,
    second: Finder<B>,
    /// The readers know that no split of the first source follows.
    is_told: bool,
    has_switched: bool,
}

impl<A: Source, B: Source> HybridEnumerator<A, B> {
    pub(super) fn new(id: u64, first: &Arc<A>, second: &Arc<B>) -> Self {
        Self {
            id,
            first: Finder::new(first),
            second: Finder::new(second),
            is_told: false,
            has_switched: false,
        }
    }
}

impl<A: Source, B: Source> AnyEnumerator<HybridSplit<A::Split, B::Split>> for HybridEnumerator<A, B> {
    fn open(&mut self, name: &str, cx: &mut OpenContext<'_>) -> Result<()> {
        for progress in cx.take_list::<Progress>(name)?.into_iter().flatten() {
            self.has_switched = progress.has_switched;
            (self.first.is_done, self.second.is_done) = (progress.first_is_found, progress.second_is_found);
        }
        self.first.open(&format!("{name}, first source"), cx)?;
        self.second.open(&format!("{name}, second source"), cx)
    }

    fn next(
        &mut self,
        output: &mut SplitOutput<'_, '_, HybridSplit<A::Split, B::Split>>,
    ) -> Result<SourceStatus> {
        let (cx, id) = (output.context(), self.id);
        let (reports, attempt) = (cx.reader_reports(id), cx.attempt());
        if !self.has_switched {
            let first = &mut self.first;
            let status = output.mapped(HybridSplit::First, |output| first.next(reports.readers, output))?;
            if status != SourceStatus::Ended {
                return Ok(status);
            }
            let Some(readers) = reports.readers else { return Ok(SourceStatus::Waiting) };
            if !std::mem::replace(&mut self.is_told, true) {
                let (epoch, attempt) = (attempt.epoch.number(), attempt.number);
                for reader in 0..readers {
                    output.hand_out_to(reader.into(), HybridSplit::FirstIsComplete { epoch, attempt })?;
                }
                output.all_handed_out()?;
            }
            if reports.finished < readers {
                return Ok(SourceStatus::Waiting);
            }
            self.has_switched = true;
        }
        let second = &mut self.second;
        output.mapped(HybridSplit::Second, |output| second.next(reports.readers, output))
    }

    fn snapshot(&self, name: &str, cx: &mut SnapshotContext<'_>) -> Result<()> {
        let (first_is_found, second_is_found) = (self.first.is_done, self.second.is_done);
        let progress = Progress { has_switched: self.has_switched, first_is_found, second_is_found };
        cx.list(name, Redistribution::Split, [&progress])?;
        if self.has_switched {
            self.second.snapshot(&format!("{name}, second source"), cx)
        } else {
            self.first.snapshot(&format!("{name}, first source"), cx)
        }
    }
}

/// Finds the splits of a source, whether it has an enumerator or not.
struct Finder<S: Source> {
    source: Arc<S>,
    enumerator: Option<Enumerator<S::Split>>,
    discovery: Option<IoHandle<Vec<S::Split>>>,
    /// All splits have been handed out.
    is_done: bool,
}

impl<S: Source> Finder<S> {
    fn new(source: &Arc<S>) -> Self {
        let (source, enumerator) = (source.clone(), source.enumerator());
        Self { source, enumerator, discovery: None, is_done: false }
    }

    fn open(&mut self, name: &str, cx: &mut OpenContext<'_>) -> Result<()> {
        self.enumerator.as_mut().map_or(Ok(()), |enumerator| enumerator.open_as(name, cx))
    }

    fn snapshot(&self, name: &str, cx: &mut SnapshotContext<'_>) -> Result<()> {
        self.enumerator.as_ref().map_or(Ok(()), |enumerator| enumerator.snapshot_as(name, cx))
    }

    fn next(
        &mut self,
        readers: Option<u32>,
        output: &mut SplitOutput<'_, '_, S::Split>,
    ) -> Result<SourceStatus> {
        if self.is_done {
            return Ok(SourceStatus::Ended);
        }
        if let Some(enumerator) = &mut self.enumerator {
            let status = enumerator.next_into(output)?;
            self.is_done = status == SourceStatus::Ended;
            return Ok(status);
        }
        // Shares depend on how many readers there are.
        let Some(readers) = readers else { return Ok(SourceStatus::Waiting) };
        let Some(discovery) = &self.discovery else {
            let source = self.source.clone();
            self.discovery = Some(output.context().spawn_io(async move { source.discover().await }));
            return Ok(SourceStatus::Waiting);
        };
        let Some(found) = discovery.take() else { return Ok(SourceStatus::Waiting) };
        self.discovery = None;
        let found = found?;
        for reader in 0..readers {
            for split in self.source.assign(&found, reader, readers) {
                output.hand_out_to(reader.into(), split)?;
            }
        }
        output.all_handed_out()?;
        self.is_done = true;
        Ok(SourceStatus::Ended)
    }
}
