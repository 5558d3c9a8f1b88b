//! Pages as they were when a snapshot was taken.

use std::sync::Arc;

use super::row;
use super::row_ref::RowRef;

/// One page as it was.
#[derive(Debug)]
pub(super) struct FrozenPage {
    pub(super) bytes: Arc<Box<[u8]>>,
    /// The size of a slot, in units.
    pub(super) units: u16,
    /// How many slots had been used.
    pub(super) begun: u16,
}

/// All pages of a store as they were, by number.
#[derive(Debug)]
pub(super) struct FrozenPages(pub(super) Box<[FrozenPage]>);

impl FrozenPages {
    /// The bytes from where a row begins, to the end of its page.
    #[inline]
    pub(super) fn row(&self, row: RowRef) -> &[u8] {
        self.0.get(row.page()).and_then(|page| page.bytes.get(row.offset()..)).unwrap_or_default()
    }

    /// All rows, page after page, each with its bytes.
    pub(super) fn rows(&self) -> impl Iterator<Item = (RowRef, &[u8])> {
        self.0.iter().enumerate().flat_map(|(number, page)| {
            let next = move |unit: u16| row::next_used(&page.bytes, unit, page.units, page.begun);
            let units = std::iter::successors(next(0), move |unit| next(unit + 1));
            units.filter_map(move |unit| {
                let row = RowRef::new(number, unit)?;
                Some((row, page.bytes.get(row.offset()..)?))
            })
        })
    }
}
