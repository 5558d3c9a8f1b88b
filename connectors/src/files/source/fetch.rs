//! Fetches a file piece by piece, the next while the one at hand is worked off.

use std::ops::Range;

use bytes::Bytes;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;
use millstream_runtime::{Error, ErrorKind, Result};
use object_store::ObjectStoreExt;

use super::split::FileSplit;
use crate::files::location::Location;

/// How much is fetched at once, in bytes.
const CHUNK: u64 = 1 << 20;
/// How much is fetched beyond a range's end with its last chunk, for the row that crosses it.
const OVERHANG: u64 = 16 << 10;
/// How much is fetched at once if that was not enough.
const FURTHER: u64 = 64 << 10;

/// Which pieces of a file to fetch, in order.
#[derive(Clone, Debug)]
pub(super) struct FetchPlan {
    next: u64,
    /// Up to here bytes will surely be needed, or are as good as free.
    wanted: u64,
    size: u64,
}

impl FetchPlan {
    /// What a split takes, from where its reading begins or goes on.
    pub(super) fn of(split: &FileSplit) -> Self {
        let next = match split.position {
            // What lies before cannot be left out when unpacking.
            _ if split.gzip => 0,
            Some(position) => position.min(split.size),
            // The byte before tells whether a row begins at the start.
            None => split.start.saturating_sub(1),
        };
        Self { next, wanted: split.end.saturating_add(OVERHANG).min(split.size), size: split.size }
    }

    /// The offset of the first byte that is still to be fetched.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    /// Whether what lies ahead will surely be needed.
    const fn is_wanting(&self) -> bool {
        self.next < self.wanted
    }

    /// The next piece; `None` at the end of the file.
    pub(super) fn advance(&mut self) -> Option<Range<u64>> {
        let end = if self.is_wanting() { self.wanted.min(self.next + CHUNK) } else { self.next + FURTHER };
        let range = self.next..end.min(self.size);
        self.next = range.end;
        (!range.is_empty()).then_some(range)
    }
}

/// What [`Fetcher::next`] has.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The bytes after those before.
    Chunk(Bytes),
    /// Nothing yet: the task will be woken.
    Pending,
    /// The file has ended.
    End,
}

/// Fetches one split.
pub(super) struct Fetcher {
    location: Location,
    plan: FetchPlan,
    flight: Option<(Range<u64>, IoHandle<Bytes>)>,
}

impl Fetcher {
    pub(super) fn new(location: Location, plan: FetchPlan) -> Self {
        Self { location, plan, flight: None }
    }

    /// Starts to fetch what will surely be needed, if nothing is being fetched.
    pub(super) fn prefetch(&mut self, cx: &TaskContext) {
        if self.flight.is_none() && self.plan.is_wanting() {
            self.start(cx);
        }
    }

    /// Whether all that will surely be needed has come.
    pub(super) const fn is_idle(&self) -> bool {
        self.flight.is_none() && !self.plan.is_wanting()
    }

    fn start(&mut self, cx: &TaskContext) -> bool {
        let Some(range) = self.plan.advance() else { return false };
        let (location, wanted) = (self.location.clone(), range.clone());
        let handle = cx.spawn_io(async move {
            let bytes = location.store.get_range(&location.path, wanted).await;
            bytes.map_err(|error| location.failed("read", error))
        });
        self.flight = Some((range, handle));
        true
    }

    /// The next bytes, if they are there.
    pub(super) fn next(&mut self, cx: &TaskContext) -> Result<Fetched> {
        let Some((range, handle)) = &self.flight else {
            return Ok(if self.start(cx) { Fetched::Pending } else { Fetched::End });
        };
        let Some(result) = handle.take() else { return Ok(Fetched::Pending) };
        let bytes = result?;
        let expected = range.end - range.start;
        if bytes.len() as u64 != expected {
            let problem =
                format!("`{}` has changed since it was found: it has become shorter", self.location.name);
            return Err(Error::new(ErrorKind::InvalidInput, problem));
        }
        self.flight = None;
        self.prefetch(cx);
        Ok(Fetched::Chunk(bytes))
    }
}

/// How many lines end before an offset in a file.
pub(super) async fn count_lines(location: Location, offset: u64) -> Result<u64> {
    let (mut start, mut lines) = (0, 0);
    while start < offset {
        let end = offset.min(start + CHUNK);
        let bytes = location.store.get_range(&location.path, start..end).await;
        let bytes = bytes.map_err(|error| location.failed("read", error))?;
        lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        start = end;
    }
    Ok(lines)
}

/// Fetches the first row of a file.
pub(super) async fn fetch_first_row(
    location: Location,
    size: u64,
    mut row_length: impl FnMut(&[u8]) -> Option<usize> + Send,
) -> Result<Bytes> {
    let mut length = FURTHER;
    loop {
        let end = length.min(size);
        let fetched = location.store.get_range(&location.path, 0..end).await;
        let bytes = fetched.map_err(|error| location.failed("read", error))?;
        match row_length(&bytes) {
            Some(length) => return Ok(bytes.slice(..length.min(bytes.len()))),
            None if end == size => return Ok(bytes),
            None => length = length.saturating_mul(4),
        }
    }
}
