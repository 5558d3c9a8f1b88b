//! The rows of one split, out of bytes as they come. Knows neither files nor tasks.

use bytes::Bytes;
use millstream_runtime::{Error, ErrorKind, Result};

use super::bad_record::BadRecordInfo;
use super::fetch::FetchPlan;
use super::gunzip::Gunzip;
use super::split::FileSplit;
use crate::files::format::{Decoder, Gathered, RowError};

/// The longest row that is read, in bytes; a longer one is more likely a quote that nobody closed.
const LONGEST_ROW: usize = 64 << 20;
/// How much is unpacked before rows are looked for again, in bytes.
const UNPACKED: usize = 256 << 10;

/// What the next bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The header of the file.
    Header,
    /// The end of a row that another reader reads.
    Align,
    /// What was read before a restore, up to this position.
    Skip(u64),
    Rows,
}

/// Why [`SplitReading::read`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// That was enough for once.
    Budget,
    /// More bytes are needed.
    Hungry,
    /// The split has been read.
    Done,
}

/// A split that is being read.
pub(super) struct SplitReading<D> {
    split: FileSplit,
    decoder: D,
    gunzip: Option<Gunzip>,
    phase: Phase,
    buffer: Vec<u8>,
    /// How much of the buffer has been read.
    read: usize,
    /// The offset in the file (unpacked) of the first byte that has not been read.
    offset: u64,
    /// The line of that byte, counted from 1; `None` if reading began in the middle of the file.
    line: Option<u64>,
    /// The file has no more bytes.
    ended: bool,
}

impl<D: Decoder> SplitReading<D> {
    /// Begins or goes on with a split. `header` is the file's first row, if the format has one and
    /// [`begins_file`] says that the bytes do not begin with it.
    pub(super) fn new(
        split: FileSplit,
        mut decoder: D,
        has_header: bool,
        header: Option<&[u8]>,
    ) -> Result<Self> {
        if let Some(row) = header {
            decoder.header(row).map_err(|error| bad_header(&split, row, &error))?;
        }
        let phase = match split.position {
            _ if has_header && header.is_none() => Phase::Header,
            position => after_header(&split, position),
        };
        let gunzip = split.gzip.then(Gunzip::new);
        let offset = FetchPlan::of(&split).next();
        let line = (offset == 0).then_some(1);
        Ok(Self { split, decoder, gunzip, phase, buffer: Vec::new(), read: 0, offset, line, ended: false })
    }

    /// The split as it stands: what is left of it is what has not been read.
    pub(super) fn split(&self) -> FileSplit {
        let position = if self.phase == Phase::Rows { Some(self.offset) } else { self.split.position };
        FileSplit { position, ..self.split.clone() }
    }

    /// What the decoder has gathered of the rows that have been read.
    pub(super) fn gathered(&mut self) -> Result<Option<Gathered<D::Record>>> {
        self.decoder.gathered()
    }

    /// The split as it was begun, and the latest timestamp read from it.
    pub(super) const fn split_mut(&mut self) -> &mut FileSplit {
        &mut self.split
    }

    /// Takes the bytes that come next in the file.
    pub(super) fn feed(&mut self, bytes: Bytes) {
        match &mut self.gunzip {
            Some(gunzip) => gunzip.feed(bytes),
            None => {
                self.compact();
                self.buffer.extend_from_slice(&bytes);
            }
        }
    }

    /// There are no more bytes in the file.
    pub(super) fn end(&mut self) -> Result<()> {
        self.compact();
        self.ended = true;
        match &mut self.gunzip {
            Some(gunzip) => gunzip.finish(&mut self.buffer).map_err(|error| damaged(&self.split, error)),
            None => Ok(()),
        }
    }

    fn compact(&mut self) {
        self.buffer.drain(..self.read);
        self.read = 0;
    }

