//! Which columns an expression sees, and by which names.

use std::ops::Range;
use std::sync::Arc;

use crate::catalog::{FunctionScope, Session};
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{Identifier, ObjectName};
use crate::plan::Expression;
use crate::suggestion::nearest;
use crate::types::{Field, Schema, SqlType};

/// Which columns an expression sees: those of the relations in FROM, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    columns: Vec<(Arc<str>, Field)>,
    relations: Vec<RelationScope>,
    /// Columns of USING and NATURAL: they come first in `*`.
    merged: Vec<Merged>,
    functions: FunctionScope,
    /// The columns that subqueries are, by the places of those.
    subqueries: Vec<(Span, Expression)>,
    /// What is around a subquery; its columns stand behind these.
    around: Option<Arc<Self>>,
}

/// Columns of the same name of both sides of a join that are one: USING, NATURAL.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    pub(crate) name: Arc<str>,
    pub(crate) value: Expression,
    /// The columns that are seen with the name of their relation alone.
    pub(crate) columns: Vec<usize>,
}

/// A relation in FROM.
#[derive(Clone, Debug)]
pub(crate) struct RelationScope {
    /// The names by which it can be called: its alias, or the parts of its name.
    pub(crate) names: Vec<String>,
    /// Its columns among all.
    pub(crate) columns: Range<usize>,
}

impl Scope {
    /// The columns of one relation, called by an alias or a name of several parts.
    pub(crate) fn of(names: Vec<String>, schema: &Schema) -> Self {
        let columns: Vec<_> =
            schema.iter().map(|column| (column.name.clone(), column.field.clone())).collect();
        let relations = vec![RelationScope { names, columns: 0..columns.len() }];
        Self { columns, relations, ..Self::default() }
    }

    /// The columns of this scope and then those of another.
    #[allow(dead_code, reason = "for joins")]
    pub(crate) fn join(mut self, other: Self) -> Self {
        let start = self.columns.len();
        self.columns.extend(other.columns);
        self.relations.extend(other.relations.into_iter().map(|relation| RelationScope {
            names: relation.names,
            columns: relation.columns.start + start..relation.columns.end + start,
        }));
        self.merged.extend(other.merged.into_iter().map(|merged| Merged {
            value: shifted(&merged.value, start),
            columns: merged.columns.into_iter().map(|column| column + start).collect(),
            ..merged
        }));
        self
    }

