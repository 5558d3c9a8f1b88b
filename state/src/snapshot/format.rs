//! The framing of snapshot files: magic, version, and a checksum for every byte that is read back.
//!
//! ```text
//! file    MILLSTRM | kind u16 | version u16 | CRC-32 of these 12 bytes u32 | block …
//! block   length u64 | CRC-32 of the payload u32 | payload
//! ```
//!
//! All numbers are little-endian. A manifest has exactly one block; a state file has any number of
//! them, and only a [`BlockReference`] says where one begins.
//!
//! Version 2 of a manifest lists, for some key group, changes behind its content. In version 2 of a state file, the
//! payloads are compressed. Everything else is written as version 1, which older programs read.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::part::BlockReference;
use crate::{Result, StateError};

/// The version of files that every program reads.
const FIRST_VERSION: u16 = 1;
/// The version of manifests that list changes of key groups, and of state files whose blocks are compressed. The
/// highest that this program reads.
pub const VERSION: u16 = 2;

const MAGIC: [u8; 8] = *b"MILLSTRM";
pub(super) const HEADER: usize = 16;
pub(super) const FRAME: usize = 12;

/// What a file of a snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Lists what a snapshot consists of.
    Manifest,
    /// Holds blocks of state.
    State,
    /// Is an entry of a job's journal.
    JournalEntry,
}

impl FileKind {
    const fn number(self) -> u16 {
        match self {
            Self::Manifest => 1,
            Self::State => 2,
            Self::JournalEntry => 3,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Manifest => "manifest",
            Self::State => "state file",
            Self::JournalEntry => "journal entry",
        })
    }
}

/// Where a block was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where its payload begins, in bytes from the start of the buffer it was appended to.
    pub offset: u64,
    /// The length of the payload in bytes.
    pub length: u64,
    /// The CRC-32 of the payload.
    pub checksum: u32,
}

/// Begins a file: appends its header.
pub fn begin(kind: FileKind, out: &mut Vec<u8>) {
    out.extend_from_slice(&header(kind, false));
}

/// What a file of this kind begins with: of the highest version where it needs that, or else of the one that every
/// program reads.
pub(super) fn header(kind: FileKind, needs_highest: bool) -> [u8; HEADER] {
    header_of_version(kind, if needs_highest { VERSION } else { FIRST_VERSION })
}

fn header_of_version(kind: FileKind, version: u16) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    let (start, checksum) = bytes.split_at_mut(HEADER - 4);
    let fields = MAGIC.into_iter().chain(kind.number().to_le_bytes()).chain(version.to_le_bytes());
    start.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
    checksum.copy_from_slice(&crc32fast::hash(start).to_le_bytes());
    bytes
}

/// What stands before the payload of a block.
pub(super) fn frame(length: u64, checksum: u32) -> [u8; FRAME] {
    let mut bytes = [0; FRAME];
    let fields = length.to_le_bytes().into_iter().chain(checksum.to_le_bytes());
    bytes.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
    bytes
}

