//! CREATE TABLE and the lines of a schema.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::{
    Column, ColumnKind, Constraint, ConstraintKind, CreateTable, Distribution, DistributionKind, LikeFeature,
    LikeMerging, LikeOption, TableCreation, TableElement, TableLike, Watermark,
};

use super::{Parenthesized, Prefixed, Separated, flag};

impl Display for CreateTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.creation {
            TableCreation::Create => "CREATE ",
            TableCreation::CreateOrReplace => "CREATE OR REPLACE ",
            TableCreation::Replace => "REPLACE ",
        })?;
        let (temporary, if_not_exists) =
            (flag(self.temporary, "TEMPORARY "), flag(self.if_not_exists, "IF NOT EXISTS "));
        write!(f, "{temporary}TABLE {if_not_exists}{}", self.name)?;
        Parenthesized(" ", &self.elements).fmt(f)?;
        Prefixed(" COMMENT ", self.comment.as_ref()).fmt(f)?;
        Prefixed(" DISTRIBUTED ", self.distribution.as_ref()).fmt(f)?;
        Parenthesized(" PARTITIONED BY ", &self.partitioned_by).fmt(f)?;
        Prefixed(" USING CONNECTION ", self.connection.as_ref()).fmt(f)?;
        Parenthesized(" WITH ", &self.options).fmt(f)?;
        Prefixed(" LIKE ", self.like.as_ref()).fmt(f)?;
        Prefixed(" AS ", self.query.as_ref()).fmt(f)
    }
}

impl Display for TableElement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(column) => column.fmt(f),
            Self::Name(name) => name.fmt(f),
            Self::Constraint(constraint) => constraint.fmt(f),
            Self::Watermark(watermark) => watermark.fmt(f),
        }
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        match &self.kind {
            ColumnKind::Physical { data_type, constraint } => {
                write!(f, " {data_type}{}", Prefixed(" ", constraint.as_ref()))?;
            }
            ColumnKind::Metadata { data_type, key, is_virtual } => {
                let key = Prefixed(" FROM ", key.as_ref());
                write!(f, " {data_type} METADATA{key}{}", flag(*is_virtual, " VIRTUAL"))?;
            }
            ColumnKind::Computed(value) => write!(f, " AS {value}")?,
        }
        Prefixed(" COMMENT ", self.comment.as_ref()).fmt(f)
    }
}

impl Display for Constraint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "CONSTRAINT {name} ")?;
        }
        f.write_str(match self.kind {
            ConstraintKind::PrimaryKey => "PRIMARY KEY",
            ConstraintKind::Unique => "UNIQUE",
        })?;
        Parenthesized(" ", &self.columns).fmt(f)?;
        f.write_str(match self.enforced {
            Some(true) => " ENFORCED",
            Some(false) => " NOT ENFORCED",
            None => "",
        })
    }
}

impl Display for Watermark {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "WATERMARK FOR {} AS {}", self.column, self.strategy)
    }
}

impl Display for Distribution {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.columns.is_empty() {
            let kind = match self.kind {
                DistributionKind::Unknown => "BY ",
                DistributionKind::Hash => "BY HASH ",
                DistributionKind::Range => "BY RANGE ",
            };
            Parenthesized(kind, &self.columns).fmt(f)?;
        }
        match self.buckets {
            Some(buckets) => write!(f, "{}INTO {buckets} BUCKETS", flag(!self.columns.is_empty(), " ")),
            None => Ok(()),
        }
    }
}

impl Display for TableLike {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)?;
        if self.options.is_empty() { Ok(()) } else { write!(f, " ({})", Separated(&self.options, " ")) }
    }
}

impl Display for LikeOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let merging = match self.merging {
            LikeMerging::Including => "INCLUDING",
            LikeMerging::Excluding => "EXCLUDING",
            LikeMerging::Overwriting => "OVERWRITING",
        };
        write!(f, "{merging} {}", self.feature)
    }
}

impl Display for LikeFeature {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}
