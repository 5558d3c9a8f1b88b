//! A split that is being read: its footer, then block by block, fetching what the decoder needs.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use millstream_runtime::chain::TaskContext;
use millstream_runtime::clock::IoHandle;
use millstream_runtime::{Error, ErrorKind, Result};
use object_store::ObjectStoreExt;

use super::{BulkDecoded, BulkDecoder, BulkFormat, FooterRead};
use crate::Gathered;
use crate::files::location::Location;
use crate::files::source::FileSplit;

/// How many of a file's last bytes are fetched at first: most footers are smaller.
const TAIL: u64 = 64 << 10;

/// What [`Reading::poll`] has.
pub(super) enum Polled<T> {
    /// Nothing yet: the task will be woken.
    Pending,
    /// The next rows.
    Rows(Gathered<T>),
    /// The split has been read.
    End,
}

/// A split that is being read.
pub(super) struct Reading<F: BulkFormat> {
    /// The split with the position up to which rows were emitted.
    split: FileSplit,
    location: Location,
    phase: Phase<F>,
    /// Rows that came before they were asked for.
    ready: Option<Gathered<F::Record>>,
    /// Bytes that were fetched and are not counted yet.
    fetched: u64,
}

enum Phase<F: BulkFormat> {
    Footer(IoHandle<Arc<F::Footer>>),
    Blocks(Blocks<F>),
}

/// The blocks of a split.
struct Blocks<F: BulkFormat> {
    footer: Arc<F::Footer>,
    /// Those that have not been begun.
    left: VecDeque<usize>,
    /// How many rows of the next one were read before.
    skip: u64,
    decoder: Option<F::Decoder>,
    flight: Option<Flight>,
}

/// Bytes under way.
struct Flight {
    ranges: Vec<Range<u64>>,
    handle: IoHandle<Vec<Bytes>>,
}

impl<F: BulkFormat> Reading<F> {
    /// Begins or goes on with a split, whose file has this footer if it is known already.
    pub(super) fn new(
        split: FileSplit,
        location: Location,
        footer: Option<Arc<F::Footer>>,
        format: &F,
        cx: &TaskContext,
    ) -> Self {
        let phase = match footer {
            Some(footer) => Phase::Blocks(Blocks::new(footer, &split, format)),
            None => {
                Phase::Footer(cx.spawn_io(read_footer_shared(format.clone(), location.clone(), split.size)))
            }
        };
        Self { split, location, phase, ready: None, fetched: 0 }
    }

    /// The split as it stands.
    pub(super) const fn split(&self) -> &FileSplit {
        &self.split
    }

    /// The footer of the file, once it has been read.
    pub(super) const fn footer(&self) -> Option<&Arc<F::Footer>> {
        match &self.phase {
            Phase::Footer(_) => None,
            Phase::Blocks(blocks) => Some(&blocks.footer),
        }
    }

    /// How many bytes were fetched since this was asked last.
    pub(super) const fn take_fetched(&mut self) -> u64 {
        std::mem::replace(&mut self.fetched, 0)
    }

    /// Gets the next rows ready before they are asked for.
    pub(super) fn prepare(&mut self, format: &F, cx: &TaskContext) -> Result<()> {
        if self.ready.is_none()
            && let Polled::Rows(rows) = self.advance(format, cx)?
        {
            self.ready = Some(rows);
        }
        Ok(())
    }

    /// The next rows, which count as read then.
    pub(super) fn poll(&mut self, format: &F, cx: &TaskContext) -> Result<Polled<F::Record>> {
        let polled = match self.ready.take() {
            Some(rows) => Polled::Rows(rows),
            None => self.advance(format, cx)?,
        };
        if let Polled::Rows(rows) = &polled {
            self.split.position = Some(self.split.position.unwrap_or(0) + rows.rows);
        }
        Ok(polled)
    }

