//! Sizes of rows: pages are divided into equal slots, of one of few sizes.

/// The bytes of a page.
pub(super) const PAGE: usize = 16 << 10;
/// Slots begin at multiples of so many bytes.
pub(super) const UNIT: usize = 16;
/// Above this, a row has a page of its own.
const LARGEST: usize = 341 * UNIT;
/// How many sizes there are.
pub(super) const CLASSES: usize = SIZES.len();

/// The sizes of slots in units: each for small ones, then eighths of a power of two, at last even
/// parts of a page.
#[rustfmt::skip]
const SIZES: [u16; 45] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52, 56, 60, 64,
    72, 80, 88, 96, 104, 112, 128,
    146, 170, 204, 256, 341, 1024,
];

/// The class of each length in units.
const CLASS_OF: [u8; LARGEST / UNIT + 1] = classes();

const fn classes() -> [u8; LARGEST / UNIT + 1] {
    let mut classes = [0; LARGEST / UNIT + 1];
    let (mut units, mut class) = (0, 0_u8);
    #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler")]
    while units < classes.len() {
        while (SIZES[class as usize] as usize) < units {
            class += 1;
        }
        classes[units] = class;
        units += 1;
    }
    classes
}

/// How large the slots of a page are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SizeClass(u8);

impl SizeClass {
    /// The class of a page that holds one row only, however large.
    pub(super) const OWN_PAGE: Self = Self(CLASSES as u8 - 1);

    /// The class for rows of `length` bytes.
    #[inline]
    pub(super) fn of(length: usize) -> Self {
        CLASS_OF.get(length.div_ceil(UNIT)).map_or(Self::OWN_PAGE, |class| Self(*class))
    }

    /// As an index below [`CLASSES`].
    #[inline]
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    /// The size of a slot in units.
    #[inline]
    pub(super) fn units(self) -> u16 {
        SIZES.get(self.index()).copied().unwrap_or(1)
    }

    /// How many slots a page has.
    pub(super) fn slots(self) -> u16 {
        (PAGE / UNIT) as u16 / self.units()
    }

    /// How many bytes to have for a row of `length` bytes in a page of its own: with room to grow.
    pub(super) fn own_page(length: usize) -> usize {
        let step = (length.next_power_of_two() / 16).max(UNIT);
        length.next_multiple_of(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_fits_its_class_and_no_smaller_one() {
        for length in 1..=LARGEST {
            let class = SizeClass::of(length);
            let size = |class: SizeClass| usize::from(class.units()) * UNIT;
            assert!(length <= size(class), "{length}");
            assert!(class.index() == 0 || length > size(SizeClass(class.0 - 1)), "{length}");
            assert!(class != SizeClass::OWN_PAGE);
            assert!(usize::from(class.slots()) * size(class) <= PAGE);
            // Of what is not the row, little is wasted.
            assert!(size(class) <= length + UNIT.max(length / 3), "{length}");
        }
        assert_eq!(SizeClass::of(LARGEST + 1), SizeClass::OWN_PAGE);
        assert_eq!(SizeClass::of(usize::MAX), SizeClass::OWN_PAGE);
        assert_eq!(SizeClass::OWN_PAGE.slots(), 1);
    }

    #[test]
    fn a_page_of_its_own_has_room_for_the_row_and_a_little_more() {
        for length in [LARGEST + 1, PAGE, 100_000, 1 << 20, (1 << 20) + 1] {
            let size = SizeClass::own_page(length);
            assert!((length..=length + length / 7).contains(&size), "{length} {size}");
        }
    }
}
