//! The framing of snapshot files. Both kinds begin with the same 16 bytes:
//!
//! ```text
//! "MILLSTRM"   8 bytes
//! version      u16, little-endian
//! kind         u16, little-endian: 1 manifest, 2 state
//! checksum     u32, little-endian: CRC-32 of the 12 bytes before
//! ```
//!
//! Then follow blocks, each `length: u64, checksum: u32` (CRC-32 of the payload) and the payload. A
//! manifest has one block and ends with it. A state file has any number; the manifest says where
//! each begins.

use bytes::Bytes;

use super::part::BlockReference;
use crate::{Result, StateError};

const MAGIC: &[u8; 8] = b"MILLSTRM";
/// The newest version this program reads, and the one it writes.
pub const VERSION: u16 = 1;
/// The length of what every file begins with, in bytes.
pub const HEADER_BYTES: usize = 16;
const BLOCK_HEADER_BYTES: usize = 12;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The list of everything a snapshot consists of.
    Manifest,
    /// Blocks of state.
    State,
}

impl FileKind {
    const fn code(self) -> u16 {
        match self {
            Self::Manifest => 1,
            Self::State => 2,
        }
    }
}

fn corrupt(path: &str, problem: impl Into<String>) -> StateError {
    StateError::Corrupt { path: path.to_owned(), problem: problem.into() }
}

/// Begins a file.
pub fn begin(kind: FileKind, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&kind.code().to_le_bytes());
    let checksum = crc32fast::hash(out.get(start..).unwrap_or_default());
    out.extend_from_slice(&checksum.to_le_bytes());
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Checks that a file begins as one of this kind must.
///
/// # Errors
/// [`StateError::Corrupt`] if it is too short, not one of ours, of a newer version, damaged, or of
/// the other kind.
pub fn check_header(path: &str, bytes: &[u8], kind: FileKind) -> Result<()> {
    let too_short = || corrupt(path, format!("it is truncated: {} bytes, not even a header", bytes.len()));
    let magic: [u8; 8] = take(bytes, 0).ok_or_else(too_short)?;
    if magic != *MAGIC {
        return Err(corrupt(path, "it is not a Millstream snapshot file (its first bytes are others)"));
    }
    let version = u16::from_le_bytes(take(bytes, 8).ok_or_else(too_short)?);
    let code = u16::from_le_bytes(take(bytes, 10).ok_or_else(too_short)?);
    let checksum = u32::from_le_bytes(take(bytes, 12).ok_or_else(too_short)?);
    if checksum != crc32fast::hash(bytes.get(..12).unwrap_or_default()) {
        return Err(corrupt(path, "its header is damaged: the checksum does not match"));
    }
    if version > VERSION {
        return Err(corrupt(
            path,
            format!(
                "it was written by a newer version (format {version}, this program reads up to {VERSION})"
            ),
        ));
    }
    if code != kind.code() {
        return Err(corrupt(
            path,
            format!("it is a file of another kind ({code}, expected {})", kind.code()),
        ));
    }
    Ok(())
}

/// Appends a block whose payload `write` appends; returns where the payload is.
///
/// # Errors
/// What `write` fails with.
pub fn append_block(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<(u64, u64, u32)> {
    let header = out.len();
    out.extend_from_slice(&[0; BLOCK_HEADER_BYTES]);
    let start = out.len();
    write(out)?;
    let length = (out.len() - start) as u64;
    let checksum = crc32fast::hash(out.get(start..).unwrap_or_default());
    let mut filled = [0; BLOCK_HEADER_BYTES];
    let (length_bytes, checksum_bytes) = filled.split_at_mut(8);
    length_bytes.copy_from_slice(&length.to_le_bytes());
    checksum_bytes.copy_from_slice(&checksum.to_le_bytes());
    if let Some(place) = out.get_mut(header..start) {
        place.copy_from_slice(&filled);
    }
    Ok((start as u64, length, checksum))
}

/// The payload of a block, checked.
///
/// # Errors
/// [`StateError::Corrupt`] if the file ends before the block does, or the block is damaged.
pub fn read_block(path: &str, file: &Bytes, block: &BlockReference) -> Result<Bytes> {
    let range = usize::try_from(block.offset).ok().zip(usize::try_from(block.length).ok());
    let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
    let range = range.filter(|range| range.end <= file.len() && range.start >= HEADER_BYTES);
    let Some(range) = range else {
        let end = block.offset.saturating_add(block.length);
        return Err(corrupt(path, format!("it is truncated: {} bytes, a block ends at {end}", file.len())));
    };
    let payload = file.slice(range);
    if crc32fast::hash(&payload) != block.checksum {
        let problem = format!("the block at byte {} is damaged: the checksum does not match", block.offset);
        return Err(corrupt(path, problem));
    }
    Ok(payload)
}

/// The payload of a file's only block, checked.
///
/// # Errors
/// [`StateError::Corrupt`] if the file is not exactly a header and one whole block.
pub fn read_only_block(path: &str, file: &[u8], kind: FileKind) -> Result<Vec<u8>> {
    check_header(path, file, kind)?;
    let truncated = || corrupt(path, format!("it is truncated: {} bytes", file.len()));
    let length = u64::from_le_bytes(take(file, HEADER_BYTES).ok_or_else(truncated)?);
    let checksum = u32::from_le_bytes(take(file, HEADER_BYTES + 8).ok_or_else(truncated)?);
    let payload = file.get(HEADER_BYTES + BLOCK_HEADER_BYTES..).ok_or_else(truncated)?;
    if payload.len() as u64 != length {
        return Err(corrupt(
            path,
            format!("it holds {} bytes of {length}: truncated or damaged", payload.len()),
        ));
    }
    if crc32fast::hash(payload) != checksum {
        return Err(corrupt(path, "it is damaged: the checksum does not match"));
    }
    Ok(payload.to_vec())
}

#[cfg(test)]
mod tests;