    fn advance(&mut self, format: &F, cx: &TaskContext) -> Result<Polled<F::Record>> {
        loop {
            let blocks = match &mut self.phase {
                Phase::Footer(handle) => {
                    let Some(footer) = handle.take() else { return Ok(Polled::Pending) };
                    self.phase = Phase::Blocks(Blocks::new(footer?, &self.split, format));
                    continue;
                }
                Phase::Blocks(blocks) => blocks,
            };
            let damaged = |problem: String| unreadable(&self.location, format.kind(), &problem);
            if let Some(flight) = &blocks.flight {
                let Some(bytes) = flight.handle.take() else { return Ok(Polled::Pending) };
                let bytes = bytes?;
                self.fetched += bytes.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
                let ranges = blocks.flight.take().map(|flight| flight.ranges).unwrap_or_default();
                if let Some(decoder) = &mut blocks.decoder {
                    decoder.feed(ranges, bytes).map_err(damaged)?;
                }
            }
            let Some(decoder) = &mut blocks.decoder else {
                let Some(block) = blocks.left.pop_front() else { return Ok(Polled::End) };
                let skip = std::mem::take(&mut blocks.skip);
                let decoder = format.decoder(&self.location.name, &blocks.footer, block, skip);
                blocks.decoder = Some(decoder.map_err(damaged)?);
                continue;
            };
            match decoder.decode().map_err(damaged)? {
                BulkDecoded::Rows(rows) => return Ok(Polled::Rows(rows)),
                BulkDecoded::End => blocks.decoder = None,
                BulkDecoded::Needs(ranges) => {
                    // A damaged footer may name any place.
                    if ranges.is_empty() || ranges.iter().any(|range| range.end > self.split.size) {
                        return Err(damaged("the footer names bytes that are not in the file".to_owned()));
                    }
                    let handle = cx.spawn_io(fetch(self.location.clone(), ranges.clone()));
                    blocks.flight = Some(Flight { ranges, handle });
                }
            }
        }
    }
}

impl<F: BulkFormat> Blocks<F> {
    /// What is left of a split.
    fn new(footer: Arc<F::Footer>, split: &FileSplit, format: &F) -> Self {
        let mut skip = split.position.unwrap_or(0);
        let mut left = VecDeque::new();
        for (index, block) in format.blocks(&footer).into_iter().enumerate() {
            if !(split.start..split.end).contains(&block.offset) {
                continue;
            }
            if left.is_empty() && block.rows <= skip {
                skip -= block.rows;
            } else {
                left.push_back(index);
            }
        }
        Self { footer, left, skip, decoder: None, flight: None }
    }
}

/// The bytes of ranges of a file.
async fn fetch(location: Location, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>> {
    let fetched = location.store.get_ranges(&location.path, &ranges).await;
    let bytes = fetched.map_err(|error| location.failed("read", error))?;
    let lengths = ranges.iter().map(|range| range.end - range.start);
    if bytes.iter().map(|bytes| bytes.len() as u64).eq(lengths) { Ok(bytes) } else { Err(shorter(&location)) }
}

/// The footer of a file of `size` bytes.
pub(super) async fn read_footer<F: BulkFormat>(
    format: F,
    location: Location,
    size: u64,
) -> Result<F::Footer> {
    let mut wanted = TAIL.min(size);
    loop {
        let tail = match wanted {
            0 => Bytes::new(),
            _ => {
                let read = location.store.get_range(&location.path, size - wanted..size).await;
                read.map_err(|error| location.failed("read", error))?
            }
        };
        if tail.len() as u64 != wanted {
            return Err(shorter(&location));
        }
        match format.footer(size, tail).map_err(|problem| unreadable(&location, format.kind(), &problem))? {
            FooterRead::Footer(footer) => return Ok(footer),
            FooterRead::Needs(more) if (wanted + 1..=size).contains(&more) => wanted = more,
            FooterRead::Needs(more) => {
                let problem = format!("its footer would be {more} bytes long, and the file is {size}");
                return Err(unreadable(&location, format.kind(), &problem));
            }
        }
    }
}

async fn read_footer_shared<F: BulkFormat>(
    format: F,
    location: Location,
    size: u64,
) -> Result<Arc<F::Footer>> {
    read_footer(format, location, size).await.map(Arc::new)
}

fn unreadable(location: &Location, kind: &str, problem: &str) -> Error {
    let problem = format!("`{}` cannot be read as one of {kind}: {problem}", location.name);
    Error::new(ErrorKind::InvalidInput, problem)
}

fn shorter(location: &Location) -> Error {
    let problem = format!("`{}` has changed since it was found: it has become shorter", location.name);
    Error::new(ErrorKind::InvalidInput, problem)
}
