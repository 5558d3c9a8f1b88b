//! What rows do for calls with a FILTER.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use millstream_runtime::{Error, ErrorKind, Result};

use super::{SKIP, Sign};
use crate::chunk::Chunk;

/// What each row of a chunk does behind each filter of an aggregate's calls.
pub(crate) struct Filtered<'a> {
    all: &'a [Sign],
    /// By the column of the filter.
    filtered: Vec<(usize, Vec<Sign>)>,
}

impl<'a> Filtered<'a> {
    /// Where a filter is not TRUE, a row does nothing; elsewhere what `all` says.
    pub(crate) fn of(filters: impl Iterator<Item = usize>, chunk: &Chunk, all: &'a [Sign]) -> Result<Self> {
        let mut filtered: Vec<(usize, Vec<Sign>)> = Vec::new();
        for filter in filters {
            if filtered.iter().any(|(known, _)| *known == filter) {
                continue;
            }
            let mask = chunk.column(filter)?.as_boolean_opt();
            let mask =
                mask.ok_or_else(|| Error::new(ErrorKind::Internal, "a FILTER that is no condition"))?;
            let signs = all.iter().zip(mask.values());
            let mut signs: Vec<Sign> = signs.map(|(sign, holds)| if holds { *sign } else { SKIP }).collect();
            if let Some(valid) = mask.nulls().filter(|nulls| nulls.null_count() > 0) {
                signs.iter_mut().zip(valid).filter(|(_, valid)| !valid).for_each(|(sign, _)| *sign = SKIP);
            }
            filtered.push((filter, signs));
        }
        Ok(Self { all, filtered })
    }

    /// What rows do behind a filter.
    pub(crate) fn signs(&self, filter: Option<usize>) -> &[Sign] {
        let filtered = filter.and_then(|filter| self.filtered.iter().find(|(known, _)| *known == filter));
        filtered.map_or(self.all, |(_, signs)| signs)
    }
}
