//! The hint `STATE_TTL('table' = '1 d', …)` of a SELECT: how long its joins and its group aggregate keep what they read from
//! a table, a view or a subquery of its own FROM.
//!
//! As Flink's `StateTtlHint`: inputs go by their alias if they have one, otherwise by their name or the end of their path;
//! of several hints, the first counts that names an input, and in one hint the last.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_operators::parse_duration;

use super::query::QueryContext;
use crate::error::{SqlError, SqlResult};
use crate::parser::Span;
use crate::parser::ast::{self, Hint, HintArguments, Select, TableReference};
use crate::plan::{JoinStateTtl, StateTtl};
use crate::suggestion::nearest;

const NAME: &str = "STATE_TTL";

/// Whether a hint is this one.
pub(super) fn is_state_ttl(hint: &Hint) -> bool {
    hint.name.name.eq_ignore_ascii_case(NAME)
}

/// The hints of one SELECT.
#[derive(Clone, Debug, Default)]
pub(crate) struct StateTtlHints(Arc<[(Span, BTreeMap<String, StateTtl>)]>);

impl StateTtlHints {
    /// Reads the hints of a SELECT.
    pub(super) fn of(select: &Select) -> SqlResult<Self> {
        let hints = select.hints.iter().filter(|hint| is_state_ttl(hint));
        hints.map(|hint| Ok((*hint.span, options(hint)?))).collect::<SqlResult<_>>().map(Self)
    }

    /// How long what is read from an input is kept.
    fn of_input(&self, context: &QueryContext<'_>, input: &TableReference) -> Option<StateTtl> {
        let name = name(context, input).filter(|_| !self.0.is_empty())?;
        let mut hints = self.0.iter().flat_map(|(_, options)| options);
        hints.find(|(written, _)| is_meant(written, &name)).map(|(_, ttl)| ttl.clone())
    }

    /// How long the rows of a join's inputs are kept. An input that is a join itself has no name.
    pub(super) fn of_join(
        &self,
        context: &QueryContext<'_>,
        left: Option<&TableReference>,
        right: &TableReference,
    ) -> JoinStateTtl {
        let left = left.and_then(|left| self.of_input(context, left));
        JoinStateTtl { left, right: self.of_input(context, right) }
    }

    /// How long the groups of a SELECT are kept. The rows of a join have no name.
    pub(super) fn of_groups(&self, context: &QueryContext<'_>, select: &Select) -> Option<StateTtl> {
        match select.from.as_slice() {
            [only] => self.of_input(context, only),
            _ => None,
        }
    }

    /// Checks that each name is that of an input.
    pub(super) fn check(&self, context: &QueryContext<'_>, select: &Select) -> SqlResult<()> {
        let mut inputs = Vec::new();
        select.from.iter().for_each(|reference| collect(context, reference, &mut inputs));
        for (span, options) in self.0.iter() {
            let unknown = options.keys().filter(|written| !inputs.iter().any(|name| is_meant(written, name)));
            let unknown: Vec<&str> = unknown.map(String::as_str).collect();
            let Some(first) = unknown.first() else { continue };
            let error = SqlError::validation(format!(
                "The options of following hints cannot match the name of input tables or views: \n`{}` in `{NAME}`",
                unknown.join(", ")
            ));
            let known: Vec<&str> = inputs.iter().filter_map(|name| name.last()).map(String::as_str).collect();
            // In another case, it is another name.
            let other_case = known.iter().copied().find(|name| name.eq_ignore_ascii_case(first));
            let hint = match other_case.or_else(|| nearest(first, &known)) {
                Some(nearest) => format!("did you mean '{nearest}'?"),
                None => format!("inputs of this SELECT: {}", known.join(", ")),
            };
            return Err(error.with_hint(hint).at(*span));
        }
        Ok(())
    }
}

fn options(hint: &Hint) -> SqlResult<BTreeMap<String, StateTtl>> {
    let options = match &hint.arguments {
        HintArguments::Options(options) if !options.is_empty() => options,
        _ => {
            return Err(SqlError::validation(format!(
                "Invalid hint about {NAME}, expecting at least one key-value options specified."
            ))
            .with_hint("write /*+ STATE_TTL('table' = '1 d') */")
            .at(hint.span));
        }
    };
    let parsed = options.iter().map(|(name, value)| {
        let duration = parse_duration(value).ok_or_else(|| {
            SqlError::validation(format!(
                "Invalid value '{value}' for '{name}' in the hint {NAME}: it must be a duration such as '1 d'"
            ))
            .at(hint.span)
        })?;
        Ok((name.clone(), StateTtl { duration, text: Arc::from(value.as_str()) }))
    });
    parsed.collect()
}

/// Whether a name in a hint is that of an input, or what that ends with.
pub(super) fn is_meant(written: &str, name: &[String]) -> bool {
    written.split('.').rev().zip(name.iter().rev()).all(|(written, part)| written == part)
}

/// What an input is called: by its alias, or the parts of its path.
pub(super) fn name(context: &QueryContext<'_>, input: &TableReference) -> Option<Vec<String>> {
    let TableReference::Factor(factor) = input else { return None };
    match (&factor.alias, &factor.relation) {
        (Some(alias), _) => Some(vec![alias.name.name.clone()]),
        (None, ast::Relation::Table { name, .. }) => match context.session.path(name) {
            Ok(path) => Some(vec![path.catalog, path.database, path.name]),
            Err(_) => name.parts.last().map(|part| vec![part.name.clone()]),
        },
        _ => None,
    }
}

fn collect(context: &QueryContext<'_>, reference: &TableReference, into: &mut Vec<Vec<String>>) {
    match reference {
        TableReference::Join(join) => {
            collect(context, &join.left, into);
            collect(context, &join.right, into);
        }
        factor => into.extend(name(context, factor)),
    }
}
