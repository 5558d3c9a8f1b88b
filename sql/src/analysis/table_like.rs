//! `CREATE TABLE … LIKE`: the lines of two tables in one, as Flink's `MergeTableLikeUtil` merges them.

use crate::catalog::Table;
use crate::error::{SqlError, SqlResult};
use crate::parser::ast::{
    Column, ColumnKind, CreateTable, LikeFeature, LikeMerging, StatementKind, TableElement, TableLike,
};
use crate::parser::{SourceSpan, parse_statement};

/// The statement that makes a table, as if it had just been written.
///
/// # Errors
/// If the table's own text does not parse: a fault.
pub(crate) fn statement_of(table: &Table) -> SqlResult<CreateTable> {
    match parse_statement(&table.definition())?.kind {
        StatementKind::CreateTable(create) => Ok(*create),
        _ => Err(SqlError::validation("the text of a table is no CREATE TABLE")),
    }
}

/// A statement without LIKE that makes what `derived` makes, with `base` for the table that it is like.
///
/// # Errors
/// If something is in both that must not be.
pub(crate) fn merge(base: CreateTable, derived: CreateTable, like: &TableLike) -> SqlResult<CreateTable> {
    let strategies = Strategies::of(like)?;
    let error = |message: String| SqlError::validation(message).at(like.span);
    let mut elements = Vec::new();
    for element in base.elements {
        let kept = match &element {
            TableElement::Column(column) => match column.kind {
                ColumnKind::Computed(_) => strategies.generated != LikeMerging::Excluding,
                ColumnKind::Metadata { .. } => strategies.metadata != LikeMerging::Excluding,
                ColumnKind::Physical { .. } => true,
            },
            TableElement::Constraint(_) => strategies.constraints != LikeMerging::Excluding,
            TableElement::Watermark(_) => strategies.watermarks != LikeMerging::Excluding,
            TableElement::Name(_) => true,
        };
        if kept {
            elements.push(element);
        }
    }
    for element in derived.elements {
        let place = match &element {
            TableElement::Column(column) => match column_place(&elements, column) {
                Some(place) => {
                    check_column(&elements, place, column, &strategies)
                        .map_err(|error| error.at(column.span))?;
                    Some(place)
                }
                None => None,
            },
            TableElement::Watermark(watermark) => {
                let place = elements.iter().position(|element| matches!(element, TableElement::Watermark(_)));
                if place.is_some() && strategies.watermarks != LikeMerging::Overwriting {
                    return Err(SqlError::validation(format!(
                        "There already exists a watermark spec for column '{}' in the base table. You might want to specify EXCLUDING \
                         WATERMARKS or OVERWRITING WATERMARKS.",
                        watermark.column
                    ))
                    .at(watermark.span));
                }
                place
            }
            TableElement::Constraint(constraint) => {
                if elements.iter().any(|element| matches!(element, TableElement::Constraint(_))) {
                    return Err(SqlError::validation(
                        "The base table already has a primary key. You might want to specify EXCLUDING CONSTRAINTS.",
                    )
                    .at(constraint.span));
                }
                None
            }
            TableElement::Name(_) => None,
        };
        match place.and_then(|place| elements.get_mut(place)) {
            Some(old) => *old = element,
            None => elements.push(element),
        }
    }
    // As in Flink, the partitions of the base stay where the statement has none, EXCLUDING or not.
    let partitioned_by = match (derived.partitioned_by.is_empty(), base.partitioned_by.is_empty()) {
        (true, _) => base.partitioned_by,
        (false, false) if strategies.partitions != LikeMerging::Excluding => {
            return Err(error(
                "The base table already has partitions defined. You might want to specify EXCLUDING PARTITIONS."
                    .to_owned(),
            ));
        }
        _ => derived.partitioned_by,
    };
    let distribution = match (strategies.distribution, &base.distribution, &derived.distribution) {
        (LikeMerging::Excluding, _, _) | (_, None, _) => derived.distribution,
        (_, Some(_), None) => base.distribution,
        _ => {
            return Err(error(
                "The base table already has a distribution defined. You might want to specify EXCLUDING DISTRIBUTION."
                    .to_owned(),
            ));
        }
    };
    let mut options = match strategies.options {
        LikeMerging::Excluding => Vec::new(),
        _ => base.options,
    };
    for option in derived.options {
        match options.iter_mut().find(|known| known.key.value == option.key.value) {
            None => options.push(option),
            Some(known) if strategies.options == LikeMerging::Overwriting => *known = option,
            Some(known) => {
                return Err(SqlError::validation(format!(
                    "There already exists an option ['{}' -> '{}']  in the base table. You might want to specify EXCLUDING OPTIONS or \
                     OVERWRITING OPTIONS.",
                    known.key.value, known.value.value
                ))
                .at(option.span));
            }
        }
    }
    Ok(CreateTable { elements, partitioned_by, distribution, options, like: None, ..derived })
}

