//! Patterns from texts that are shaped like what is wanted.

use super::{Class, Pattern};

type Range = (u32, u32);

const DIGIT: Range = ('0' as u32, '9' as u32);
/// The letters from `a` to `z`.
pub(in super::super) const LOWER: Range = ('a' as u32, 'z' as u32);
/// The letters from `A` to `Z`.
pub(in super::super) const UPPER: Range = ('A' as u32, 'Z' as u32);

fn one_of(ranges: impl IntoIterator<Item = Range>, otherwise: char) -> Pattern {
    Class::of(ranges).map_or_else(|| literal(otherwise), Pattern::Class)
}

fn literal(character: char) -> Pattern {
    Pattern::Text(character.to_string().into())
}

/// The text with a digit for each `#`, if so, and a letter of this range for each `?`.
pub(in super::super) fn with_placeholders(text: &str, digits: bool, letters: Option<Range>) -> Pattern {
    Pattern::sequence(text.chars().map(|character| match (character, letters) {
        ('#', _) if digits => one_of([DIGIT], '0'),
        // A digit that is not zero, for numbers that do not begin with one.
        ('Ø', _) if digits => one_of([('1' as u32, '9' as u32)], '1'),
        ('?', Some(letters)) => one_of([letters], 'a'),
        _ => literal(character),
    }))
}

/// Like the text: a digit for each digit, a letter of the same case for each letter of ASCII.
pub(in super::super) fn examplify(text: &str) -> Pattern {
    Pattern::sequence(text.chars().map(|character| match character {
        '0'..='9' => one_of([DIGIT], '0'),
        'a'..='z' => one_of([LOWER], 'a'),
        'A'..='Z' => one_of([UPPER], 'A'),
        _ => literal(character),
    }))
}

/// The text with one of the options for each placeholder.
pub(in super::super) fn templatify(text: &str, placeholder: char, options: &[&str]) -> Pattern {
    let choice: Vec<Pattern> = options.iter().map(|option| Pattern::Text((*option).into())).collect();
    let choice = Pattern::Choice(choice.into());
    Pattern::sequence(
        text.chars().map(
            |character| {
                if character == placeholder { choice.clone() } else { literal(character) }
            },
        ),
    )
}

/// From so many to so many characters: lower-case letters, and of the others those that are wanted.
pub(in super::super) fn alphanumeric(
    least: u64,
    most: u64,
    upper: bool,
    special: bool,
    digits: bool,
) -> Pattern {
    let special: &[Range] = if special {
        &[('!' as u32, '!' as u32), ('#' as u32, '&' as u32), ('@' as u32, '@' as u32)]
    } else {
        &[]
    };
    let ranges = [LOWER].into_iter().chain(upper.then_some(UPPER)).chain(digits.then_some(DIGIT));
    let character = one_of(ranges.chain(special.iter().copied()), 'a');
    Pattern::Repetition(Box::new(character), least, most)
}
