//! What stands in FROM.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::{
    Hint, HintArguments, HintValue, Join, JoinCondition, JoinKind, Relation, SampleMethod, TableAlias,
    TableFactor, TableReference, TableSample,
};

use super::name::Text;
use super::query::Hints;
use super::{Parenthesized, Prefixed, commas, flag};

impl Display for TableReference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor(factor) => factor.fmt(f),
            Self::Join(join) => join.fmt(f),
        }
    }
}

impl Display for Join {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            JoinKind::Inner => "",
            JoinKind::Left => "LEFT ",
            JoinKind::Right => "RIGHT ",
            JoinKind::Full => "FULL ",
            JoinKind::Cross => "CROSS ",
        };
        write!(f, "{} {}{kind}JOIN ", self.left, flag(self.natural, "NATURAL "))?;
        // Joins are read from the left.
        match &self.right {
            TableReference::Join(join) => write!(f, "({join})")?,
            TableReference::Factor(factor) => factor.fmt(f)?,
        }
        match &self.condition {
            Some(JoinCondition::On(condition)) => write!(f, " ON {condition}"),
            Some(JoinCondition::Using(columns)) => write!(f, " USING ({})", commas(columns)),
            None => Ok(()),
        }
    }
}

impl Display for TableFactor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.relation.fmt(f)?;
        Prefixed(" FOR SYSTEM_TIME AS OF ", self.system_time.as_ref()).fmt(f)?;
        Prefixed(" ", self.match_recognize.as_ref()).fmt(f)?;
        Prefixed(" AS ", self.alias.as_ref()).fmt(f)?;
        Prefixed(" TABLESAMPLE ", self.sample.as_ref()).fmt(f)
    }
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { name, hints } if hints.is_empty() => name.fmt(f),
            Self::Table { name, hints } => write!(f, "{name} {}", Hints(hints)),
            Self::Query { lateral, query } => write!(f, "{}({query})", flag(*lateral, "LATERAL ")),
            Self::Function { lateral, call } => write!(f, "{}TABLE({call})", flag(*lateral, "LATERAL ")),
            Self::Unnest { values, ordinality } => {
                write!(f, "UNNEST({}){}", commas(values), flag(*ordinality, " WITH ORDINALITY"))
            }
        }
    }
}

impl Display for TableAlias {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, Parenthesized(" ", &self.columns))
    }
}

impl Display for TableSample {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let method = match self.method {
            SampleMethod::Bernoulli => "BERNOULLI",
            SampleMethod::System => "SYSTEM",
        };
        write!(f, "{method} ({})", self.percentage)?;
        match &self.seed {
            Some(seed) => write!(f, " REPEATABLE ({seed})"),
            None => Ok(()),
        }
    }
}

impl Display for Hint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        match &self.arguments {
            HintArguments::Values(values) => Parenthesized("", values).fmt(f),
            HintArguments::Options(options) => {
                let options = options.iter().map(HintOption).collect::<Vec<_>>();
                Parenthesized("", &options).fmt(f)
            }
        }
    }
}

struct HintOption<'a>(&'a (String, String));

impl Display for HintOption<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (key, value) = self.0;
        write!(f, "{} = {}", Text(key), Text(value))
    }
}

impl Display for HintValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Literal(literal) => literal.fmt(f),
        }
    }
}