/// How each feature goes over.
struct Strategies {
    constraints: LikeMerging,
    distribution: LikeMerging,
    generated: LikeMerging,
    metadata: LikeMerging,
    options: LikeMerging,
    partitions: LikeMerging,
    watermarks: LikeMerging,
}

impl Strategies {
    /// Flink's defaults, then what is said of ALL, then what is said of each.
    fn of(like: &TableLike) -> SqlResult<Self> {
        let all = like.options.iter().find(|option| option.feature == LikeFeature::All);
        let strategy = |feature: LikeFeature, default: LikeMerging| {
            let own = like.options.iter().rev().find(|option| option.feature == feature);
            own.or(all).map_or(default, |option| option.merging)
        };
        // The parser has Flink's grammar; which features can be overwritten is checked here.
        for option in &like.options {
            let overwritable = matches!(
                option.feature,
                LikeFeature::Generated
                    | LikeFeature::Metadata
                    | LikeFeature::Options
                    | LikeFeature::Watermarks
            );
            if option.merging == LikeMerging::Overwriting && !overwritable {
                return Err(SqlError::validation(format!(
                    "Illegal merging strategy 'OVERWRITING' for '{}' option.",
                    option.feature
                ))
                .at(option.span));
            }
        }
        Ok(Self {
            constraints: strategy(LikeFeature::Constraints, LikeMerging::Including),
            distribution: strategy(LikeFeature::Distribution, LikeMerging::Including),
            generated: strategy(LikeFeature::Generated, LikeMerging::Including),
            metadata: strategy(LikeFeature::Metadata, LikeMerging::Including),
            options: strategy(LikeFeature::Options, LikeMerging::Overwriting),
            partitions: strategy(LikeFeature::Partitions, LikeMerging::Including),
            watermarks: strategy(LikeFeature::Watermarks, LikeMerging::Including),
        })
    }
}

fn column_place(elements: &[TableElement], column: &Column) -> Option<usize> {
    elements
        .iter()
        .position(|element| matches!(element, TableElement::Column(known) if known.name == column.name))
}

/// Whether a column may replace the one of its name.
fn check_column(
    elements: &[TableElement],
    place: usize,
    column: &Column,
    strategies: &Strategies,
) -> SqlResult<()> {
    let Some(TableElement::Column(known)) = elements.get(place) else { return Ok(()) };
    let name = column.name.to_string().replace('`', "");
    let problem = match (&column.kind, &known.kind) {
        (ColumnKind::Computed(_), ColumnKind::Computed(_)) => match strategies.generated {
            LikeMerging::Overwriting => return Ok(()),
            _ => format!(
                "A generated column named '{name}' already exists in the base table. You might want to specify EXCLUDING GENERATED \
                 or OVERWRITING GENERATED."
            ),
        },
        (ColumnKind::Metadata { .. }, ColumnKind::Metadata { .. }) => match strategies.metadata {
            LikeMerging::Overwriting => return Ok(()),
            _ => format!(
                "A metadata column named '{name}' already exists in the base table. You might want to specify EXCLUDING METADATA \
                 or OVERWRITING METADATA."
            ),
        },
        (ColumnKind::Computed(_), _) => format!(
            "A column named '{name}' already exists in the base table. Computed columns can only overwrite other computed columns."
        ),
        (ColumnKind::Metadata { .. }, _) => format!(
            "A column named '{name}' already exists in the base table. Metadata columns can only overwrite other metadata columns."
        ),
        (ColumnKind::Physical { .. }, _) => {
            format!("A column named '{name}' already exists in the base table.")
        }
    };
    Err(SqlError::validation(problem))
}

/// The place of what was not written.
pub(crate) fn nowhere() -> SourceSpan {
    SourceSpan::default()
}
