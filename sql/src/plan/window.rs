//! Windows of time: what a window table function says, and which columns of a plan are a window's.
//!
//! Flink's `WindowSpec`, `WindowUtil` and `RelWindowProperties`.

mod absorb;
mod aggregate;
mod join;
mod properties;

use std::fmt;

use crate::error::{SqlError, SqlResult};
use crate::types::{Field, NamedField, SqlType};

pub(crate) use aggregate::is_window_aggregate;
pub(super) use aggregate::window_aggregate;
pub(super) use join::window_join;
pub(crate) use join::{is_window_join, refuse_processing_time};
pub use properties::{WindowProperties, window_properties};

/// How time is cut into windows; all lengths in milliseconds, above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// One behind the other.
    Tumble {
        /// The length of a window.
        size: i64,
    },
    /// One begins after each slide.
    Hop {
        /// How long after a window the next begins.
        slide: i64,
        /// The length of a window.
        size: i64,
    },
    /// Windows that begin together and end a step after each other, up to the largest, behind which they begin anew.
    Cumulate {
        /// How much longer a window is than the one before.
        step: i64,
        /// The length of the largest.
        size: i64,
    },
    /// Rows that are less than a gap apart.
    Session {
        /// The gap.
        gap: i64,
    },
}

/// A window table function over a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowFunction {
    /// How time is cut.
    pub kind: WindowKind,
    /// Where a window begins, in milliseconds from where it would otherwise.
    pub offset: i64,
    /// The column of the time attribute.
    pub time: usize,
    /// The type of the time attribute.
    pub attribute: SqlType,
    /// The columns by which sessions are told apart.
    pub partition: Vec<usize>,
    /// Where it stands in the query.
    pub form: WindowForm,
}

/// Where a query says how time is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowForm {
    /// In FROM: `TUMBLE(TABLE t, DESCRIPTOR(ts), …)`.
    TableFunction,
    /// In GROUP BY: `TUMBLE(ts, …)`, which is older. What comes out has no window that others could go on with. With a
    /// strategy, results come not only when a window is over.
    Group(Option<EmitStrategy>),
}

/// When results of a window are emitted besides when it is over: `table.exec.emit.*`, as Flink's `WindowEmitStrategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmitStrategy {
    /// Before it is over: so many milliseconds apart, with each row if it is 0.
    pub early: Option<i64>,
    /// After it is over, with rows that are late: so many milliseconds apart, with each row if it is 0.
    pub late: Option<i64>,
    /// How late rows may be, in milliseconds.
    pub lateness: i64,
}

impl fmt::Display for EmitStrategy {
    /// As EXPLAIN writes it: `early delay 1000 millisecond, late no delay`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let delay = |delay: i64| match delay {
            0 => "no delay".to_owned(),
            delay => format!("delay {delay} millisecond"),
        };
        let early = self.early.map(|early| format!("early {}", delay(early)));
        let late = self.late.map(|late| format!("late {}", delay(late)));
        f.write_str(&early.into_iter().chain(late).collect::<Vec<_>>().join(", "))
    }
}

/// What a column says of a row's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WindowColumn {
    /// `window_start`
    Start,
    /// `window_end`
    End,
    /// `window_time`: the last moment of the window, and a time attribute.
    Time,
}

/// Where a window aggregate learns the window of a row from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Windowing {
    /// From its time.
    Time(WindowFunction),
    /// From its columns: something below has put it into a window.
    Attached {
        /// `window_start`
        start: usize,
        /// `window_end`
        end: usize,
        /// The type of the time attribute that the windows were cut of.
        attribute: SqlType,
        /// How time was cut.
        cut: Cut,
    },
}

/// How time was cut into the windows that are in the columns of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How time was cut.
    pub kind: WindowKind,
    /// Where a window begins, in milliseconds from where it would otherwise.
    pub offset: i64,
}

/// The window that is in the columns of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedWindow {
    /// `window_start`
    pub start: usize,
    /// `window_end`
    pub end: usize,
    /// The type of the time attribute that the windows were cut of.
    pub attribute: SqlType,
    /// How time was cut.
    pub cut: Cut,
}

impl AttachedWindow {
    /// The window that is among some columns of a plan, of event time.
    pub(super) fn among(plan: &super::LogicalPlan, columns: &[usize]) -> Option<Self> {
        let properties = window_properties(plan).filter(WindowProperties::is_rowtime)?;
        Some(Self {
            start: properties.among(columns, WindowColumn::Start)?,
            end: properties.among(columns, WindowColumn::End)?,
            cut: properties.cut(),
            attribute: properties.attribute,
        })
    }
}

impl WindowFunction {
    /// All columns that the function appends.
    pub const COLUMNS: [WindowColumn; 3] = [WindowColumn::Start, WindowColumn::End, WindowColumn::Time];
}

impl Windowing {
    /// The type of the time attribute that windows are cut of.
    pub const fn attribute(&self) -> &SqlType {
        match self {
            Self::Time(function) => &function.attribute,
            Self::Attached { attribute, .. } => attribute,
        }
    }
}

impl WindowColumn {
    /// The column for windows of a time attribute of this type.
    pub fn column(self, attribute: &SqlType) -> NamedField {
        let data_type = match self {
            Self::Start | Self::End => SqlType::Timestamp(3, crate::types::TimeKind::Regular),
            Self::Time => attribute.clone(),
        };
        NamedField::new(self.name(), Field::required(data_type))
    }

    /// Its name, unless a query gives it another.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "window_start",
            Self::End => "window_end",
            Self::Time => "window_time",
        }
    }
}

impl WindowKind {
    /// Refuses windows that an aggregate cannot put together of slices.
    ///
    /// # Errors
    /// If the size of windows that hop is no multiple of the slide.
    pub(crate) fn check_slices(self) -> SqlResult<()> {
        match self {
            Self::Hop { slide, size } if size % slide != 0 => Err(SqlError::unsupported(format!(
                "HOP table function based aggregate requires size must be an integral multiple of slide, but got size {size} \
                 ms and slide {slide} ms"
            ))),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for WindowKind {
    /// As EXPLAIN writes it: `TUMBLE(size=[10 s])`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name(), self.lengths())
    }
}

impl WindowKind {
    /// The name of the function that cuts so.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Tumble { .. } => "TUMBLE",
            Self::Hop { .. } => "HOP",
            Self::Cumulate { .. } => "CUMULATE",
            Self::Session { .. } => "SESSION",
        }
    }

    /// The lengths that the function takes, in its order.
    pub(super) fn arguments(self) -> Vec<i64> {
        match self {
            Self::Tumble { size: only } | Self::Session { gap: only } => vec![only],
            Self::Hop { slide: part, size } | Self::Cumulate { step: part, size } => vec![part, size],
        }
    }

    /// How long windows are, as EXPLAIN writes it.
    pub(super) fn lengths(self) -> String {
        match self {
            Self::Tumble { size } => format!("size=[{}]", duration(size)),
            Self::Hop { slide, size } => format!("size=[{}], slide=[{}]", duration(size), duration(slide)),
            Self::Cumulate { step, size } => {
                format!("max_size=[{}], step=[{}]", duration(size), duration(step))
            }
            Self::Session { gap } => format!("gap=[{}]", duration(gap)),
        }
    }
}

/// A duration in the largest unit of which it is a whole number, as Flink's `TimeUtils.formatWithHighestUnit`.
pub(super) fn duration(millis: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let unit = UNITS.into_iter().find(|(unit, _)| millis % unit == 0).unwrap_or((1, "ms"));
    format!("{} {}", millis / unit.0, unit.1)
}
