//! The bytes of one page, the store's own or shared with snapshots.

use std::sync::Arc;

/// Bytes that are copied on the first write after a snapshot that still holds them.
///
/// Finding out takes a branch on what lies beside the pointer, and neither an atomic operation nor
/// another cache line, as a count of references would.
#[derive(Debug)]
pub(super) enum Page {
    /// Written to since the last snapshot, or never snapshotted.
    Owned(Box<[u8]>),
    /// Not written to since a snapshot that may still hold it.
    Shared(Arc<Box<[u8]>>),
}

impl Default for Page {
    fn default() -> Self {
        Self::Owned(Box::default())
    }
}

impl Page {
    /// A page of zeros.
    pub(super) fn zeroed(length: usize) -> Self {
        Self::Owned(vec![0; length].into_boxed_slice())
    }

    /// For reading.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }

    /// For writing.
    #[inline]
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        if let Self::Shared(_) = self {
            self.take_back();
        }
        match self {
            Self::Owned(bytes) => bytes,
            // `take_back` has left none.
            Self::Shared(bytes) => Arc::<Box<[u8]>>::make_mut(bytes),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_back(&mut self) {
        if let Self::Shared(bytes) = std::mem::take(self) {
            *self = Self::Owned(Arc::try_unwrap(bytes).unwrap_or_else(|shared| Box::clone(&shared)));
        }
    }

    /// A handle on what the page holds now.
    pub(super) fn share(&mut self) -> Arc<Box<[u8]>> {
        let bytes = match std::mem::take(self) {
            Self::Owned(bytes) => Arc::new(bytes),
            Self::Shared(bytes) => bytes,
        };
        *self = Self::Shared(bytes.clone());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_copied_only_while_a_snapshot_holds_it() {
        let mut page = Page::zeroed(4);
        let first = page.share();
        page.bytes_mut()[0] = 1;
        assert_eq!((first[0], page.bytes()[0]), (0, 1));
        let second = page.share();
        let at = page.bytes().as_ptr();
        drop(second);
        page.bytes_mut()[0] = 2;
        assert_eq!(page.bytes().as_ptr(), at, "nobody else held it");
        assert_eq!(size_of::<Page>(), 16, "a page is found through one line of the cache");
    }
}
