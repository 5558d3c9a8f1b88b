//! DISTINCT in the first phase: the different arguments that the groups of a bundle have, and how often.

use arrow_array::{Array, ArrayRef};
use hashbrown::HashMap;
use millstream_runtime::Result;

use crate::chunk::{Chunk, KeyLayout};
use crate::operators::accumulators::counted::write_counted;
use crate::operators::accumulators::{Filtered, Sign};
use crate::plan::AggregateCall;
use crate::types::Schema;

/// The arguments of one or more calls.
pub(super) struct LocalDistinct {
    arguments: KeyLayout,
    /// The filters of the calls; each has a count of its own.
    filters: Vec<Option<usize>>,
    /// By the number of the group and the argument: which entry it is.
    known: HashMap<Box<[u8]>, usize>,
    /// In the order in which they came.
    entries: Vec<Box<[u8]>>,
    /// For each entry, how often it is there for each filter.
    counts: Vec<i64>,
    /// Kept for its memory.
    key: Vec<u8>,
}

/// The bytes of a group's number, which an entry begins with.
const GROUP: usize = 4;

impl LocalDistinct {
    /// What the calls with these arguments need.
    pub(super) fn new(arguments: &[usize], calls: &[AggregateCall], input: &Schema) -> Self {
        let fields = arguments.iter().map(|argument| input.field(*argument)).collect();
        let mut filters = Vec::new();
        for call in calls.iter().filter(|call| call.distinct && call.arguments == arguments) {
            if !filters.contains(&call.filter) {
                filters.push(call.filter);
            }
        }
        Self {
            arguments: KeyLayout::of_bytes(arguments.to_vec(), fields),
            filters,
            known: HashMap::new(),
            entries: Vec::new(),
            counts: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Adds rows, of which the groups have these numbers.
    pub(super) fn add(&mut self, chunk: &Chunk, groups: &[u32], filtered: &Filtered<'_>) -> Result<()> {
        let columns = self.arguments.columns().iter().map(|argument| chunk.column(*argument));
        let columns: Vec<&ArrayRef> = columns.collect::<Result<_>>()?;
        let keys = self.arguments.keys(chunk.columns(), chunk.rows())?;
        let filtered: Vec<&[Sign]> = self.filters.iter().map(|filter| filtered.signs(*filter)).collect();
        let variants = self.filters.len();
        for (row, group) in groups.iter().enumerate() {
            if columns.iter().any(|column| column.is_null(row)) {
                continue;
            }
            self.key.clear();
            self.key.extend(group.to_le_bytes());
            self.key.extend(keys.bytes(row));
            let place = match self.known.get(self.key.as_slice()) {
                Some(place) => *place,
                None => {
                    let (place, entry) = (self.entries.len(), Box::<[u8]>::from(self.key.as_slice()));
                    self.known.insert(entry.clone(), place);
                    self.entries.push(entry);
                    self.counts.resize(self.counts.len() + variants, 0);
                    place
                }
            };
            let counts = self.counts.get_mut(place * variants..).unwrap_or_default();
            for (count, signs) in counts.iter_mut().zip(&filtered) {
                *count += signs.get(row).copied().map_or(0, i64::from);
            }
        }
        Ok(())
    }

    /// What each of so many groups has, which is forgotten.
    pub(super) fn take(&mut self, groups: usize) -> Result<Vec<Vec<u8>>> {
        let mut exported = vec![Vec::new(); groups];
        let variants = self.filters.len().max(1);
        self.known.clear();
        for (entry, counts) in self.entries.drain(..).zip(self.counts.chunks(variants)) {
            let Some((group, argument)) = entry.split_first_chunk::<GROUP>() else { continue };
            if counts.iter().any(|count| *count != 0)
                && let Some(into) = exported.get_mut(u32::from_le_bytes(*group) as usize)
            {
                write_counted(argument, counts, into)?;
            }
        }
        self.counts.clear();
        Ok(exported)
    }
}
