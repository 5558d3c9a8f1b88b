//! Blocks on their way into a file, in pieces of a bounded size.
//!
//! A piece is summed up while it is in the cache, and is never copied to make room for more. Its memory is
//! soon free for another one, wherever allocators keep what was given back: of fresh memory the kernel
//! clears every page first.

use bytes::Bytes;
use crc32fast::Hasher;

use super::format::{Block, FRAME, FileKind, frame, header};
use crate::{Result, StateError};

/// How long a piece becomes, in bytes.
const PIECE: usize = 256 << 10;
/// What is kept free for the last entry of a piece, in bytes. A larger one makes the piece grow.
const ROOM: usize = 4 << 10;

/// What has been encoded of a file, or of a part of it.
#[derive(Debug, Default)]
pub struct Pieces {
    full: Vec<Vec<u8>>,
    /// The bytes of those.
    full_bytes: usize,
    last: Vec<u8>,
    /// From where on `last` is not part of `checksum` yet.
    summed: usize,
    /// Of the block that is being encoded.
    checksum: Hasher,
}

impl Pieces {
    /// Where to append: the end of the last piece. To be asked for anew for each entry or so, since what is
    /// appended at once stays in one piece.
    #[inline]
    pub fn end(&mut self) -> &mut Vec<u8> {
        if self.last.len() > PIECE - ROOM {
            self.cut();
        }
        &mut self.last
    }

    /// Begins another piece.
    #[cold]
    fn cut(&mut self) {
        self.sum_up();
        let full = std::mem::replace(&mut self.last, Vec::with_capacity(PIECE));
        self.full_bytes += full.len();
        self.full.push(full);
        self.summed = 0;
    }

    fn sum_up(&mut self) {
        self.checksum.update(self.last.get(self.summed..).unwrap_or_default());
        self.summed = self.last.len();
    }

    /// How many bytes have been appended.
    pub fn len(&self) -> usize {
        self.full_bytes + self.last.len()
    }

    /// Whether nothing has been appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Begins a file of state: appends its header.
    pub(super) fn begin_state(&mut self, compressed: bool) {
        self.end().extend_from_slice(&header(FileKind::State, compressed));
    }

    /// Appends a block, whose payload `encode` appends. Offsets count from the first of the pieces.
    ///
    /// # Errors
    /// Those of `encode`; what is in the pieces then is no file any more.
    pub(super) fn append_block(&mut self, encode: impl FnOnce(&mut Self) -> Result<()>) -> Result<Block> {
        self.end().extend_from_slice(&[0; FRAME]);
        let (piece, start) = (self.full.len(), self.last.len());
        let offset = self.len();
        (self.checksum, self.summed) = (Hasher::new(), start);
        encode(self)?;
        if self.last.len() < self.summed {
            return Err(StateError::Usage("a block's encoder removed bytes it had not written".into()));
        }
        self.sum_up();
        let (length, checksum) = ((self.len() - offset) as u64, self.checksum.clone().finalize());
        let begun = self.full.get_mut(piece).unwrap_or(&mut self.last);
        if let Some(placeholder) = begun.get_mut(start - FRAME..start) {
            placeholder.copy_from_slice(&frame(length, checksum));
        }
        Ok(Block { offset: offset as u64, length, checksum })
    }

    /// The pieces, in order.
    pub(super) fn into_pieces(self) -> impl Iterator<Item = Bytes> {
        let pieces = self.full.into_iter().chain([self.last]);
        pieces.filter(|piece| !piece.is_empty()).map(Bytes::from)
    }

    /// All bytes as one.
    pub fn into_vec(self) -> Vec<u8> {
        let Self { mut full, last, .. } = self;
        if full.is_empty() {
            return last;
        }
        full.push(last);
        full.concat()
    }
}

#[cfg(test)]
mod tests;
