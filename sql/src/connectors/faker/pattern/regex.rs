//! Patterns from regular expressions.
//!
//! The syntax tree of `regex-syntax` is followed rather than its simplified form, which would join the branches of
//! `(OK|OK|KO)`: here, a branch that stands there twice is twice as likely.

use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{AssertionKind, Ast, ClassPerlKind, GroupKind, RepetitionKind, RepetitionRange};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{Class, Pattern, class_set};

/// How many more times than necessary `*`, `+` and `{n,}` repeat at most.
const UNBOUNDED: u64 = 10;

/// What is wrong with a regular expression, and at which byte.
pub(in super::super) struct RegexError {
    pub(in crate::connectors::faker) message: String,
    pub(in crate::connectors::faker) index: usize,
}

impl RegexError {
    pub(super) fn new(message: impl std::fmt::Display, index: usize) -> Self {
        Self { message: message.to_string(), index }
    }
}

/// The pattern of a regular expression. Anchors are ignored.
pub(in super::super) fn parse(regex: &str) -> Result<Pattern, RegexError> {
    let tree = Parser::new()
        .parse(regex)
        .map_err(|error| RegexError::new(error.kind(), error.span().start.offset))?;
    let pattern = compile(&tree)?;
    if !pattern.is_small() {
        let message =
            format!("texts may have more than {} characters: repeat less often", super::MAXIMUM_COUNT);
        return Err(RegexError::new(message, 0));
    }
    Ok(pattern)
}

/// The parser limits how deep a tree is, and so how deep this goes.
fn compile(tree: &Ast) -> Result<Pattern, RegexError> {
    let index = tree.span().start.offset;
    let unsupported = |what: &str| Err(RegexError::new(format!("{what} cannot be generated"), index));
    let all = |trees: &[Ast]| trees.iter().map(compile).collect::<Result<Vec<_>, _>>();
    Ok(match tree {
        Ast::Empty(_) => text(""),
        Ast::Flags(_) => return unsupported("what flags such as (?i) mean"),
        Ast::Literal(literal) => text(literal.c),
        Ast::Dot(_) => class(printable(), index)?,
        Ast::Assertion(assertion) => match assertion.kind {
            AssertionKind::StartLine
            | AssertionKind::EndLine
            | AssertionKind::StartText
            | AssertionKind::EndText => text(""),
            // Escaped brackets in Java, boundaries of words in Rust.
            AssertionKind::WordBoundaryStartAngle => text('<'),
            AssertionKind::WordBoundaryEndAngle => text('>'),
            _ => return unsupported("a boundary of words"),
        },
        // Java's `\s` has line breaks too, which nobody wants in a field.
        Ast::ClassPerl(perl) if perl.kind == ClassPerlKind::Space && !perl.negated => text(' '),
        Ast::ClassPerl(perl) => class(class_set::perl(perl), index)?,
        Ast::ClassBracketed(bracketed) => class(class_set::bracketed(bracketed)?, index)?,
        Ast::ClassUnicode(unicode) => return Err(class_set::unsupported(unicode)),
        Ast::Repetition(repetition) => {
            let (least, most) = bounds(&repetition.op.kind);
            Pattern::Repetition(Box::new(compile(&repetition.ast)?), least, most)
        }
        Ast::Group(group) => match &group.kind {
            GroupKind::NonCapturing(flags) if !flags.items.is_empty() => {
                return unsupported("what flags such as (?i: ) mean");
            }
            _ => compile(&group.ast)?,
        },
        Ast::Alternation(alternation) => Pattern::Choice(all(&alternation.asts)?.into()),
        Ast::Concat(concatenation) => Pattern::sequence(all(&concatenation.asts)?),
    })
}

/// The characters that a class is limited to if it is made by exclusion, as `.` and `[^,]`: those of ASCII that print.
fn printable() -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(' ', '~')])
}

fn text(text: impl ToString) -> Pattern {
    Pattern::Text(text.to_string().into())
}

/// One of these characters, of which the class is at this byte.
fn class(mut characters: ClassUnicode, index: usize) -> Result<Pattern, RegexError> {
    // Only a class that is made by exclusion has the last of all.
    if characters.iter().any(|range| range.end() == char::MAX) {
        characters.intersect(&printable());
    }
    let ranges = characters.iter().map(|range| (u32::from(range.start()), u32::from(range.end())));
    Class::of(ranges)
        .map(Pattern::Class)
        .ok_or_else(|| RegexError::new("no character that can be printed is in this class", index))
}

fn bounds(kind: &RepetitionKind) -> (u64, u64) {
    match kind {
        RepetitionKind::ZeroOrOne => (0, 1),
        RepetitionKind::ZeroOrMore => (0, UNBOUNDED),
        RepetitionKind::OneOrMore => (1, 1 + UNBOUNDED),
        RepetitionKind::Range(range) => {
            let (least, most) = match range {
                RepetitionRange::Exactly(count) => (*count, u64::from(*count)),
                RepetitionRange::AtLeast(least) => (*least, u64::from(*least) + UNBOUNDED),
                RepetitionRange::Bounded(least, most) => (*least, u64::from(*most)),
            };
            (u64::from(least), most)
        }
    }
}
