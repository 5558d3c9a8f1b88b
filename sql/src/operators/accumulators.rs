//! Accumulators: what aggregate functions keep of a group's rows, and what they make of it.
//!
//! What an accumulator keeps is bytes at a place of its own in the fixed part of a group's row; one that needs more has
//! a state beside it, which it opens, snapshots, and clears where groups end. Accumulators go through a chunk one after the other, each through all rows: so each
//! loop is over one function and one type.

mod arrivals;
mod average;
mod count;
pub(super) mod counted;
mod distinct;
mod encoded;
mod filtered;
mod kept_number;
mod kept_text;
mod list;
mod number;
pub(super) mod numbered;
pub(super) mod placed;
mod side;
mod sorted;
mod sum;
mod value;

use arrow_array::ArrayRef;
use millstream_runtime::chain::{OpenContext, SnapshotContext};
use millstream_runtime::{Error, ErrorKind, Result};
use millstream_state::rows::{RowRef, RowStore};
use millstream_state::snapshot::part::StateMeta;

pub(crate) use self::distinct::distinct;
pub(crate) use self::filtered::Filtered;
use self::value::Keep;

use crate::chunk::Chunk;
use crate::error::{SqlError, SqlResult};
use crate::plan::{AggregateCall, AggregateFunction};
use crate::types::{Field, Schema, SqlType};

/// What a row does to an accumulator.
pub type Sign = i8;
/// The row is added.
pub const ADD: Sign = 1;
/// The row is taken back.
pub const RETRACT: Sign = -1;
/// The row does not count.
pub const SKIP: Sign = 0;

/// The rows of a chunk that go into accumulators, and the groups that they belong to.
pub struct Update<'a> {
    /// The groups' rows.
    pub store: &'a mut RowStore,
    /// The group of each row of the chunk.
    pub groups: &'a [RowRef],
    /// The chunk.
    pub chunk: &'a Chunk,
    /// What each row does.
    pub signs: &'a [Sign],
}

/// The results of the groups of a chunk's rows: a value for each row.
#[derive(Default)]
pub struct Observed {
    /// Before each row; none where nobody asked.
    pub before: Option<ArrayRef>,
    /// After each row.
    pub after: Option<ArrayRef>,
}

/// Which results are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observe {
    /// None.
    Nothing,
    /// Those after each row.
    After,
    /// Those before and after each row.
    BeforeAndAfter,
}

/// Makes the description of a state from its name and what its rows hold.
pub type MakeMeta<'a> = &'a dyn Fn(&str, String) -> StateMeta;

/// What an aggregate function keeps of a group's rows.
pub trait Accumulator: Send {
    /// Its bytes in the fixed part of a row of a new group.
    fn initial(&self) -> Vec<u8>;

    /// Where its bytes are in the fixed part of a row.
    fn place(&mut self, offset: usize);

    /// Opens the state beside the groups' rows, and restores it. Its name is `name`, or begins with it.
    ///
    /// # Errors
    /// If what is in the snapshot does not fit.
    fn open(&mut self, cx: &mut OpenContext<'_>, name: &str, meta: MakeMeta<'_>) -> Result<()> {
        let _ = (cx, name, meta);
        Ok(())
    }

    /// Whether there is a state beside the groups' rows: then what a group has accumulated is handed from one accumulator
    /// to another by [`export`](Self::export) and [`absorb`](Self::absorb).
    fn has_side(&self) -> bool {
        false
    }

    /// Hands over the state beside the groups' rows.
    fn snapshot(&mut self, cx: &mut SnapshotContext<'_>) {
        let _ = cx;
    }

    /// Forgets what is kept beside groups, whose rows are removed next.
    ///
    /// # Errors
    /// If the accumulator is not open.
    fn remove(&mut self, store: &mut RowStore, groups: &[RowRef]) -> Result<()> {
        let _ = (store, groups);
        Ok(())
    }