/// Appends a block, whose payload `encode` appends.
///
/// # Errors
/// Those of `encode`; what is in `out` then is no file any more.
pub fn append_block(out: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<Block> {
    let at = out.len();
    out.extend_from_slice(&[0; FRAME]);
    let start = out.len();
    encode(out)?;
    let (length, checksum) = match out.get(start..) {
        Some(payload) => (payload.len() as u64, crc32fast::hash(payload)),
        None => return Err(StateError::Usage("a block's encoder removed bytes it had not written".into())),
    };
    if let Some(placeholder) = out.get_mut(at..start) {
        placeholder.copy_from_slice(&frame(length, checksum));
    }
    Ok(Block { offset: start as u64, length, checksum })
}

/// Makes sure that `bytes`, read from `path`, begin as a file of this kind and of a known version, which it returns.
///
/// # Errors
/// [`StateError::Corrupt`] where they do not.
pub fn verify_header(kind: FileKind, path: &str, bytes: &[u8]) -> Result<u16> {
    if bytes.len() < HEADER {
        let length = bytes.len();
        let magic = MAGIC.get(..length.min(MAGIC.len())).unwrap_or_default();
        return Err(if bytes.starts_with(magic) {
            corrupt(path, format_args!("too short: it has {length} bytes, and the header alone has {HEADER}"))
        } else {
            corrupt(path, "not a Millstream snapshot file")
        });
    }
    if !bytes.starts_with(&MAGIC) {
        return Err(corrupt(path, "not a Millstream snapshot file"));
    }
    let mut fields = Reader(bytes.get(MAGIC.len()..).unwrap_or_default());
    let (found_kind, version, checksum) = (fields.u16(), fields.u16(), fields.u32());
    if checksum != crc32fast::hash(bytes.get(..HEADER - 4).unwrap_or_default()) {
        return Err(corrupt(path, "damaged: the checksum of its header does not match"));
    }
    if version > VERSION {
        return Err(corrupt(
            path,
            format_args!(
                "written by a newer version (format {version}, this program reads up to {VERSION}): \
                 use that version of the program"
            ),
        ));
    }
    if version == 0 || found_kind != kind.number() {
        return Err(corrupt(path, format_args!("not a {kind}, but another file of a snapshot")));
    }
    Ok(version)
}

/// The payload of the block that `reference` says lies in `bytes`, read from `path`.
///
/// # Errors
/// [`StateError::Corrupt`] where no such block lies there, or not in this state.
pub fn verified_block(path: &str, bytes: &Bytes, reference: &BlockReference) -> Result<Bytes> {
    let (offset, length) = (reference.offset, reference.length);
    let frame_at = offset.checked_sub(FRAME as u64).filter(|at| *at >= HEADER as u64);
    let frame_at =
        frame_at.ok_or_else(|| corrupt(path, format_args!("no block can lie at offset {offset}")))?;
    let end = offset.checked_add(length).filter(|end| *end <= bytes.len() as u64).ok_or_else(|| {
        let total = bytes.len();
        corrupt(
            path,
            format_args!("truncated: it has {total} bytes, a block of {length} lies at offset {offset}"),
        )
    })?;
    // All of these are at most `bytes.len()`, which is a `usize`.
    let [frame_at, end] = [frame_at, end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
    verified_frame(path, &bytes.slice(frame_at..end), reference)
}

/// Where a block lies in its file, with the frame before its payload.
pub(super) const fn framed_range(reference: &BlockReference) -> Range<u64> {
    reference.offset.saturating_sub(FRAME as u64)..reference.offset.saturating_add(reference.length)
}

/// The payload of a block that was read from `path` on its own, with its [frame](framed_range).
///
/// # Errors
/// [`StateError::Corrupt`] where it is another block, or not in this state.
pub(super) fn verified_frame(path: &str, framed: &Bytes, reference: &BlockReference) -> Result<Bytes> {
    let (offset, length) = (reference.offset, reference.length);
    let mut frame = Reader(framed.get(..FRAME).unwrap_or_default());
    if (frame.u64(), frame.u32()) != (length, reference.checksum) {
        return Err(corrupt(
            path,
            format_args!("damaged: the block at offset {offset} is not the one the manifest means"),
        ));
    }
    verify_payload(path, offset, framed.slice(FRAME..), reference.checksum)
}

/// The payload of the only block of a file with a header, read from `path`.
///
/// # Errors
/// [`StateError::Corrupt`] where the block is damaged, or there is less or more than one.
pub fn only_block(path: &str, bytes: &Bytes) -> Result<Bytes> {
    let offset = HEADER + FRAME;
    let Some(frame) = bytes.get(HEADER..offset) else {
        return Err(corrupt(path, format_args!("truncated: it has {} bytes and no block", bytes.len())));
    };
    let mut frame = Reader(frame);
    let (length, checksum) = (frame.u64(), frame.u32());
    let found = (bytes.len() - offset) as u64;
    if length > found {
        return Err(corrupt(path, format_args!("truncated: {found} bytes are left of a block of {length}")));
    }
    if length < found {
        return Err(corrupt(
            path,
            format_args!("damaged: {found} bytes lie where a block of {length} should"),
        ));
    }
    verify_payload(path, offset as u64, bytes.slice(offset..), checksum)
}

fn verify_payload(path: &str, offset: u64, payload: Bytes, checksum: u32) -> Result<Bytes> {
    if crc32fast::hash(&payload) != checksum {
        return Err(corrupt(
            path,
            format_args!("damaged: the checksum of the block at offset {offset} does not match"),
        ));
    }
    Ok(payload)
}

/// The error that says what is wrong with the file at `path`.
pub(super) fn corrupt(path: &str, problem: impl fmt::Display) -> StateError {
    StateError::Corrupt { path: path.to_owned(), problem: problem.to_string() }
}

/// Takes numbers off bytes whose length was checked; beyond the end they are zero.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk().unwrap_or((&[0; N], &[]));
        self.0 = rest;
        *taken
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }
}

#[cfg(test)]
mod tests;
