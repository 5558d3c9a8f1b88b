//! A column, or a field in one.

use std::collections::BTreeSet;

use super::{Expression, ExpressionKind};

/// A column by its position, and then the positions of nested fields. That of a column alone has length one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnPath(pub Vec<usize>);

impl ColumnPath {
    /// A whole column.
    pub fn column(index: usize) -> Self {
        Self(vec![index])
    }

    /// The column.
    pub fn root(&self) -> usize {
        self.0.first().copied().unwrap_or_default()
    }

    /// The fields in the column.
    pub fn fields(&self) -> &[usize] {
        self.0.get(1..).unwrap_or_default()
    }

    /// The same fields of another column.
    #[must_use]
    pub fn moved(mut self, to: impl Fn(usize) -> usize) -> Self {
        if let Some(root) = self.0.first_mut() {
            *root = to(*root);
        }
        self
    }

    /// What follows `prefix`; `None` if this path does not begin with it.
    fn behind(&self, prefix: &Self) -> Option<&[usize]> {
        self.0.strip_prefix(prefix.0.as_slice())
    }

    /// The path that an expression is: a column, or fields of one.
    pub fn of(expression: &Expression) -> Option<Self> {
        match &expression.kind {
            ExpressionKind::Column(index) => Some(Self::column(*index)),
            ExpressionKind::Field { value, index } => {
                let mut path = Self::of(value)?;
                path.0.push(*index);
                Some(path)
            }
            _ => None,
        }
    }

    /// Adds the paths that an expression reads.
    pub fn collect(expression: &Expression, into: &mut BTreeSet<Self>) {
        match Self::of(expression) {
            Some(path) => {
                into.insert(path);
            }
            None => expression.children().into_iter().for_each(|child| Self::collect(child, into)),
        }
    }

    /// The expression over an input that provides these paths as its columns; `None` if one is missing.
    pub fn rewrite(expression: &Expression, provided: &[Self]) -> Option<Expression> {
        let Some(path) = Self::of(expression) else {
            return expression.map_children(&|child| Self::rewrite(child, provided));
        };
        let (position, rest) = provided
            .iter()
            .enumerate()
            .find_map(|(position, prefix)| Some((position, path.behind(prefix)?)))?;
        // The type of what is provided is that of the expression as far out as the rest of the path goes.
        let mut inner = expression;
        for _ in rest {
            let ExpressionKind::Field { value, .. } = &inner.kind else { return None };
            inner = value;
        }
        let column = Expression::column(position, inner.field.clone());
        rest.iter().try_fold(column, |value, field| Expression::field(value, *field))
    }

    /// The paths without those that are in another one.
    pub fn outermost(paths: BTreeSet<Self>) -> Vec<Self> {
        let mut kept: Vec<Self> = Vec::new();
        // A path comes right behind those that it begins with.
        for path in paths {
            if !kept.iter().any(|prefix| path.behind(prefix).is_some()) {
                kept.push(path);
            }
        }
        kept
    }
}
