//! Patterns of text, and texts that match them.

mod class_set;
mod regex;
mod shapes;
#[cfg(test)]
mod tests;

use super::arguments::MAXIMUM_COUNT;
use super::random::Random;

pub(super) use regex::parse;
pub(super) use shapes::{LOWER, UPPER, alphanumeric, examplify, templatify, with_placeholders};

/// What texts are to look like.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// This text.
    Text(Box<str>),
    /// One of these characters.
    Class(Class),
    /// One of these, each as likely as another: one that stands there twice is twice as likely.
    Choice(Box<[Pattern]>),
    /// These one after another.
    Sequence(Box<[Pattern]>),
    /// From so many to so many times this.
    Repetition(Box<Pattern>, u64, u64),
}

/// A set of characters, never empty.
#[derive(Clone, Debug)]
pub(super) struct Class {
    /// First and last character, as code points, without those of surrogates.
    ranges: Box<[(u32, u32)]>,
    count: u64,
}

impl Class {
    /// These ranges of characters, with both ends; nothing if there is none.
    fn of(ranges: impl IntoIterator<Item = (u32, u32)>) -> Option<Self> {
        let without_surrogates =
            |(first, last): (u32, u32)| [(first, last.min(0xd7ff)), (first.max(0xe000), last)];
        let ranges = ranges.into_iter().flat_map(without_surrogates);
        let ranges: Box<[_]> = ranges.filter(|(first, last)| first <= last).collect();
        let count = ranges.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
        (count > 0).then_some(Self { ranges, count })
    }

    fn generate(&self, random: &mut Random, out: &mut String) {
        let mut index = random.below(self.count);
        for (first, last) in &self.ranges {
            let count = u64::from(last - first) + 1;
            if index < count {
                // Below 2^32, as the range is.
                out.extend(char::from_u32(first + index as u32));
                return;
            }
            index -= count;
        }
    }
}

impl Pattern {
    /// Appends a text that matches.
    pub(super) fn generate(&self, random: &mut Random, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Class(class) => class.generate(random, out),
            Self::Choice(choices) => {
                if let Some(choice) = random.one_of(choices) {
                    choice.generate(random, out);
                }
            }
            Self::Sequence(patterns) => {
                for pattern in patterns {
                    pattern.generate(random, out);
                }
            }
            Self::Repetition(pattern, least, most) => {
                for _ in 0..least + random.below(most.saturating_sub(*least) + 1) {
                    pattern.generate(random, out);
                }
            }
        }
    }

    /// Whether a text has at most [`MAXIMUM_COUNT`] characters and takes about as many steps.
    fn is_small(&self) -> bool {
        self.steps() <= MAXIMUM_COUNT
    }

    /// How many calls and characters a text takes at most.
    fn steps(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Class(_) => 1,
            Self::Choice(choices) => choices.iter().map(Self::steps).max().unwrap_or(0),
            Self::Sequence(patterns) => patterns.iter().map(Self::steps).fold(0, u64::saturating_add),
            Self::Repetition(pattern, _, most) => pattern.steps().max(1).saturating_mul(*most),
        }
    }

    /// These one after another, texts that meet joined.
    fn sequence(patterns: impl IntoIterator<Item = Pattern>) -> Self {
        let mut joined: Vec<Pattern> = Vec::new();
        for pattern in patterns {
            match (joined.last_mut(), pattern) {
                (Some(Self::Text(before)), Self::Text(text)) => *before = format!("{before}{text}").into(),
                (_, Self::Text(text)) if text.is_empty() => {}
                (_, pattern) => joined.push(pattern),
            }
        }
        Self::Sequence(joined.into())
    }
}