    /// Goes through the rows of a chunk in order.
    ///
    /// # Errors
    /// What fails the job.
    fn update(&mut self, update: &mut Update<'_>, observe: Observe) -> Result<Observed>;

    /// The results of groups.
    ///
    /// # Errors
    /// If a type is not what the plan says.
    fn results(&self, store: &RowStore, groups: &[RowRef]) -> Result<ArrayRef>;

    /// What a group has accumulated beside its row.
    ///
    /// # Errors
    /// If the accumulator is not open.
    fn export(&self, store: &RowStore, group: RowRef, into: &mut Vec<u8>) -> Result<()> {
        let _ = (store, group, into);
        Ok(())
    }

    /// Adds to a group what another accumulator of the same call has [exported](Self::export).
    ///
    /// # Errors
    /// What fails the job, and if the bytes are damaged.
    fn absorb(&mut self, store: &mut RowStore, group: RowRef, exported: &[u8]) -> Result<()> {
        let _ = (store, group, exported);
        Ok(())
    }

    /// Adds to the groups `into` what the groups `from`, of another store or the same, have accumulated.
    ///
    /// # Errors
    /// What fails the job.
    fn merge(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()>;

    /// Whether what has been merged can be [taken away](Self::subtract) again, and exactly.
    fn subtracts(&self) -> bool {
        false
    }

    /// Takes away from the groups `into` what the groups `from` have accumulated, which has been merged into them.
    ///
    /// # Errors
    /// If the accumulator does not [do that](Self::subtracts).
    fn subtract(
        &mut self,
        store: &mut RowStore,
        into: &[RowRef],
        from: &RowStore,
        from_groups: &[RowRef],
    ) -> Result<()> {
        let _ = (store, into, from, from_groups);
        Err(Error::new(ErrorKind::Internal, "what has been merged is not taken away again"))
    }
}

/// The accumulator of a call over the columns of `input`; `retracts` says whether rows may be taken back.
///
/// # Errors
/// If there is none for these types.
pub fn accumulator(call: &AggregateCall, input: &Schema, retracts: bool) -> SqlResult<Box<dyn Accumulator>> {
    let argument = call.arguments.first().copied();
    let field = argument.map_or(Field::required(SqlType::Null), |argument| input.field(argument));
    let made: Option<Box<dyn Accumulator>> = match (call.function, argument) {
        (AggregateFunction::Count, _) => Some(Box::new(count::Count::new(call.arguments.clone()))),
        (AggregateFunction::Sum, Some(argument)) => sum::sum(argument, &field, &call.field),
        (AggregateFunction::Average, Some(argument)) => average::average(argument, &field, &call.field),
        (AggregateFunction::Minimum, Some(argument)) if retracts => {
            sorted::sorted(argument, &field.data_type, true)
        }
        (AggregateFunction::Minimum, Some(argument)) => kept(argument, &field.data_type, Keep::Minimum),
        (AggregateFunction::Maximum, Some(argument)) if retracts => {
            sorted::sorted(argument, &field.data_type, false)
        }
        (AggregateFunction::Maximum, Some(argument)) => kept(argument, &field.data_type, Keep::Maximum),
        (AggregateFunction::FirstValue, Some(argument)) if retracts => {
            arrivals::arrivals(argument, &field.data_type, true)
        }
        (AggregateFunction::FirstValue, Some(argument)) => kept(argument, &field.data_type, Keep::First),
        (AggregateFunction::LastValue, Some(argument)) if retracts => {
            arrivals::arrivals(argument, &field.data_type, false)
        }
        (AggregateFunction::LastValue, Some(argument)) => kept(argument, &field.data_type, Keep::Last),
        (AggregateFunction::SingleValue, Some(argument)) => {
            value::value(argument, &field.data_type, Keep::Single)
        }
        (AggregateFunction::ListAggregate, Some(_)) => list::list(&call.arguments, retracts),
        _ => None,
    };
    made.ok_or_else(|| {
        let retracting = if retracts { " of rows that may be taken back" } else { "" };
        SqlError::unsupported(format!(
            "{}({}){retracting} is not supported yet",
            call.function, field.data_type
        ))
    })
}

/// The accumulator that keeps one value of rows that are never taken back.
fn kept(argument: usize, data_type: &SqlType, keep: Keep) -> Option<Box<dyn Accumulator>> {
    kept_number::kept_number(argument, data_type, keep)
        .or_else(|| kept_text::kept_text(argument, data_type, keep))
        .or_else(|| value::value(argument, data_type, keep))
}

#[cfg(test)]
mod tests;
