//! DISTINCT where groups are merged, as those of windows are: which arguments a group has had, and how often.
//!
//! What the function makes of them is worked out when it is asked for, so that two groups are merged by merging their
//! arguments.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array};
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{KeyEncoder, KeyOrder, RowRef, RowStore};

use super::numbered::NumberedRows;
use super::side::{HANDLE, SideRows, meta_of};
use super::{ADD, Accumulator, MakeMeta, Observe, Observed, SKIP, Update, accumulator};
use crate::chunk::keys::encode_value;
use crate::chunk::{Chunk, KeyLayout};
use crate::error::{SqlError, SqlResult};
use crate::plan::{AggregateCall, AggregateFunction};
use crate::types::{Field, NamedField, Schema};

/// The accumulator of a call with DISTINCT over the columns of `input`. It observes nothing while it is updated.
///
/// # Errors
/// If there is none for these types.
pub(crate) fn distinct(
    call: &AggregateCall,
    input: &Schema,
    retracts: bool,
) -> SqlResult<Box<dyn Accumulator>> {
    match call.function {
        AggregateFunction::Count | AggregateFunction::Sum | AggregateFunction::Average => {}
        AggregateFunction::ListAggregate => {
            return Err(SqlError::unsupported("LISTAGG(DISTINCT …) over windows is not supported yet"));
        }
        // It is the same with and without.
        _ => return accumulator(&AggregateCall { distinct: false, ..call.clone() }, input, retracts),
    }
    let fields: Vec<Field> = call.arguments.iter().map(|argument| input.field(*argument)).collect();
    let schema: Schema = fields.iter().map(|field| NamedField::new("", field.clone())).collect();
    let plain = AggregateCall { arguments: (0..fields.len()).collect(), distinct: false, ..call.clone() };
    // It is given each value once, and none is taken back.
    let mut function = accumulator(&plain, &schema, false)?;
    function.place(0);
    let keys = KeyLayout::of_bytes((0..fields.len()).collect(), fields);
    Ok(Box::new(Distinct {
        arguments: call.arguments.clone(),
        is_count: call.function == AggregateFunction::Count,
        keys,
        function: parking_lot::Mutex::new(function),
        rows: SideRows::default(),
    }))
}

/// The arguments of each group, beside its row.
struct Distinct {
    arguments: Vec<usize>,
    is_count: bool,
    keys: KeyLayout,
    /// What is made of the arguments. Locked, for results are asked for without changing anything, and this makes them.
    function: parking_lot::Mutex<Box<dyn Accumulator>>,
    rows: SideRows,
}

impl Distinct {
    /// The results of the function for values, each of the group of this number.
    fn apply(&self, numbers: &[u64], keys: &[&[u8]], groups: usize) -> Result<ArrayRef> {
        let mut function = self.function.lock();
        let mut numbered = NumberedRows::new(&function.initial());
        numbered.reach(groups)?;
        let NumberedRows { mut store, rows } = numbered;
        let of_values =
            numbers.iter().map(|number| usize::try_from(*number).ok().and_then(|at| rows.get(at).copied()));
        let of_values: Option<Vec<RowRef>> = of_values.collect();
        let of_values =
            of_values.ok_or_else(|| Error::new(ErrorKind::Internal, "a group that is not there"))?;
        let chunk = Chunk::new(self.keys.decode(keys)?, keys.len());
        let signs = vec![ADD; keys.len()];
        let mut update = Update { store: &mut store, groups: &of_values, chunk: &chunk, signs: &signs };
        function.update(&mut update, Observe::Nothing)?;
        function.results(&store, &rows)
    }
}

impl Accumulator for Distinct {
    fn initial(&self) -> Vec<u8> {
        vec![0; HANDLE]
    }

    fn place(&mut self, offset: usize) {
        self.rows.handles.place(offset);
    }

    fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, meta: MakeMeta<'_>) -> Result<()> {
        let types: Vec<_> = self.keys.fields().iter().map(|field| field.data_type.to_string()).collect();
        self.rows.open(cx, meta_of(name, format!("counts of distinct {}", types.join(", ")), meta))
    }

    fn has_side(&self) -> bool {
        true
    }

    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        self.rows.snapshot(cx);
    }

    fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        groups.iter().try_for_each(|group| {
            let side = self.rows.handles.take(store, *group);
            self.rows.clear(side)
        })
    }

    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed> {
        debug_assert!(observe == Observe::Nothing, "results are worked out at the end");
        let columns = self.arguments.iter().map(|argument| update.chunk.column(*argument));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut key = Vec::new();
        for (row, (group, sign)) in update.groups.iter().zip(update.signs).enumerate() {
            if *sign == SKIP || columns.iter().any(|column| column.is_null(row)) {
                continue;
            }
            key.clear();
            let mut encoder = KeyEncoder::new(&mut key);
            for (column, field) in columns.iter().zip(self.keys.fields()) {
                encode_value(&mut encoder, column, row, &field.data_type, KeyOrder::Ascending)?;
            }
            let side = self.rows.handles.get_or_give(update.store, *group);
            self.rows.add(side, &key, i64::from(*sign), &[])?;
        }
        Ok(Observed::default())
    }

    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef> {
        let seen = |group: &RowRef| -> Result<_> {
            let rows = self.rows.scan(self.rows.handles.get(store, *group), &[])?;
            Ok(rows.filter(|(_, count, _)| *count > 0).map(|(key, ..)| key))
        };
        if self.is_count {
            let counts =
                groups.iter().map(|group| Ok(i64::try_from(seen(group)?.count()).unwrap_or(i64::MAX)));
            return Ok(Arc::new(Int64Array::from(counts.collect::<Result<Vec<_>>>()?)));
        }
        let (mut numbers, mut keys) = (Vec::new(), Vec::new());
        for (number, group) in (0..).zip(groups) {
            for key in seen(group)? {
                numbers.push(number);
                keys.push(key);
            }
        }
        self.apply(&numbers, &keys, groups.len())
    }

    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        for (into, group) in into.iter().zip(from_groups) {
            let Some(other) = self.rows.handles.get(from, *group) else { continue };
            let all: Vec<(Vec<u8>, i64)> =
                self.rows.scan(Some(other), &[])?.map(|(key, count, _)| (key.to_vec(), count)).collect();
            let side = self.rows.handles.get_or_give(store, *into);
            all.iter().try_for_each(|(key, count)| self.rows.add(side, key, *count, &[]))?;
        }
        Ok(())
    }
}
