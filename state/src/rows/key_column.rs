//! Keys of a batch, as a column.

/// What keys of a [`RowStore`](super::RowStore) are, which decides how they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Numbers of 64 bits, such as one column of at most 8 bytes that is never NULL.
    U64,
    /// Numbers of 128 bits, such as two such columns.
    U128,
    /// Bytes, such as those of a [`KeyEncoder`](super::KeyEncoder).
    Bytes,
}

/// The keys of a batch of rows, all of one kind.
#[derive(Clone, Copy, Debug)]
pub enum KeyColumn<'a> {
    /// One number for each row.
    U64(&'a [u64]),
    /// One number for each row.
    U128(&'a [u128]),
    /// Bytes for each row.
    Bytes(BytesColumn<'a>),
}

impl KeyColumn<'_> {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        match self {
            Self::U64(keys) => keys.len(),
            Self::U128(keys) => keys.len(),
            Self::Bytes(keys) => keys.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the keys are.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::U64(_) => KeyKind::U64,
            Self::U128(_) => KeyKind::U128,
            Self::Bytes(_) => KeyKind::Bytes,
        }
    }
}

/// Bytes for each row of a batch, one behind the other.
#[derive(Clone, Copy, Debug)]
pub struct BytesColumn<'a> {
    /// Where the bytes of each row begin in `data`, and at last where those of the last row end: one
    /// more than there are rows, none less than the one before.
    pub offsets: &'a [u32],
    /// The bytes of all rows.
    pub data: &'a [u8],
}

impl<'a> BytesColumn<'a> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a row; `None` behind the last, or where the offsets do not fit the data.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a [u8]> {
        let (start, end) = (self.offsets.get(row)?, self.offsets.get(row + 1)?);
        self.data.get(*start as usize..*end as usize)
    }
}

/// A key while it is looked up. A trait, so that the loops over a batch exist once for each kind.
pub(super) trait RowKey: Copy {
    /// How many bytes it takes in a row.
    fn length(self) -> usize;
    /// Whether it is the key of a row that has its key, of `length` bytes, at `at` of its page.
    fn is_in(self, page: &[u8], at: usize, length: impl FnOnce() -> usize) -> bool;
    /// Writes it to exactly as many bytes as it takes.
    fn write(self, to: &mut [u8]);
}

macro_rules! number_keys {
    ($($number:ident)*) => {
        $(impl RowKey for $number {
            #[inline]
            fn length(self) -> usize {
                size_of::<Self>()
            }

            #[inline]
            fn is_in(self, page: &[u8], at: usize, _: impl FnOnce() -> usize) -> bool {
                page.get(at..).and_then(|key| key.first_chunk()).is_some_and(|key| Self::from_le_bytes(*key) == self)
            }

            #[inline]
            fn write(self, to: &mut [u8]) {
                if let Some(to) = to.first_chunk_mut() {
                    *to = self.to_le_bytes();
                }
            }
        })*
    };
}

number_keys! { u64 u128 }

impl RowKey for &[u8] {
    #[inline]
    fn length(self) -> usize {
        self.len()
    }

    #[inline]
    fn is_in(self, page: &[u8], at: usize, length: impl FnOnce() -> usize) -> bool {
        length() == self.len() && page.get(at..).is_some_and(|rest| rest.starts_with(self))
    }

    #[inline]
    fn write(self, to: &mut [u8]) {
        to.iter_mut().zip(self).for_each(|(to, from)| *to = *from);
    }
}

/// The keys of a batch, all of one type.
pub(super) trait RowKeys: Copy {
    /// The type of a key.
    type Key: RowKey;
    /// The key of a row of the batch.
    fn key(self, row: usize) -> Option<Self::Key>;
}

impl<K: RowKey> RowKeys for &[K] {
    type Key = K;

    #[inline]
    fn key(self, row: usize) -> Option<K> {
        self.get(row).copied()
    }
}

impl<'a> RowKeys for BytesColumn<'a> {
    type Key = &'a [u8];

    #[inline]
    fn key(self, row: usize) -> Option<&'a [u8]> {
        self.get(row)
    }
}
