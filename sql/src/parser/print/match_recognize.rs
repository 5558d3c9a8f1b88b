//! MATCH_RECOGNIZE and its patterns.

use std::fmt::{self, Display, Formatter};

use crate::parser::ast::{
    MatchRecognize, NamedExpression, Pattern, PatternKind, PatternQuantifier, RowsPerMatch, SkipTo, Subset,
};

use super::{Listed, Prefixed, Separated, commas, flag};

impl Display for MatchRecognize {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("MATCH_RECOGNIZE (")?;
        if !self.partition_by.is_empty() {
            write!(f, "PARTITION BY {} ", commas(&self.partition_by))?;
        }
        if !self.order_by.is_empty() {
            write!(f, "ORDER BY {} ", commas(&self.order_by))?;
        }
        if !self.measures.is_empty() {
            let measures = self.measures.iter().map(Measure).collect::<Vec<_>>();
            write!(f, "MEASURES {} ", commas(&measures))?;
        }
        f.write_str(match self.rows_per_match {
            Some(RowsPerMatch::One) => "ONE ROW PER MATCH ",
            Some(RowsPerMatch::All) => "ALL ROWS PER MATCH ",
            None => "",
        })?;
        if let Some(skip) = &self.skip {
            write!(f, "AFTER MATCH SKIP {skip} ")?;
        }
        let (start, end) = (flag(self.anchored_start, "^ "), flag(self.anchored_end, " $"));
        write!(f, "PATTERN ({start}{}{end}){}", self.pattern, Prefixed(" WITHIN ", self.within.as_ref()))?;
        let define = self.define.iter().map(Definition).collect::<Vec<_>>();
        write!(f, "{} DEFINE {})", Listed(" SUBSET ", &self.subsets), commas(&define))
    }
}

struct Measure<'a>(&'a NamedExpression);

impl Display for Measure<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} AS {}", self.0.value, self.0.name)
    }
}

struct Definition<'a>(&'a NamedExpression);

impl Display for Definition<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} AS {}", self.0.name, self.0.value)
    }
}

impl Display for SkipTo {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NextRow => f.write_str("TO NEXT ROW"),
            Self::PastLastRow => f.write_str("PAST LAST ROW"),
            Self::First(variable) => write!(f, "TO FIRST {variable}"),
            Self::Last(variable) => write!(f, "TO LAST {variable}"),
        }
    }
}

impl Display for Subset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} = ({})", self.name, commas(&self.variables))
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            PatternKind::Variable(name) => name.fmt(f),
            PatternKind::Sequence(parts) => {
                let parts = parts.iter().map(|part| Part(part, matches_sequence)).collect::<Vec<_>>();
                Separated(&parts, " ").fmt(f)
            }
            PatternKind::Alternatives(alternatives) => {
                let parts =
                    alternatives.iter().map(|part| Part(part, matches_alternatives)).collect::<Vec<_>>();
                Separated(&parts, " | ").fmt(f)
            }
            PatternKind::Permute(patterns) => write!(f, "PERMUTE({})", commas(patterns)),
            PatternKind::Excluded(pattern) => write!(f, "{{- {pattern} -}}"),
            PatternKind::Quantified { pattern, quantifier, reluctant } => {
                write!(f, "{}{quantifier}{}", Part(pattern, matches_quantified), flag(*reluctant, "?"))
            }
        }
    }
}

/// A pattern in another, in parentheses if the function says that it would be read otherwise.
struct Part<'a>(&'a Pattern, fn(&PatternKind) -> bool);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if (self.1)(&self.0.kind) { write!(f, "({})", self.0) } else { self.0.fmt(f) }
    }
}

fn matches_alternatives(kind: &PatternKind) -> bool {
    matches!(kind, PatternKind::Alternatives(_))
}

fn matches_sequence(kind: &PatternKind) -> bool {
    matches!(kind, PatternKind::Alternatives(_) | PatternKind::Sequence(_))
}

/// Also one that is quantified already: `(a?)?` is not the reluctant `a??`.
fn matches_quantified(kind: &PatternKind) -> bool {
    matches_sequence(kind) || matches!(kind, PatternKind::Quantified { .. })
}

impl Display for PatternQuantifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::ZeroOrMore => f.write_str("*"),
            Self::OneOrMore => f.write_str("+"),
            Self::Optional => f.write_str("?"),
            Self::Exactly(count) => write!(f, "{{{count}}}"),
            Self::AtLeast(least) => write!(f, "{{{least},}}"),
            Self::AtMost(most) => write!(f, "{{,{most}}}"),
            Self::Between(least, most) => write!(f, "{{{least},{most}}}"),
        }
    }
}
