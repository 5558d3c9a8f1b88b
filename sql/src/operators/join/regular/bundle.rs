//! Mini-batch in joins: the rows of both inputs that are collected, and what is left of them.
//!
//! As Flink's `MiniBatchStreamingJoinOperator` and its bundles: changes that take each other back are gone before the
//! other input is looked at. In which order rows are worked on is that of Java maps: of the join's keys, and within one of
//! the unique keys, or of hashes of rows.

use arrow_array::UInt32Array;
use hashbrown::HashMap;
use millstream_runtime::Result;

use super::Input;
use super::specification::{JoinSpecification, SideSpecification, UniqueKey};
use crate::chunk::{Chunk, Grouping, KeyLayout, Kinds, RowCodec, RowKind};
use crate::operators::bundle::order::BundleOrder;
use crate::operators::bundle::{BundleSize, RowGroups};
use crate::types::Schema;

/// The rows of both inputs.
pub(super) struct JoinBundle {
    size: BundleSize,
    left: SideBundle,
    right: SideBundle,
    /// Whether the left input is worked on before the right one.
    left_first: bool,
}

impl JoinBundle {
    /// A bundle of so many rows at most.
    pub(super) fn new(specification: &JoinSpecification, size: u64) -> Self {
        // Of outer rows that find their pairs in the same bundle none is emitted alone.
        let left_first = specification.kind.is_right_outer() && !specification.kind.is_left_outer();
        Self {
            size: BundleSize::new(size),
            left: SideBundle::new(&specification.left),
            right: SideBundle::new(&specification.right),
            left_first,
        }
    }

    /// Adds the rows of a chunk; each time the bundle is full, what is left of it goes to `work`.
    pub(super) fn push(
        &mut self,
        input: Input,
        chunk: &Chunk,
        work: &mut dyn FnMut(Input, Chunk),
    ) -> Result<()> {
        let mut start = 0;
        while start < chunk.rows() {
            let rows = self.size.fitting(chunk.rows() - start);
            let side = if input == Input::Left { &mut self.left } else { &mut self.right };
            side.chunks.push(chunk.slice(start, rows));
            start += rows;
            if self.size.add(rows) {
                self.take(work)?;
            }
        }
        Ok(())
    }

    /// Gives what is left of the bundle to `work`.
    pub(super) fn take(&mut self, work: &mut dyn FnMut(Input, Chunk)) -> Result<()> {
        self.size.reset();
        let mut sides = [(Input::Right, &mut self.right), (Input::Left, &mut self.left)];
        if self.left_first {
            sides.reverse();
        }
        for (input, side) in sides {
            if let Some(chunk) = side.take()? {
                work(input, chunk);
            }
        }
        Ok(())
    }
}

/// The rows of one input.
struct SideBundle {
    unique_key: UniqueKey,
    /// Whether updates come without what rows were before.
    upserts: bool,
    /// The join's key, of which NULL is a value here.
    keys: KeyLayout,
    order: BundleOrder,
    /// By what rows of one key are told apart: the unique key, or all columns.
    columns: KeyLayout,
    codec: RowCodec,
    chunks: Vec<Chunk>,
}

fn layout(columns: &[usize], schema: &Schema) -> KeyLayout {
    KeyLayout::new(columns.to_vec(), columns.iter().map(|column| schema.field(*column)).collect())
}

impl SideBundle {
    fn new(side: &SideSpecification) -> Self {
        let keys = layout(side.keys.columns(), &side.schema);
        let columns = match &side.unique_key {
            UniqueKey::InJoinKey => Vec::new(),
            UniqueKey::Columns(columns) => columns.clone(),
            UniqueKey::None => (0..side.schema.len()).collect(),
        };
        Self {
            unique_key: side.unique_key.clone(),
            upserts: side.upserts,
            order: BundleOrder::new(keys.fields()),
            keys,
            columns: layout(&columns, &side.schema),
            codec: RowCodec::new(&side.schema),
            chunks: Vec::new(),
        }
    }