    /// Reads rows until `budget` is used up, bytes run out or the split ends.
    pub(super) fn read(
        &mut self,
        budget: &mut usize,
        mut take: impl FnMut(Result<D::Record, BadRecordInfo>) -> Result<()>,
    ) -> Result<Stop> {
        loop {
            match self.read_buffer(budget, &mut take)? {
                Stop::Hungry if self.ended => return Ok(Stop::Done),
                Stop::Hungry => {}
                stop => return Ok(stop),
            }
            if self.buffer.len() - self.read > LONGEST_ROW {
                let problem = format!(
                    "`{}`: the row at byte {} is longer than {LONGEST_ROW} bytes; is a quote not closed?",
                    self.split.file, self.offset
                );
                return Err(Error::new(ErrorKind::InvalidInput, problem));
            }
            if !self.unpack()? {
                return Ok(Stop::Hungry);
            }
            if self.phase != Phase::Rows {
                // A long way to where reading stopped before must not keep the task from its neighbours.
                return Ok(Stop::Budget);
            }
        }
    }

    /// Unpacks more of what is there; false if nothing is.
    fn unpack(&mut self) -> Result<bool> {
        self.compact();
        let Some(gunzip) = self.gunzip.as_mut().filter(|gunzip| !gunzip.is_hungry()) else {
            return Ok(false);
        };
        // In proportion to what is there already, so that a long row is not looked through too often.
        let enough = self.buffer.len() + self.buffer.len().max(UNPACKED);
        while self.buffer.len() < enough && !gunzip.is_hungry() {
            gunzip.step(&mut self.buffer).map_err(|error| damaged(&self.split, error))?;
        }
        Ok(true)
    }

    fn read_buffer(
        &mut self,
        budget: &mut usize,
        take: &mut impl FnMut(Result<D::Record, BadRecordInfo>) -> Result<()>,
    ) -> Result<Stop> {
        loop {
            let rest = self.buffer.get(self.read..).unwrap_or_default();
            if self.gunzip.is_none() && self.offset >= self.split.end && self.phase != Phase::Header {
                return Ok(Stop::Done);
            }
            if rest.is_empty() {
                return Ok(Stop::Hungry);
            }
            let whole_rest = self.ended.then_some(rest.len());
            let length = match self.phase {
                Phase::Rows if *budget == 0 => return Ok(Stop::Budget),
                Phase::Header | Phase::Rows => match self.decoder.row_length(rest).or(whole_rest) {
                    Some(length) => length.clamp(1, rest.len()),
                    None => return Ok(Stop::Hungry),
                },
                Phase::Align => memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1),
                Phase::Skip(position) => {
                    rest.len().min(usize::try_from(position - self.offset).unwrap_or(usize::MAX))
                }
            };
            let row = rest.get(..length).unwrap_or_default();
            match self.phase {
                Phase::Rows => {
                    let decoded = self.decoder.decode(row);
                    let counted = if decoded.is_ok() { self.decoder.decoded_rows() } else { 1 };
                    *budget = budget.saturating_sub(counted);
                    match decoded {
                        Ok(Some(record)) => take(Ok(record))?,
                        Ok(None) => {}
                        Err(error) => take(Err(BadRecordInfo::new(
                            &self.split.file,
                            self.offset,
                            self.line,
                            row,
                            &error,
                        )))?,
                    }
                }
                Phase::Header => {
                    self.decoder.header(row).map_err(|error| bad_header(&self.split, row, &error))?;
                    self.phase = after_header(&self.split, self.split.position);
                }
                Phase::Align if row.last() == Some(&b'\n') => self.phase = Phase::Rows,
                Phase::Skip(position) if self.offset + length as u64 == position => self.phase = Phase::Rows,
                Phase::Align | Phase::Skip(_) => {}
            }
            self.line = self.line.map(|line| line + memchr::memchr_iter(b'\n', row).count() as u64);
            self.read += length;
            self.offset += length as u64;
        }
    }
}

/// Whether the bytes that are fetched for a split begin with those of its file.
pub(super) fn begins_file(split: &FileSplit) -> bool {
    FetchPlan::of(split).next() == 0
}

/// What follows the header, or the start if there is none.
fn after_header(split: &FileSplit, position: Option<u64>) -> Phase {
    match position {
        Some(position) if split.gzip => Phase::Skip(position),
        None if split.start > 0 => Phase::Align,
        _ => Phase::Rows,
    }
}

fn bad_header(split: &FileSplit, row: &[u8], error: &RowError) -> Error {
    BadRecordInfo::new(&split.file, 0, Some(1), row, error).into()
}

fn damaged(split: &FileSplit, error: std::io::Error) -> Error {
    let problem = format!("`{}` is not gzip, or damaged or cut off", split.file);
    Error::new(ErrorKind::InvalidInput, problem).caused_by(error)
}
