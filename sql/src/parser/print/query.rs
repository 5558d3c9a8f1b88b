//! Queries.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::{
    CommonTableExpression, Expression, ExpressionKind, GroupBy, GroupingElement, GroupingElementKind, Hint,
    Limit, OrderItem, Query, QueryBody, Select, SelectItem, SelectItemKind, SetOperator, With,
};

use super::{Listed, Parenthesized, Prefixed, commas, flag};

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(with) = &self.with {
            write!(f, "{with} ")?;
        }
        write!(f, "{}{}", self.body, Listed(" ORDER BY ", &self.order_by))?;
        Prefixed(" LIMIT ", self.limit.as_ref()).fmt(f)?;
        match &self.offset {
            Some(rows) if self.limit.is_some() => write!(f, " OFFSET {rows}"),
            Some(rows) => write!(f, " OFFSET {rows} ROWS"),
            None => Ok(()),
        }
    }
}

impl Display for Limit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(rows) => f.write_str(rows),
            Self::All => f.write_str("ALL"),
        }
    }
}

impl Display for With {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "WITH {}{}", flag(self.recursive, "RECURSIVE "), commas(&self.tables))
    }
}

impl Display for CommonTableExpression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} AS ({})", self.name, Parenthesized(" ", &self.columns), self.query)
    }
}

impl Display for QueryBody {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Select(select) => select.fmt(f),
            Self::Values(rows) => {
                let rows = rows.iter().map(ValuesRow).collect::<Vec<_>>();
                write!(f, "VALUES {}", commas(&rows))
            }
            Self::Table(name) => write!(f, "TABLE {name}"),
            Self::Query(query) => write!(f, "({query})"),
            Self::SetOperation { left, operator, all, right, .. } => {
                let binds = *operator == SetOperator::Intersect;
                SetOperand(left, binds).fmt(f)?;
                write!(f, " {operator} {}", flag(*all, "ALL "))?;
                // Operations of the same rank are read from the left.
                match right.as_ref() {
                    Self::SetOperation { operator: SetOperator::Intersect, .. } if !binds => right.fmt(f),
                    Self::SetOperation { .. } => write!(f, "({right})"),
                    _ => right.fmt(f),
                }
            }
        }
    }
}

/// The first operand of a set operation that may bind more than it.
struct SetOperand<'a>(&'a QueryBody, bool);

impl Display for SetOperand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            QueryBody::SetOperation { operator: SetOperator::Union | SetOperator::Except, .. } if self.1 => {
                write!(f, "({})", self.0)
            }
            body => body.fmt(f),
        }
    }
}

/// A row of VALUES, without the ROW that it needs elsewhere.
struct ValuesRow<'a>(&'a Expression);

impl Display for ValuesRow<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            ExpressionKind::Row(values) if values.len() > 1 => write!(f, "({})", commas(values)),
            ExpressionKind::Row(_) => self.0.fmt(f),
            _ => write!(f, "({})", self.0),
        }
    }
}

impl Display for SetOperator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Union => "UNION",
            Self::Intersect => "INTERSECT",
            Self::Except => "EXCEPT",
        })
    }
}

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("SELECT ")?;
        if !self.hints.is_empty() {
            write!(f, "{} ", Hints(&self.hints))?;
        }
        if let Some(quantifier) = self.quantifier {
            write!(f, "{quantifier} ")?;
        }
        write!(f, "{}{}", commas(&self.items), Listed(" FROM ", &self.from))?;
        Prefixed(" WHERE ", self.selection.as_ref()).fmt(f)?;
        Prefixed(" GROUP BY ", self.group_by.as_ref()).fmt(f)?;
        Prefixed(" HAVING ", self.having.as_ref()).fmt(f)?;
        Listed(" WINDOW ", &self.windows).fmt(f)?;
        Prefixed(" QUALIFY ", self.qualify.as_ref()).fmt(f)
    }
}

/// Hints between their signs.
pub(super) struct Hints<'a>(pub &'a [Hint]);

impl Display for Hints<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "/*+ {} */", commas(self.0))
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            SelectItemKind::Star => f.write_str("*"),
            SelectItemKind::QualifiedStar(name) => write!(f, "{name}.*"),
            SelectItemKind::Expression { value, alias } => {
                write!(f, "{value}{}", Prefixed(" AS ", alias.as_ref()))
            }
        }
    }
}

impl Display for GroupBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("ALL"),
            Self::Elements { quantifier: Some(quantifier), elements } => {
                write!(f, "{quantifier} {}", commas(elements))
            }
            Self::Elements { quantifier: None, elements } => commas(elements).fmt(f),
        }
    }
}

impl Display for GroupingElement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Display for GroupingElementKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expression(expression) => expression.fmt(f),
            Self::Set(expressions) => write!(f, "({})", commas(expressions)),
            Self::Rollup(expressions) => write!(f, "ROLLUP ({})", commas(expressions)),
            Self::Cube(expressions) => write!(f, "CUBE ({})", commas(expressions)),
            Self::GroupingSets(sets) => write!(f, "GROUPING SETS ({})", commas(sets)),
        }
    }
}

impl Display for OrderItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)?;
        f.write_str(match self.descending {
            Some(true) => " DESC",
            Some(false) => " ASC",
            None => "",
        })?;
        f.write_str(match self.nulls_first {
            Some(true) => " NULLS FIRST",
            Some(false) => " NULLS LAST",
            None => "",
        })
    }
}
