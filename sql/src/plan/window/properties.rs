//! Which columns of a plan are those of a window, as Flink's `FlinkRelMdWindowProperties`.

use super::aggregate::is_window_aggregate;
use super::join::window_join;
use super::{Cut, WindowColumn, WindowForm, WindowKind};
use crate::plan::{JoinKind, LogicalNode, LogicalPlan, RankForm};
use crate::types::{SqlType, TimeKind};

/// The columns of a plan that are those of one window function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowProperties {
    /// How time is cut.
    pub kind: WindowKind,
    /// Where a window begins, in milliseconds from where it would otherwise.
    pub offset: i64,
    /// The type of the time attribute.
    pub attribute: SqlType,
    /// Columns and what they say of the window.
    pub columns: Vec<(usize, WindowColumn)>,
    /// Where the columns are by which sessions are told apart; `None` for one that is gone.
    pub partition: Vec<Option<usize>>,
    /// Where the query says how time is cut.
    pub form: WindowForm,
}

impl WindowProperties {
    /// Whether windows are cut of event time.
    pub fn is_rowtime(&self) -> bool {
        self.attribute.time_kind() == TimeKind::Rowtime
    }

    /// How time was cut.
    pub const fn cut(&self) -> Cut {
        Cut { kind: self.kind, offset: self.offset }
    }

    /// What a column says of the window.
    pub fn of(&self, column: usize) -> Option<WindowColumn> {
        self.columns.iter().find(|(known, _)| *known == column).map(|(_, what)| *what)
    }

    /// The first of some columns that says this of the window.
    pub fn among(&self, columns: &[usize], what: WindowColumn) -> Option<usize> {
        columns.iter().copied().find(|column| self.of(*column) == Some(what))
    }

    /// The properties where column `i` is that at `columns[i]`; `None` for one that is computed.
    fn mapped(&self, columns: &[Option<usize>]) -> Option<Self> {
        let place = |column: usize| columns.iter().position(|source| *source == Some(column));
        let sources = columns.iter().enumerate();
        let mapped = sources.filter_map(|(index, source)| Some((index, self.of((*source)?)?)));
        let mapped: Vec<_> = mapped.collect();
        let partition = self.partition.iter().map(|column| column.and_then(place)).collect();
        (!mapped.is_empty()).then(|| Self { columns: mapped, partition, ..self.clone() })
    }
}

/// The columns of a plan's rows that are those of a window; `None` if there is none.
pub fn window_properties(plan: &LogicalPlan) -> Option<WindowProperties> {
    match &plan.node {
        LogicalNode::WindowTvf { input, function, columns } => Some(WindowProperties {
            kind: function.kind,
            offset: function.offset,
            attribute: function.attribute.clone(),
            columns: (input.schema.len()..).zip(columns.iter().copied()).collect(),
            partition: function.partition.iter().copied().map(Some).collect(),
            form: function.form,
        }),
        LogicalNode::Project { input, expressions } => {
            let columns: Vec<_> = expressions.iter().map(crate::plan::Expression::as_column).collect();
            window_properties(input)?.mapped(&columns)
        }
        LogicalNode::Filter { input, .. }
        | LogicalNode::RowNumber { input, .. }
        | LogicalNode::Rank { input, form: RankForm::Rank, .. } => window_properties(input),
        LogicalNode::Join { left, right, kind, condition, .. } => {
            window_join(left, right, condition)?;
            // Where rows stand alone, the other side has no window.
            let of_left = || window_properties(left);
            let of_right = || {
                let mut properties = window_properties(right)?;
                properties.columns.iter_mut().for_each(|(column, _)| *column += left.schema.len());
                Some(properties)
            };
            match kind {
                JoinKind::Left | JoinKind::Semi | JoinKind::Anti => of_left(),
                JoinKind::Right => of_right(),
                JoinKind::Full => None,
                JoinKind::Inner => {
                    let mut properties = of_left()?;
                    properties.columns.extend(of_right()?.columns);
                    Some(properties)
                }
            }
        }
        LogicalNode::Aggregate { input, keys, .. } if is_window_aggregate(input, keys) => {
            let columns: Vec<_> = keys.iter().copied().map(Some).collect();
            let properties = window_properties(input)?;
            (properties.form == WindowForm::TableFunction).then(|| properties.mapped(&columns))?
        }
        _ => None,
    }
}