    /// What is left of the rows, in the order in which it is worked on; none if there is nothing.
    fn take(&mut self) -> Result<Option<Chunk>> {
        let chunk = Chunk::concat(&self.chunks)?;
        self.chunks.clear();
        let Some(chunk) = chunk else { return Ok(None) };
        let by_key = RowGroups::of(&self.keys, &chunk)?;
        let identities = self.identities(&chunk)?;
        let mut left: Vec<Folded> = Vec::new();
        for group in 0..by_key.count() {
            left.push(self.fold(&chunk, by_key.rows(group), &identities));
        }
        // A key of which nothing was left for a while is as new as one that came then.
        let mut entered: Vec<usize> = (0..left.len()).collect();
        entered.retain(|group| left.get(*group).is_some_and(|folded| !folded.entries.is_empty()));
        entered.sort_by_key(|group| left.get(*group).map(|folded| folded.entered));
        let (mut positions, mut kinds) = (Vec::new(), Vec::new());
        for group in ordered(&mut self.order, &self.keys, &chunk, &entered, |group| {
            by_key.rows(*group).first().copied()
        })? {
            let Some(folded) = left.get_mut(group) else { continue };
            for (row, kind) in self.rows(&chunk, std::mem::take(folded))? {
                positions.push(row);
                kinds.push(kind);
            }
        }
        if positions.is_empty() {
            return Ok(None);
        }
        let kinds: Kinds = kinds.into_iter().collect();
        Ok(Some(chunk.take(&UInt32Array::from(positions))?.with_kinds(kinds)))
    }

    /// For each row a number that it shares with those that it may take back or replace, among those of its key.
    fn identities(&self, chunk: &Chunk) -> Result<Vec<u32>> {
        match self.unique_key {
            UniqueKey::InJoinKey => Ok(vec![0; chunk.rows()]),
            UniqueKey::Columns(_) => {
                let mut grouping = Grouping::default();
                grouping.group(&self.columns.keys(chunk.columns(), chunk.rows())?);
                Ok(grouping.groups().to_vec())
            }
            UniqueKey::None => {
                let rows = self.codec.encode(chunk.columns(), chunk.rows())?;
                let mut known = HashMap::new();
                let numbers = (0..chunk.rows()).map(|row| {
                    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
                    *known.entry(rows.get(row)).or_insert(next)
                });
                Ok(numbers.collect())
            }
        }
    }

    /// What is left of the rows of one key.
    fn fold(&self, chunk: &Chunk, rows: &[u32], identities: &[u32]) -> Folded {
        let mut folded = Folded::default();
        for row in rows {
            let identity = identities.get(*row as usize).copied().unwrap_or_default();
            let kind = chunk.kinds().get(*row as usize);
            match self.unique_key {
                UniqueKey::None => folded.cancel(identity, *row, kind),
                UniqueKey::Columns(_) => folded.replace(identity, *row, kind, false, self.upserts),
                UniqueKey::InJoinKey => folded.replace(identity, *row, kind, true, self.upserts),
            }
        }
        folded
    }

    /// What is left of one key, in the order in which it is worked on.
    fn rows(&self, chunk: &Chunk, folded: Folded) -> Result<Vec<(u32, RowKind)>> {
        let mut entries: Vec<Entry> = folded.entries.into_values().collect();
        entries.sort_by_key(|entry| entry.entered);
        if entries.len() > 1 {
            let first = |entry: &Entry| entry.rows.first().map(|(row, _)| *row);
            // A map of rows has the same order as one of their hashes.
            let mut order = BundleOrder::new(self.columns.fields());
            let places: Vec<usize> = (0..entries.len()).collect();
            let ordered = ordered(&mut order, &self.columns, chunk, &places, |place| {
                entries.get(*place).and_then(first)
            })?;
            let taken = ordered.into_iter().filter_map(|place| entries.get_mut(place).map(std::mem::take));
            return Ok(taken.flat_map(|entry| entry.rows).collect());
        }
        Ok(entries.into_iter().flat_map(|entry| entry.rows).collect())
    }
}

