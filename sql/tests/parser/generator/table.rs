//! Tables: CREATE and ALTER.

use millstream_sql::parser::ast::*;

use super::expression::{column, expression, interval};
use super::query::query;
use super::{Choices, constant, identifier, object_name, options, span, string, whole};

pub fn create_table(c: &mut Choices<'_>) -> CreateTable {
    let creation = c.pick(&[TableCreation::Create, TableCreation::CreateOrReplace, TableCreation::Replace]);
    let query = if creation == TableCreation::Create { c.option(query) } else { Some(query(c)) };
    let like = if query.is_none() { c.option(table_like) } else { None };
    let elements = if query.is_some() && c.flag() {
        c.list(1, |c| TableElement::Name(identifier(c)))
    } else {
        let mut elements = c.some(|c| match c.below(3) {
            2 => {
                let columns = c.list(1, identifier);
                TableElement::Constraint(constraint(c, columns))
            }
            _ => TableElement::Column(column(c)),
        });
        elements.extend(c.option(|c| TableElement::Watermark(watermark(c))));
        elements
    };
    CreateTable {
        creation,
        temporary: c.flag(),
        if_not_exists: c.flag(),
        name: object_name(c),
        elements,
        comment: c.option(string),
        distribution: c.option(distribution),
        partitioned_by: c.some(identifier),
        connection: c.option(object_name),
        options: options(c),
        like,
        query: query.map(Box::new),
    }
}

pub fn constraint(c: &mut Choices<'_>, columns: Vec<Identifier>) -> Constraint {
    Constraint {
        name: c.option(identifier),
        kind: c.pick(&[ConstraintKind::PrimaryKey, ConstraintKind::Unique]),
        columns,
        enforced: c.option(Choices::flag),
        span: span(),
    }
}

fn watermark(c: &mut Choices<'_>) -> Watermark {
    Watermark { column: object_name(c), strategy: expression(c), span: span() }
}

fn distribution(c: &mut Choices<'_>) -> Distribution {
    if c.flag() {
        return Distribution {
            span: span(),
            kind: DistributionKind::Unknown,
            columns: Vec::new(),
            buckets: Some(whole(c)),
        };
    }
    let kind = c.pick(&[DistributionKind::Unknown, DistributionKind::Hash, DistributionKind::Range]);
    Distribution { kind, columns: c.list(1, identifier), buckets: c.option(whole), span: span() }
}

fn table_like(c: &mut Choices<'_>) -> TableLike {
    use LikeFeature::*;
    let features = [All, Constraints, Distribution, Generated, Metadata, Options, Partitions, Watermarks];
    let mergings = [LikeMerging::Including, LikeMerging::Excluding, LikeMerging::Overwriting];
    let options =
        c.some(|c| LikeOption { merging: c.pick(&mergings), feature: c.pick(&features), span: span() });
    TableLike { table: object_name(c), options, span: span() }
}

pub fn partition(c: &mut Choices<'_>) -> (Identifier, Literal) {
    (identifier(c), constant(c))
}

fn schema_element(c: &mut Choices<'_>) -> SchemaElement {
    match c.below(4) {
        0 => SchemaElement::Column(AlterColumn {
            column: column(c),
            position: c.option(|c| match c.flag() {
                true => ColumnPosition::After(object_name(c)),
                false => ColumnPosition::First,
            }),
        }),
        1 => {
            let columns = c.list(1, identifier);
            SchemaElement::Constraint(constraint(c, columns))
        }
        2 => SchemaElement::Watermark(watermark(c)),
        _ => SchemaElement::Distribution(distribution(c)),
    }
}

pub fn alter_table(c: &mut Choices<'_>) -> AlterTable {
    let action = match c.below(13) {
        0 => AlterTableAction::Rename(object_name(c)),
        1 => AlterTableAction::RenameColumn(object_name(c), object_name(c)),
        2 => AlterTableAction::Set(options(c)),
        3 => AlterTableAction::Reset(c.some(string)),
        4 => AlterTableAction::Add(c.list(1, schema_element)),
        5 => AlterTableAction::Modify(c.list(1, schema_element)),
        6 => AlterTableAction::DropColumns(c.list(1, object_name)),
        7 => AlterTableAction::DropPrimaryKey,
        8 => AlterTableAction::DropConstraint(identifier(c)),
        9 => AlterTableAction::DropWatermark,
        10 => AlterTableAction::DropDistribution,
        11 => {
            let partitions =
                c.list(1, |c| Partition { values: c.list(1, partition), options: options(c), span: span() });
            AlterTableAction::AddPartitions { if_not_exists: c.flag(), partitions }
        }
        _ => {
            let partitions = c.list(1, |c| c.list(1, partition));
            AlterTableAction::DropPartitions { if_exists: c.flag(), partitions }
        }
    };
    AlterTable { if_exists: c.flag(), name: object_name(c), action }
}

pub fn create_materialized_table(c: &mut Choices<'_>) -> CreateMaterializedTable {
    CreateMaterializedTable {
        or_alter: c.flag(),
        name: object_name(c),
        constraint: c.option(|c| {
            let columns = c.list(1, identifier);
            constraint(c, columns)
        }),
        comment: c.option(string),
        distribution: c.option(distribution),
        partitioned_by: c.some(identifier),
        options: options(c),
        freshness: c.option(interval),
        refresh_mode: c.option(refresh_mode),
        query: Box::new(query(c)),
    }
}

fn refresh_mode(c: &mut Choices<'_>) -> RefreshMode {
    c.pick(&[RefreshMode::Full, RefreshMode::Continuous])
}

pub fn alter_materialized_table(c: &mut Choices<'_>) -> AlterMaterializedTable {
    let action = match c.below(11) {
        0 => AlterMaterializedTableAction::Suspend,
        1 => AlterMaterializedTableAction::Resume(options(c)),
        2 => AlterMaterializedTableAction::Refresh(c.some(partition)),
        3 => AlterMaterializedTableAction::SetFreshness(interval(c)),
        4 => AlterMaterializedTableAction::SetRefreshMode(refresh_mode(c)),
        5 => AlterMaterializedTableAction::Set(options(c)),
        6 => AlterMaterializedTableAction::Reset(c.some(string)),
        7 => AlterMaterializedTableAction::Query(Box::new(query(c))),
        8 => AlterMaterializedTableAction::AddDistribution(distribution(c)),
        9 => AlterMaterializedTableAction::ModifyDistribution(distribution(c)),
        _ => AlterMaterializedTableAction::DropDistribution,
    };
    AlterMaterializedTable { name: object_name(c), action }
}
