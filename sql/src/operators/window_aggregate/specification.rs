//! What a window aggregate computes.

use millstream_runtime::chain::OperatorInfo;
use millstream_state::Shape;
use millstream_state::snapshot::part::{StateKind, StateMeta};

use super::accumulators::WindowAccumulators;
use super::slices::Slices;
use crate::chunk::KeyLayout;
use crate::error::{SqlError, SqlResult};
use crate::operators::windows::{Slicing, WindowClock};
use crate::plan::{AggregateCall, AggregateFunction, WindowColumn, WindowKind, Windowing};
use crate::types::zone::Zone;
use crate::types::{Field, NamedField, Schema, SqlType, TimeKind};

/// Where the time of a row comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum RowTime {
    /// A column of a rowtime attribute.
    Column(usize),
    /// The clock.
    Clock,
    /// A column that says when the row's window ends.
    Attached(usize),
    /// A column that says when the row's slice ends, as the clock shows it.
    Slice(usize),
}

/// What the end of a slice is in a key, and in a partial result.
pub(super) fn slice_field() -> Field {
    Field::required(SqlType::Timestamp(3, TimeKind::Regular))
}

/// What a window aggregate computes; each subtask makes its operator from it.
#[derive(Clone, Debug)]
pub struct WindowAggregateSpecification {
    /// What windows consist of; of sessions, nothing that is read.
    pub(super) slicing: Slicing,
    /// The gap of sessions, in milliseconds.
    pub(super) gap: Option<i64>,
    pub(super) time: RowTime,
    pub(super) is_rowtime: bool,
    pub(super) clock: WindowClock,
    /// The start of the window, where rows say it themselves, and then the columns of the key.
    pub(super) group: Vec<usize>,
    /// How many columns of the group come before the key.
    before_key: usize,
    pub(super) calls: Vec<AggregateCall>,
    input: Schema,
    retracts: bool,
    pub(super) columns: Vec<WindowColumn>,
}

impl WindowAggregateSpecification {
    /// Groups rows of `input` by their windows and these columns. The result has the keys, the calls, and then `columns` of
    /// the window. `zone` is that of the session.
    ///
    /// # Errors
    /// If there is no accumulator for a call, or the windows cannot be cut into slices.
    pub fn new(
        windowing: &Windowing,
        keys: &[usize],
        calls: &[AggregateCall],
        input: &Schema,
        retracts: bool,
        columns: &[WindowColumn],
        zone: &Zone,
    ) -> SqlResult<Self> {
        WindowAccumulators::new(calls, input, retracts, 0)?;
        let is_rowtime = windowing.attribute().time_kind() == TimeKind::Rowtime;
        let (slicing, gap, time, start) = match windowing {
            Windowing::Attached { start, end, .. } => {
                (Slicing::Attached, None, RowTime::Attached(*end), Some(*start))
            }
            Windowing::Time(function) => {
                let time = if is_rowtime { RowTime::Column(function.time) } else { RowTime::Clock };
                match function.kind {
                    WindowKind::Session { gap } => (Slicing::Attached, Some(gap), time, None),
                    kind => {
                        kind.check_slices()?;
                        let slicing = Slicing::of(kind, function.offset);
                        let slicing =
                            slicing.ok_or_else(|| SqlError::unsupported(format!("{kind} has no slices")))?;
                        (slicing, None, time, None)
                    }
                }
            }
        };
        let in_zone = matches!(windowing.attribute(), SqlType::TimestampLtz(..));
        Ok(Self {
            slicing,
            gap,
            time,
            is_rowtime,
            clock: if in_zone { WindowClock::of(zone.clone()) } else { WindowClock::default() },
            group: start.into_iter().chain(keys.iter().copied()).collect(),
            before_key: usize::from(start.is_some()),
            calls: calls.to_vec(),
            input: input.clone(),
            retracts,
            columns: columns.to_vec(),
        })
    }