/// Things with a key in the order of a Java map; `row` says which row has the key of one.
fn ordered(
    order: &mut BundleOrder,
    layout: &KeyLayout,
    chunk: &Chunk,
    things: &[usize],
    row: impl Fn(&usize) -> Option<u32>,
) -> Result<Vec<usize>> {
    let rows: UInt32Array = things.iter().map(row).collect();
    let columns = crate::operators::bundle::key_columns(layout, chunk, &rows)?;
    let positions = order.positions(&columns, things.len())?;
    Ok(positions.into_iter().filter_map(|position| things.get(position as usize).copied()).collect())
}

/// The rows that are left of those with one identity.
#[derive(Debug, Default)]
struct Entry {
    rows: Vec<(u32, RowKind)>,
    /// When it came, or came again.
    entered: usize,
}

/// What is left of the rows of one key, by identity.
#[derive(Debug, Default)]
struct Folded {
    entries: HashMap<u32, Entry>,
    /// When the first entry came, of those without a break.
    entered: usize,
    seen: usize,
    /// Whether an insertion has been taken back and nothing has come since.
    cleared: bool,
}

impl Folded {
    fn entry(&mut self, identity: u32, row: u32) -> &mut Entry {
        self.seen += 1;
        if self.entries.is_empty() {
            self.entered = row as usize;
        }
        let seen = self.seen;
        self.entries.entry(identity).or_insert_with(|| Entry { rows: Vec::new(), entered: seen })
    }

    fn remove_if_empty(&mut self, identity: u32) {
        if self.entries.get(&identity).is_some_and(|entry| entry.rows.is_empty()) {
            self.entries.remove(&identity);
        }
    }

    /// A change of a row that is told from others by all its values: it takes back the last one to the contrary.
    fn cancel(&mut self, identity: u32, row: u32, kind: RowKind) {
        let entry = self.entry(identity, row);
        let contrary = |(_, known): &(u32, RowKind)| known.is_accumulation() != kind.is_accumulation();
        match entry.rows.iter().rposition(contrary) {
            Some(place) => drop(entry.rows.remove(place)),
            None => entry.rows.push((row, kind)),
        }
        self.remove_if_empty(identity);
    }

    /// A change of a row that is known by a key. `tells_insert` says that an insertion that is changed stays one, which
    /// is known where there is one row for each key of the join; `upserts` that updates come without what was before.
    fn replace(&mut self, identity: u32, row: u32, kind: RowKind, tells_insert: bool, upserts: bool) {
        let was_cleared = std::mem::take(&mut self.cleared) && tells_insert;
        let insert_if = |is: bool| if is && kind == RowKind::UpdateAfter { RowKind::Insert } else { kind };
        let kind = insert_if(was_cleared);
        let entry = self.entry(identity, row);
        let mut cleared = false;
        let before_last = entry.rows.len().checked_sub(2).and_then(|place| entry.rows.get(place));
        let is_gone = before_last.is_some_and(|(_, known)| known.is_accumulation());
        match entry.rows.last().map(|(_, known)| *known) {
            // The update takes the place of a row from before the bundle, which would come back if both went. Here
            // Flink lets it.
            Some(RowKind::UpdateAfter) if upserts && !kind.is_accumulation() => entry.rows.push((row, kind)),
            // There is a row again of which that is all that is known.
            Some(_) if is_gone && kind.is_accumulation() => {
                entry.rows.truncate(entry.rows.len() - 2);
                entry.rows.push((row, RowKind::UpdateAfter));
            }
            Some(known) if known.is_accumulation() && !kind.is_accumulation() => {
                entry.rows.pop();
                cleared = known == RowKind::Insert;
            }
            Some(known) if known.is_accumulation() => {
                entry.rows.pop();
                let is_insert = tells_insert && known == RowKind::Insert;
                entry.rows.push((row, insert_if(is_insert)));
            }
            Some(_) if !kind.is_accumulation() => {
                entry.rows.pop();
                entry.rows.push((row, kind));
            }
            _ => entry.rows.push((row, kind)),
        }
        self.cleared = cleared;
        self.remove_if_empty(identity);
    }
}
