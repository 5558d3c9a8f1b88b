//! CREATE of anything but tables.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::{
    AlterMaterializedTable, AlterMaterializedTableAction, CreateCatalog, CreateConnection, CreateDatabase,
    CreateFunction, CreateMaterializedTable, CreateModel, CreateView, FunctionLanguage, FunctionResource,
    RefreshMode, ResourceKind,
};

use super::name::PartitionClause;
use super::{Listed, Parenthesized, Prefixed, commas, flag};

const IF_NOT_EXISTS: &str = "IF NOT EXISTS ";

impl Display for CreateView {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (replace, temporary) = (flag(self.or_replace, "OR REPLACE "), flag(self.temporary, "TEMPORARY "));
        write!(
            f,
            "CREATE {replace}{temporary}VIEW {}{}",
            flag(self.if_not_exists, IF_NOT_EXISTS),
            self.name
        )?;
        Parenthesized(" ", &self.columns).fmt(f)?;
        write!(f, "{} AS {}", Prefixed(" COMMENT ", self.comment.as_ref()), self.query)
    }
}

impl Display for CreateDatabase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "CREATE DATABASE {}{}", flag(self.if_not_exists, IF_NOT_EXISTS), self.name)?;
        Prefixed(" COMMENT ", self.comment.as_ref()).fmt(f)?;
        Parenthesized(" WITH ", &self.options).fmt(f)
    }
}

impl Display for CreateCatalog {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "CREATE CATALOG {}{}", flag(self.if_not_exists, IF_NOT_EXISTS), self.name)?;
        Prefixed(" COMMENT ", self.comment.as_ref()).fmt(f)?;
        Parenthesized(" WITH ", &self.options).fmt(f)
    }
}

impl Display for CreateFunction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (temporary, system) = (flag(self.temporary, "TEMPORARY "), flag(self.system, "SYSTEM "));
        let if_not_exists = flag(self.if_not_exists, IF_NOT_EXISTS);
        write!(f, "CREATE {temporary}{system}FUNCTION {if_not_exists}{} AS {}", self.name, self.class)?;
        Prefixed(" LANGUAGE ", self.language.as_ref()).fmt(f)?;
        Listed(" USING ", &self.resources).fmt(f)?;
        Parenthesized(" WITH ", &self.options).fmt(f)
    }
}

impl Display for FunctionResource {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ResourceKind::Jar => "JAR",
            ResourceKind::Artifact => "ARTIFACT",
        };
        write!(f, "{kind} {}", self.path)
    }
}

impl Display for CreateConnection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (temporary, system) = (flag(self.temporary, "TEMPORARY "), flag(self.system, "SYSTEM "));
        let if_not_exists = flag(self.if_not_exists, IF_NOT_EXISTS);
        write!(f, "CREATE {temporary}{system}CONNECTION {if_not_exists}{}", self.name)?;
        Prefixed(" COMMENT ", self.comment.as_ref()).fmt(f)?;
        Parenthesized(" WITH ", &self.options).fmt(f)
    }
}

impl Display for FunctionLanguage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Java => "JAVA",
            Self::Scala => "SCALA",
            Self::Sql => "SQL",
            Self::Python => "PYTHON",
        })
    }
}

impl Display for CreateModel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (temporary, if_not_exists) =
            (flag(self.temporary, "TEMPORARY "), flag(self.if_not_exists, IF_NOT_EXISTS));
        write!(f, "CREATE {temporary}MODEL {if_not_exists}{}", self.name)?;
        Parenthesized(" INPUT ", &self.input).fmt(f)?;
        Parenthesized(" OUTPUT ", &self.output).fmt(f)?;
        Prefixed(" COMMENT ", self.comment.as_ref()).fmt(f)?;
        Parenthesized(" WITH ", &self.options).fmt(f)?;
        Prefixed(" AS ", self.query.as_ref()).fmt(f)
    }
}

impl Display for CreateMaterializedTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "CREATE {}MATERIALIZED TABLE {}", flag(self.or_alter, "OR ALTER "), self.name)?;
        if let Some(constraint) = &self.constraint {
            write!(f, " ({constraint})")?;
        }
        Prefixed(" COMMENT ", self.comment.as_ref()).fmt(f)?;
        Prefixed(" DISTRIBUTED ", self.distribution.as_ref()).fmt(f)?;
        Parenthesized(" PARTITIONED BY ", &self.partitioned_by).fmt(f)?;
        Parenthesized(" WITH ", &self.options).fmt(f)?;
        Prefixed(" FRESHNESS = ", self.freshness.as_ref()).fmt(f)?;
        Prefixed(" REFRESH_MODE = ", self.refresh_mode.as_ref()).fmt(f)?;
        write!(f, " AS {}", self.query)
    }
}

impl Display for RefreshMode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "FULL",
            Self::Continuous => "CONTINUOUS",
        })
    }
}

impl Display for AlterMaterializedTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ALTER MATERIALIZED TABLE {} {}", self.name, self.action)
    }
}

impl Display for AlterMaterializedTableAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suspend => f.write_str("SUSPEND"),
            Self::Resume(options) => write!(f, "RESUME{}", Parenthesized(" WITH ", options)),
            Self::Refresh(partition) => write!(f, "REFRESH{}", PartitionClause(partition)),
            Self::SetFreshness(freshness) => write!(f, "SET FRESHNESS = {freshness}"),
            Self::SetRefreshMode(mode) => write!(f, "SET REFRESH_MODE = {mode}"),
            Self::Set(options) => write!(f, "SET ({})", commas(options)),
            Self::Reset(keys) => write!(f, "RESET ({})", commas(keys)),
            Self::Query(query) => write!(f, "AS {query}"),
            Self::AddDistribution(distribution) => write!(f, "ADD DISTRIBUTION {distribution}"),
            Self::ModifyDistribution(distribution) => write!(f, "MODIFY DISTRIBUTION {distribution}"),
            Self::DropDistribution => f.write_str("DROP DISTRIBUTION"),
        }
    }
}