    /// The second of two phases, where the first adds up the rows of each chunk before they go to the subtasks that own
    /// them; `None` if results cannot be put together of partial ones without a difference.
    ///
    /// What comes out of the first phase has the end of the slice, the columns of the group, and a partial result for each
    /// call. As Flink's `TwoStageOptimizedWindowAggregateRule`.
    pub fn two_phases(&self) -> Option<Self> {
        let is_known = matches!(self.time, RowTime::Column(_) | RowTime::Attached(_));
        if self.retracts || self.is_session() || !self.is_rowtime || !is_known {
            return None;
        }
        let first_call = 1 + self.group.len();
        let partial = self.calls.iter().zip(first_call..);
        let partial = partial.map(|(call, column)| {
            let (function, field) = merged_by(call, &self.input)?;
            let call = AggregateCall { function, arguments: vec![column], filter: None, ..call.clone() };
            Some((call, NamedField::new(format!("${column}"), field)))
        });
        let (calls, results): (Vec<_>, Vec<_>) = partial.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        let group = self.group.iter().filter_map(|column| self.input.get(*column).cloned());
        let slice = NamedField::new("$slice_end", slice_field());
        Some(Self {
            time: if matches!(self.time, RowTime::Attached(_)) {
                RowTime::Attached(0)
            } else {
                RowTime::Slice(0)
            },
            group: (1..first_call).collect(),
            calls,
            input: std::iter::once(slice).chain(group).chain(results).collect(),
            ..self.clone()
        })
    }

    /// What decides which subtask owns a row.
    pub fn key_layout(&self) -> KeyLayout {
        let columns = self.group.get(self.before_key..).unwrap_or_default();
        KeyLayout::new(columns.to_vec(), columns.iter().map(|column| self.input.field(*column)).collect())
    }

    /// Whether windows are sessions, which are not cut into slices.
    pub const fn is_session(&self) -> bool {
        self.gap.is_some()
    }

    /// The columns of the key, and their types.
    pub(super) fn key_fields(&self) -> Vec<Field> {
        self.group.iter().map(|column| self.input.field(*column)).collect()
    }

    /// What the results of a group are, for snapshots.
    pub(super) fn describe_calls(&self) -> String {
        let calls: Vec<_> = self.calls.iter().map(|call| call.describe(&self.input)).collect();
        format!("{}{}", if self.retracts { "rows, " } else { "" }, calls.join(", "))
    }

    /// The accumulators behind `before` bytes of a row; that there is one for each call has been checked.
    pub(super) fn accumulators(&self, before: usize) -> WindowAccumulators {
        WindowAccumulators::new(&self.calls, &self.input, self.retracts, before).unwrap_or_default()
    }

    /// The slices of a subtask, of which there are none yet.
    pub(super) fn slices(&self, name: &str, info: &OperatorInfo, initial: &[u8]) -> Slices {
        let meta = self.meta(name, self.describe_calls());
        Slices::new(meta, info, &self.key_fields(), self.before_key, initial)
    }

    /// How time is cut, for snapshots: the slices of other windows mean something else.
    fn describe_window(&self) -> String {
        match (self.gap, self.slicing) {
            (Some(gap), _) => format!("session({gap})"),
            (None, Slicing::Tumble { size, offset }) => format!("tumble({size}, {offset})"),
            (None, Slicing::Hop { slide, size, offset }) => format!("hop({slide}, {size}, {offset})"),
            (None, Slicing::Cumulate { step, size, offset }) => format!("cumulate({step}, {size}, {offset})"),
            (None, Slicing::Attached) => "window".to_owned(),
        }
    }

    /// What the state is called, and what its rows look like: a snapshot of another layout is refused.
    pub(super) fn meta(&self, name: &str, value: String) -> StateMeta {
        let group = self.group.iter().map(|column| match self.input.get(*column) {
            Some(column) => column.to_string(),
            None => String::new(),
        });
        let group: Vec<_> = group.collect();
        StateMeta {
            name: name.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&format!("{}, group({})", self.describe_window(), group.join(", "))),
            value: Shape::from_text(&value),
        }
    }
}

/// The function that makes results of partial results, and of what type those are; `None` where the order of rows shows in
/// the result, as in sums of floating-point numbers.
fn merged_by(call: &AggregateCall, input: &Schema) -> Option<(AggregateFunction, Field)> {
    use SqlType::{BigInt, Date, Int, SmallInt, Time, Timestamp, TimestampLtz, TinyInt};
    if call.distinct {
        return None;
    }
    let argument = call.arguments.first().map(|argument| input.field(*argument).data_type);
    let is_integer = matches!(argument, Some(TinyInt | SmallInt | Int | BigInt));
    let is_time = matches!(argument, Some(Date | Time(_) | Timestamp(..) | TimestampLtz(..)));
    match (call.function, argument) {
        (AggregateFunction::Count, _) => Some((AggregateFunction::Sum, Field::required(BigInt))),
        (AggregateFunction::Sum, Some(argument)) if is_integer => {
            Some((AggregateFunction::Sum, Field::nullable(argument)))
        }
        (function @ (AggregateFunction::Minimum | AggregateFunction::Maximum), Some(argument))
            if is_integer || is_time =>
        {
            Some((function, Field::nullable(argument)))
        }
        _ => None,
    }
}
