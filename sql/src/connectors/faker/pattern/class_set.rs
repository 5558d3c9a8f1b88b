//! The characters of a class of a regular expression, as Java has them: `\d`, `\w` and the like are of ASCII.

use regex_syntax::ast::{
    ClassAsciiKind, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet, ClassSetBinaryOpKind, ClassSetItem,
    ClassUnicode,
};
use regex_syntax::hir::{self, ClassUnicodeRange};

use super::regex::RegexError;

type Characters = hir::ClassUnicode;

fn ranges(ranges: &[(char, char)], negated: bool) -> Characters {
    let mut characters =
        Characters::new(ranges.iter().map(|(first, last)| ClassUnicodeRange::new(*first, *last)));
    if negated {
        characters.negate();
    }
    characters
}

/// The characters of `\d` and its kind.
pub(super) fn perl(class: &ClassPerl) -> Characters {
    let of_kind: &[(char, char)] = match class.kind {
        ClassPerlKind::Digit => &[('0', '9')],
        ClassPerlKind::Space => &[('\t', '\r'), (' ', ' ')],
        ClassPerlKind::Word => &[('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_')],
    };
    ranges(of_kind, class.negated)
}

/// `\p{…}`, whose names are not the same in Java.
pub(super) fn unsupported(class: &ClassUnicode) -> RegexError {
    let message = "classes of Unicode such as \\p{L} cannot be generated: write the characters, as [A-Za-z]";
    RegexError::new(message, class.span.start.offset)
}

/// The characters of `[…]`. The parser limits how deep brackets are in each other.
pub(super) fn bracketed(class: &ClassBracketed) -> Result<Characters, RegexError> {
    let mut characters = set(&class.kind)?;
    if class.negated {
        characters.negate();
    }
    Ok(characters)
}

fn set(class: &ClassSet) -> Result<Characters, RegexError> {
    let operation = match class {
        ClassSet::Item(class) => return item(class),
        ClassSet::BinaryOp(operation) => operation,
    };
    let (mut characters, other) = (set(&operation.lhs)?, set(&operation.rhs)?);
    match operation.kind {
        ClassSetBinaryOpKind::Intersection => characters.intersect(&other),
        ClassSetBinaryOpKind::Difference => characters.difference(&other),
        ClassSetBinaryOpKind::SymmetricDifference => characters.symmetric_difference(&other),
    }
    Ok(characters)
}

fn item(item: &ClassSetItem) -> Result<Characters, RegexError> {
    Ok(match item {
        ClassSetItem::Empty(_) => Characters::empty(),
        ClassSetItem::Literal(literal) => ranges(&[(literal.c, literal.c)], false),
        ClassSetItem::Range(range) => ranges(&[(range.start.c, range.end.c)], false),
        ClassSetItem::Ascii(class) => ranges(ascii(&class.kind), class.negated),
        ClassSetItem::Unicode(class) => return Err(unsupported(class)),
        ClassSetItem::Perl(class) => perl(class),
        ClassSetItem::Bracketed(class) => bracketed(class)?,
        ClassSetItem::Union(union) => {
            let mut characters = Characters::empty();
            for item in &union.items {
                characters.union(&self::item(item)?);
            }
            characters
        }
    })
}

fn ascii(kind: &ClassAsciiKind) -> &'static [(char, char)] {
    match kind {
        ClassAsciiKind::Alnum => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        ClassAsciiKind::Alpha => &[('A', 'Z'), ('a', 'z')],
        ClassAsciiKind::Ascii => &[('\0', '\x7f')],
        ClassAsciiKind::Blank => &[('\t', '\t'), (' ', ' ')],
        ClassAsciiKind::Cntrl => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        ClassAsciiKind::Digit => &[('0', '9')],
        ClassAsciiKind::Graph => &[('!', '~')],
        ClassAsciiKind::Lower => &[('a', 'z')],
        ClassAsciiKind::Print => &[(' ', '~')],
        ClassAsciiKind::Punct => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        ClassAsciiKind::Space => &[('\t', '\r'), (' ', ' ')],
        ClassAsciiKind::Upper => &[('A', 'Z')],
        ClassAsciiKind::Word => &[('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_')],
        ClassAsciiKind::Xdigit => &[('0', '9'), ('A', 'F'), ('a', 'f')],
    }
}
