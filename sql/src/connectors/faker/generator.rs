//! Methods with their arguments, ready to generate text.

use std::fmt::Write;

use super::instants::Instants;
use super::pattern::Pattern;
use super::random::Random;

/// A method that has its arguments.
///
/// Variants rather than a trait object: a source calls one for every field of every row.
#[derive(Clone, Debug)]
pub(super) enum Generator {
    /// One of these words.
    Word(&'static [&'static str]),
    /// Whatever this function writes.
    Text(fn(&mut Random, &mut String)),
    /// Whatever this function writes, with two numbers whose meaning is its own.
    Parameterized(fn(&mut Random, [u64; 2], &mut String), [u64; 2]),
    /// One of these texts of the user.
    Option(Box<[Box<str>]>),
    /// A whole number between these, both of which occur.
    Integer(i64, i64),
    /// A number between these, with at most so many decimals, trailing zeros cut as Java does.
    Double(usize, f64, f64),
    /// A number between these, with exactly so many decimals.
    Decimal(usize, f64, f64),
    /// A text that matches a pattern.
    Pattern(Pattern),
    /// A point in time.
    Instant(Instants),
}

impl Generator {
    /// Appends a value; `now` is in milliseconds since 1970.
    pub(super) fn generate(&self, random: &mut Random, now: i64, out: &mut String) {
        match self {
            Self::Word(words) => out.push_str(random.word(words)),
            Self::Text(write) => write(random, out),
            Self::Parameterized(write, parameters) => write(random, *parameters, out),
            Self::Option(options) => out.push_str(random.one_of(options).map_or("", AsRef::as_ref)),
            Self::Integer(least, most) => append(out, random.between(*least, *most)),
            Self::Double(decimals, least, most) => {
                let begin = out.len();
                decimal(random, *decimals, *least, *most, out);
                trim_zeros(out, begin);
            }
            Self::Decimal(decimals, least, most) => decimal(random, *decimals, *least, *most, out),
            Self::Pattern(pattern) => pattern.generate(random, out),
            Self::Instant(instants) => instants.generate(random, now, out),
        }
    }
}

/// Appends a value as it is displayed.
pub(super) fn append(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(out, "{value}");
}

/// Appends a number from `least` to `most`, to so many decimals.
pub(super) fn decimal(random: &mut Random, decimals: usize, least: f64, most: f64, out: &mut String) {
    let number = least + (most - least) * random.fraction();
    append(out, format_args!("{number:.decimals$}"));
}

/// Cuts the zeros at the end of the number that begins at this byte, but for one behind the point, as
/// `Double.toString` writes it.
fn trim_zeros(out: &mut String, begin: usize) {
    if !out.get(begin..).is_some_and(|number| number.contains('.')) {
        out.push_str(".0");
        return;
    }
    while out.ends_with('0') && !out.ends_with(".0") {
        out.pop();
    }
}
