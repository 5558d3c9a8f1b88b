//! Functions of text. Characters are code points.
//!
//! Flink counts UTF-16 code units in some of them; that differs outside the Basic Multilingual Plane alone.

mod characters;
mod concat;
mod encoding;
mod format;
mod internet;
mod pad;
mod part;
mod regexp;
mod search;
mod split;
mod trim;
mod url;

use super::ScalarFunction;

pub(super) use encoding::push_hexadecimal;
pub(super) use regexp::list_builder;
pub(crate) use regexp::pattern::whole_java_regex;
pub(super) use regexp::pattern::{Pattern, PatternError, java_regex};

/// The functions of each file.
pub(super) const FAMILIES: &[&[ScalarFunction]] = &[
    characters::FUNCTIONS,
    concat::FUNCTIONS,
    encoding::FUNCTIONS,
    format::FUNCTIONS,
    internet::FUNCTIONS,
    pad::FUNCTIONS,
    part::FUNCTIONS,
    regexp::FUNCTIONS,
    search::FUNCTIONS,
    split::FUNCTIONS,
    trim::FUNCTIONS,
    url::FUNCTIONS,
];

/// The byte at which the character of this number begins; the length of the text if it has no more than that.
fn byte_of(text: &str, character: usize) -> usize {
    if text.is_ascii() {
        return character.min(text.len());
    }
    text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte)
}

/// How many characters a text has.
fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}