    /// These columns with other types: those of the result of a join.
    pub(crate) fn with_fields<'f>(mut self, fields: impl Iterator<Item = &'f Field>) -> Self {
        for ((_, field), new) in self.columns.iter_mut().zip(fields) {
            field.clone_from(new);
        }
        let typed = |column: usize| {
            let (_, field) = self.columns.get(column)?;
            Some(Expression::column(column, field.clone()))
        };
        for merged in &mut self.merged {
            let nullable =
                merged.columns.iter().any(|column| typed(*column).is_some_and(|it| it.field.nullable));
            if let Some(value) = merged.value.replace_columns(&typed) {
                merged.value = value;
            }
            merged.value.field.nullable |= nullable;
        }
        self
    }

    /// These columns, of which some are merged with others of the same name.
    pub(crate) fn with_merged(mut self, merged: Vec<Merged>) -> Self {
        self.merged.retain(|old| merged.iter().all(|new| new.name != old.name));
        self.merged.splice(0..0, merged);
        self
    }

    /// These columns in a subquery: what is not found among them may be one of those around it, which stand behind.
    pub(crate) fn within(self, around: &Self) -> Self {
        Self { around: Some(Arc::new(around.clone())), ..self }
    }

    /// Says which column a subquery is.
    pub(crate) fn add_subquery(&mut self, place: Span, column: Expression) {
        self.subqueries.push((place, column));
    }

    /// The column that the subquery at a place is.
    pub(crate) fn subquery(&self, place: Span) -> Option<&Expression> {
        self.subqueries.iter().find(|(known, _)| *known == place).map(|(_, column)| column)
    }

    /// How many columns there are.
    pub(crate) const fn len(&self) -> usize {
        self.columns.len()
    }

    /// The columns that a name without that of a relation stands for: all of those that are merged, or one.
    pub(crate) fn hidden_by(&self, name: &Identifier) -> Vec<usize> {
        if let Some(merged) = self.merged.iter().find(|merged| *merged.name == *name.name) {
            return merged.columns.clone();
        }
        let named = self.columns.iter().enumerate().filter(|(_, (column, _))| **column == *name.name);
        named.map(|(index, _)| index).collect()
    }

    /// What `*` stands for.
    pub(crate) fn visible(&self) -> Vec<(Arc<str>, Expression)> {
        let merged = self.merged.iter().map(|merged| (merged.name.clone(), merged.value.clone()));
        let is_hidden = |column| self.merged.iter().any(|merged| merged.columns.contains(&column));
        let others = self.columns().enumerate().filter(|(index, _)| !is_hidden(*index));
        merged.chain(others.map(|(_, column)| column)).collect()
    }

    /// What a name without that of a relation stands for.
    pub(crate) fn unqualified(&self, name: &Identifier) -> SqlResult<Option<Expression>> {
        match self.merged.iter().find(|merged| *merged.name == *name.name) {
            Some(merged) => {
                // Another column of the name, of a relation that is joined without USING.
                let all = self.columns.iter().enumerate().filter(|(_, (column, _))| **column == *name.name);
                if all.map(|(index, _)| index).all(|column| merged.columns.contains(&column)) {
                    return Ok(Some(merged.value.clone()));
                }
                self.find(name, 0..self.columns.len())
            }
            None => self.find(name, 0..self.columns.len()),
        }
    }

    /// With the functions of a session.
    pub(crate) fn with_functions(self, session: &Session) -> Self {
        Self { functions: session.function_scope(), ..self }
    }

    /// The functions that have been created.
    pub(crate) const fn functions(&self) -> &FunctionScope {
        &self.functions
    }

    /// All columns, with their positions.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (Arc<str>, Expression)> {
        self.columns
            .iter()
            .enumerate()
            .map(|(index, (name, field))| (name.clone(), Expression::column(index, field.clone())))
    }

    /// The columns of the relation of this name.
    pub(crate) fn columns_of(&self, name: &ObjectName) -> SqlResult<Vec<(Arc<str>, Expression)>> {
        let relation = self.relations.iter().find(|relation| is_called(&relation.names, &name.parts));
        let relation = relation
            .ok_or_else(|| SqlError::validation(format!("Table '{name}' not found in FROM")).at(name.span))?;
        Ok(self.columns().skip(relation.columns.start).take(relation.columns.len()).collect())
    }

    /// What a name of one or more parts stands for: a column, or a field in one.
    pub(crate) fn resolve(&self, name: &ObjectName) -> SqlResult<Expression> {
        match (self.resolve_here(name), &self.around) {
            (Err(error), Some(around)) => match around.resolve(name) {
                Ok(found) => Ok(shifted(&found, self.len())),
                // Whoever has the relation knows what is wrong.
                Err(around) if !self.has_relation_of(name) => Err(around),
                Err(_) => Err(error),
            },
            (here, _) => here,
        }
    }

    /// Whether a name begins with that of a relation here, or with none.
    fn has_relation_of(&self, name: &ObjectName) -> bool {
        let mut qualifiers = (1..name.parts.len()).filter_map(|length| name.parts.get(..length));
        name.parts.len() == 1
            || qualifiers.any(|qualifier| self.relations.iter().any(|it| is_called(&it.names, qualifier)))
    }

    fn resolve_here(&self, name: &ObjectName) -> SqlResult<Expression> {
        let parts = &name.parts;
        // A name may be that of a column, with fields behind it, or that of a relation with a column behind it. As in
        // Flink, the relation wins.
        for length in (1..parts.len()).rev() {
            let (qualifier, rest) = parts.split_at(length);
            let mut called = self.relations.iter().filter(|relation| is_called(&relation.names, qualifier));
            if let (Some(relation), [column, fields @ ..]) = (called.next(), rest) {
                let found = self
                    .find(column, relation.columns.clone())?
                    .ok_or_else(|| self.unknown(column, relation.columns.clone()))?;
                return fields.iter().try_fold(found, field_of);
            }
        }
        let Some((column, fields)) = parts.split_first() else {
            return Err(SqlError::validation("a name without parts"));
        };
        match self.unqualified(column)? {
            Some(found) => fields.iter().try_fold(found, field_of),
            None if fields.is_empty() => Err(self.unknown(column, 0..self.columns.len())),
            None => Err(SqlError::validation(format!("Table '{column}' not found")).at(name.span)),
        }
    }

    fn find(&self, name: &Identifier, among: Range<usize>) -> SqlResult<Option<Expression>> {
        let candidates = self.columns.iter().enumerate().skip(among.start).take(among.len());
        let mut found = candidates.filter(|(_, (column, _))| **column == *name.name);
        let first = found.next().map(|(index, (_, field))| Expression::column(index, field.clone()));
        if found.next().is_some() {
            return Err(SqlError::validation(format!("Column '{}' is ambiguous", name.name)).at(name.span));
        }
        Ok(first)
    }

    fn unknown(&self, name: &Identifier, among: Range<usize>) -> SqlError {
        let names: Vec<&str> =
            self.columns.iter().skip(among.start).take(among.len()).map(|(name, _)| &**name).collect();
        let error =
            SqlError::validation(format!("Column '{}' not found in any table", name.name)).at(name.span);
        match nearest(&name.name, &names) {
            Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
            None if names.is_empty() => error,
            None => error.with_hint(format!("there are: {}", names.join(", "))),
        }
    }
}

/// An expression whose columns stand behind others.
pub(crate) fn shifted(expression: &Expression, by: usize) -> Expression {
    expression.over_moved(&|column| column + by)
}

fn is_called(names: &[String], written: &[Identifier]) -> bool {
    names.len() >= written.len()
        && names.iter().rev().zip(written.iter().rev()).all(|(name, written)| *name == written.name)
}

/// A field of a row.
pub(crate) fn field_of(value: Expression, name: &Identifier) -> SqlResult<Expression> {
    let SqlType::Row(fields) = &value.field.data_type else {
        let message = format!(
            "`{}` is asked of a value of type {}, which has no fields",
            name.name, value.field.data_type
        );
        return Err(SqlError::validation(message).at(name.span));
    };
    let names: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
    let position = names.iter().position(|field| *field == name.name);
    let hint = nearest(&name.name, &names).map(|nearest| format!("did you mean `{nearest}`?"));
    position.and_then(|position| Expression::field(value, position)).ok_or_else(|| {
        let error = SqlError::validation(format!("Field '{}' not found in the row", name.name)).at(name.span);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    })
}
