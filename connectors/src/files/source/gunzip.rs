//! Unpacks gzip as the bytes come.

use std::io::Write;

use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;

/// How many packed bytes are unpacked at once: deflate makes at most about a thousand times as many
/// of them, so that this bounds what must be held.
const STEP: usize = 4 << 10;

/// An unpacker that is fed.
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    packed: Bytes,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), packed: Bytes::new() }
    }

    /// Takes packed bytes, once all before are unpacked.
    pub(super) fn feed(&mut self, packed: Bytes) {
        self.packed = packed;
    }

    /// Whether all that was fed is unpacked.
    pub(super) fn is_hungry(&self) -> bool {
        self.packed.is_empty()
    }

    /// Unpacks a bit more into `target`.
    pub(super) fn step(&mut self, target: &mut Vec<u8>) -> std::io::Result<()> {
        let length = self.packed.len().min(STEP);
        self.decoder.write_all(self.packed.get(..length).unwrap_or_default())?;
        self.packed.advance(length);
        target.append(self.decoder.get_mut());
        Ok(())
    }

    /// All packed bytes have been fed and unpacked: checks that they were complete.
    pub(super) fn finish(&mut self, target: &mut Vec<u8>) -> std::io::Result<()> {
        self.decoder.try_finish()?;
        target.append(self.decoder.get_mut());
        Ok(())
    }
}
