//! ALTER and DROP.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::{
    AlterAction, AlterColumn, AlterObject, AlterTable, AlterTableAction, ColumnPosition, Drop, ObjectKind,
    Partition, SchemaElement,
};

use super::name::PartitionClause;
use super::{Parenthesized, Prefixed, Separated, commas, flag};

impl Display for ObjectKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "TABLE",
            Self::View => "VIEW",
            Self::Database => "DATABASE",
            Self::Catalog => "CATALOG",
            Self::Function => "FUNCTION",
            Self::SystemFunction => "SYSTEM FUNCTION",
            Self::Model => "MODEL",
            Self::MaterializedTable => "MATERIALIZED TABLE",
            Self::Connection => "CONNECTION",
            Self::SystemConnection => "SYSTEM CONNECTION",
        })
    }
}

impl Display for Drop {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (temporary, if_exists) = (flag(self.temporary, "TEMPORARY "), flag(self.if_exists, "IF EXISTS "));
        write!(f, "DROP {temporary}{} {if_exists}{}", self.kind, self.name)?;
        f.write_str(match self.cascade {
            Some(true) => " CASCADE",
            Some(false) => " RESTRICT",
            None => "",
        })
    }
}

impl Display for AlterTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER TABLE {}{} {}", flag(self.if_exists, "IF EXISTS "), self.name, self.action)
    }
}

impl Display for AlterTableAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename(name) => write!(f, "RENAME TO {name}"),
            Self::RenameColumn(column, name) => write!(f, "RENAME {column} TO {name}"),
            Self::Set(options) => write!(f, "SET ({})", commas(options)),
            Self::Reset(keys) => write!(f, "RESET ({})", commas(keys)),
            Self::Add(elements) => write!(f, "ADD ({})", commas(elements)),
            Self::Modify(elements) => write!(f, "MODIFY ({})", commas(elements)),
            Self::DropColumns(columns) => write!(f, "DROP ({})", commas(columns)),
            Self::DropPrimaryKey => f.write_str("DROP PRIMARY KEY"),
            Self::DropConstraint(name) => write!(f, "DROP CONSTRAINT {name}"),
            Self::DropWatermark => f.write_str("DROP WATERMARK"),
            Self::DropDistribution => f.write_str("DROP DISTRIBUTION"),
            Self::AddPartitions { if_not_exists, partitions } => {
                write!(f, "ADD {}{}", flag(*if_not_exists, "IF NOT EXISTS "), Separated(partitions, " "))
            }
            Self::DropPartitions { if_exists, partitions } => {
                write!(f, "DROP{}", flag(*if_exists, " IF EXISTS"))?;
                let partitions = partitions.iter().map(|values| PartitionClause(values)).collect::<Vec<_>>();
                Separated(&partitions, ",").fmt(f)
            }
        }
    }
}

impl Display for Partition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let values = self.values.iter().map(super::name::PartitionValue).collect::<Vec<_>>();
        write!(f, "PARTITION ({}){}", commas(&values), Parenthesized(" WITH ", &self.options))
    }
}

impl Display for SchemaElement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => column.fmt(f),
            Self::Constraint(constraint) => constraint.fmt(f),
            Self::Watermark(watermark) => watermark.fmt(f),
            Self::Distribution(distribution) => write!(f, "DISTRIBUTION {distribution}"),
        }
    }
}

impl Display for AlterColumn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.column.fmt(f)?;
        match &self.position {
            Some(ColumnPosition::First) => f.write_str(" FIRST"),
            Some(ColumnPosition::After(column)) => write!(f, " AFTER {column}"),
            None => Ok(()),
        }
    }
}

impl Display for AlterObject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (temporary, if_exists) = (flag(self.temporary, "TEMPORARY "), flag(self.if_exists, "IF EXISTS "));
        write!(f, "ALTER {temporary}{} {if_exists}{} {}", self.kind, self.name, self.action)
    }
}

impl Display for AlterAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename(name) => write!(f, "RENAME TO {name}"),
            Self::Query(query) => write!(f, "AS {query}"),
            Self::Set(options) => write!(f, "SET ({})", commas(options)),
            Self::Reset(keys) => write!(f, "RESET ({})", commas(keys)),
            Self::Comment(comment) => write!(f, "COMMENT {comment}"),
            Self::Function(class, language) => {
                write!(f, "AS {class}{}", Prefixed(" LANGUAGE ", language.as_ref()))
            }
        }
    }
}
