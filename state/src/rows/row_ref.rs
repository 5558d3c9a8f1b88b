//! Where a row lies.

use std::num::NonZeroU32;

use super::size_class::UNIT;

/// How many bits say where in its page a row begins.
const UNIT_BITS: u32 = 10;

/// Names a row of a [`RowStore`](super::RowStore): its page (22 bits) and where it begins there, in
/// units of 16 bytes (10 bits).
///
/// Good until the row is removed or replaced, or the store is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRef(NonZeroU32);

impl RowRef {
    /// How many pages can be named. Page 0 is not used, so that there is room for "none".
    pub(super) const PAGES: usize = 1 << (u32::BITS - UNIT_BITS);

    /// The row that begins `unit` units into `page`; none for page 0, and where there cannot be one.
    #[inline]
    pub(super) fn new(page: usize, unit: u16) -> Option<Self> {
        let page = u32::try_from(page).ok().filter(|page| (1..Self::PAGES as u32).contains(page))?;
        let unit = u32::from(unit) & ((1 << UNIT_BITS) - 1);
        NonZeroU32::new(page << UNIT_BITS | unit).map(Self)
    }

    /// As a number, which is not 0.
    #[inline]
    pub(super) const fn number(self) -> u32 {
        self.0.get()
    }

    /// From a number; none for 0.
    #[inline]
    pub(super) const fn from_number(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The page.
    #[inline]
    pub(super) const fn page(self) -> usize {
        (self.0.get() >> UNIT_BITS) as usize
    }

    /// Where it begins in the page, in units.
    #[inline]
    pub(super) const fn unit(self) -> u16 {
        (self.0.get() & ((1 << UNIT_BITS) - 1)) as u16
    }

    /// Where it begins in the page, in bytes.
    #[inline]
    pub(super) const fn offset(self) -> usize {
        self.unit() as usize * UNIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_named_by_page_and_unit() {
        for (page, unit) in [(1, 0), (1, 1_023), (RowRef::PAGES - 1, 1_023)] {
            let row = RowRef::new(page, unit).unwrap();
            assert_eq!((row.page(), row.unit(), row.offset()), (page, unit, usize::from(unit) * 16));
            assert_eq!(RowRef::from_number(row.number()), Some(row));
        }
        assert_eq!(RowRef::new(0, 5), None, "there is room for none");
        assert_eq!(RowRef::new(RowRef::PAGES, 0), None, "the store is full");
        assert_eq!(size_of::<Option<RowRef>>(), 4);
    }
}
