//! Windows of OVER.

use super::{Expression, Identifier, OrderItem};
use crate::parser::SourceSpan;

/// What follows OVER.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Over {
    /// The name of a window of the WINDOW clause.
    Name(Identifier),
    /// `(…)`
    Window(WindowSpecification),
}

/// A window: `[base] [PARTITION BY …] [ORDER BY …] [frame]`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WindowSpecification {
    /// The window that this one goes on from.
    pub base: Option<Identifier>,
    /// Empty if not there.
    pub partition_by: Vec<Expression>,
    /// Empty if not there.
    pub order_by: Vec<OrderItem>,
    /// Which rows around the current one.
    pub frame: Option<WindowFrame>,
    /// Its place.
    pub span: SourceSpan,
}

/// `ROWS BETWEEN start AND end`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WindowFrame {
    /// In what the bounds count.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends; the current row if not written.
    pub end: Option<FrameBound>,
    /// Its place.
    pub span: SourceSpan,
}

/// In what the bounds of a frame count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameUnit {
    /// `ROWS`
    Rows,
    /// `RANGE`: by the value of the order.
    Range,
}

/// A bound of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FrameBound {
    /// `UNBOUNDED PRECEDING`
    UnboundedPreceding,
    /// `value PRECEDING`
    Preceding(Box<Expression>),
    /// `CURRENT ROW`
    CurrentRow,
    /// `value FOLLOWING`
    Following(Box<Expression>),
    /// `UNBOUNDED FOLLOWING`
    UnboundedFollowing,
}

/// `name AS (…)` in the WINDOW clause.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedWindow {
    /// Its name.
    pub name: Identifier,
    /// The window.
    pub window: WindowSpecification,
    /// Its place.
    pub span: SourceSpan,
}
