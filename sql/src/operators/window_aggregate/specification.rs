//! What a window aggregate computes.

use millstream_runtime::chain::OperatorInfo;
use millstream_state::Shape;
use millstream_state::snapshot::part::{StateKind, StateMeta};

use super::accumulators::WindowAccumulators;
use super::slices::Slices;
use crate::error::{SqlError, SqlResult};
use crate::operators::windows::{Slicing, WindowClock};
use crate::plan::{AggregateCall, WindowColumn, WindowKind, Windowing};
use crate::types::zone::Zone;
use crate::types::{Field, Schema, SqlType, TimeKind};

/// Where the time of a row comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum RowTime {
    /// A column of a rowtime attribute.
    Column(usize),
    /// The clock.
    Clock,
    /// A column that says when the row's window ends.
    Attached(usize),
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
    calls: Vec<AggregateCall>,
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
        let group: Vec<_> = self.group.iter().map(|column| self.input.field(*column).to_string()).collect();
        StateMeta {
            name: name.to_owned(),
            kind: StateKind::Rows,
            key: Shape::from_text(&format!("{}, group({})", self.describe_window(), group.join(", "))),
            value: Shape::from_text(&value),
        }
    }
}
