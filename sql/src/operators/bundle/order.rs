//! The order in which the keys of a bundle are flushed.
//!
//! Flink keeps a bundle in a Java `HashMap` over `BinaryRowData`, and works through it in the map's order. Which changes
//! come out depends on that order where two bundles follow each other: the second counts what the first emits. So bundles
//! of up to 10,000 keys are flushed in the same order; larger ones in that in which keys came.

mod binary_row;

use arrow_array::ArrayRef;
use millstream_runtime::Result;

use crate::types::Field;
use binary_row::BinaryRow;

/// How many keys a bundle may have to be flushed in Flink's order.
const LIMIT: usize = 10_000;
/// How many buckets a map begins with.
const BUCKETS: usize = 16;

/// The buckets of a map that is filled and cleared again and again; they never become fewer.
#[derive(Clone, Debug)]
pub struct BundleOrder {
    fields: Option<Vec<Field>>,
    buckets: usize,
}

impl BundleOrder {
    /// For keys of columns of these types. Arrays, maps and rows have no order of Flink's here.
    pub fn new(fields: &[Field]) -> Self {
        let known = !fields.is_empty() && fields.iter().all(|field| BinaryRow::has(&field.data_type));
        Self { fields: known.then(|| fields.to_vec()), buckets: BUCKETS }
    }

    /// The positions of keys in the order in which they are flushed. `columns` has a value for each key, in the order in
    /// which they came.
    ///
    /// # Errors
    /// If a column is not of its type.
    pub fn positions(&mut self, columns: &[ArrayRef], keys: usize) -> Result<Vec<u32>> {
        let mut positions: Vec<u32> = (0..keys).map(|key| u32::try_from(key).unwrap_or(u32::MAX)).collect();
        let Some(fields) = self.fields.as_ref().filter(|_| keys > 1) else { return Ok(positions) };
        // A map of three quarters as many keys as buckets doubles.
        while keys > self.buckets / 4 * 3 {
            self.buckets *= 2;
        }
        if keys > LIMIT {
            return Ok(positions);
        }
        let mut row = BinaryRow::new(fields, columns)?;
        let buckets = (0..keys).map(|key| bucket(row.hash(key), self.buckets)).collect::<Vec<_>>();
        positions.sort_by_key(|key| buckets.get(*key as usize).copied());
        Ok(positions)
    }
}

/// The bucket of a hash, of a power of two.
const fn bucket(hash: u32, buckets: usize) -> usize {
    (hash ^ (hash >> 16)) as usize & (buckets - 1)
}

#[cfg(test)]
mod tests;
