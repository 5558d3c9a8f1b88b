//! `Number`, `Bool` and `Options`.

use crate::connectors::faker::arguments::Arguments;
use crate::connectors::faker::catalog::{Method, Provider};
use crate::connectors::faker::error::ExpressionError;
use crate::connectors::faker::generator::{Generator, append};
use crate::connectors::faker::random::Random;

pub(super) const NUMBER: Provider = Provider {
    class: "Number",
    methods: &[
        Method::compiled(&["numberBetween"], "'min','max'", number_between),
        Method::compiled(&["randomDouble"], "'decimals','min','max'", random_double),
        Method::compiled(&["randomNumber"], "nothing or 'digits','exactly so many'", random_number),
        Method::compiled(&["digits"], "'count'", digits),
        Method::text(&["digit", "randomDigit"], |random, out| append(out, random.below(10))),
        Method::text(&["randomDigitNotZero"], |random, out| append(out, random.between(1, 9))),
        Method::text(&["positive"], |random, out| append(out, random.between(1, i64::from(i32::MAX) - 1))),
        Method::text(&["negative"], |random, out| append(out, random.between(i64::from(i32::MIN), -1))),
    ],
};

pub(super) const BOOL: Provider = Provider {
    class: "Bool",
    methods: &[Method::text(&["bool"], |random, out| append(out, random.below(2) == 1))],
};

pub(super) const OPTIONS: Provider =
    Provider { class: "Options", methods: &[Method::compiled(&["option"], "'option','option',…", option)] };

/// The upper end is excluded, unless it is the lower end too; the ends may be swapped.
fn number_between(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let [one, other] = arguments.list else { return Err(arguments.wrong_number()) };
    let (one, other) = (one.integer()?, other.integer()?);
    let (least, end) = (one.min(other), one.max(other));
    Ok(Generator::Integer(least, if least == end { end } else { end - 1 }))
}

fn random_double(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let [decimals, least, most] = arguments.list else { return Err(arguments.wrong_number()) };
    // A double has 17 digits.
    Ok(Generator::Double(decimals.count(17)? as usize, least.number()?, most.number()?))
}

fn random_number(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    match arguments.list {
        [] => Ok(Generator::Text(|random, out| {
            let digits = random.between(1, 10);
            number_of(random, [digits.unsigned_abs(), 0], out);
        })),
        [digits, exactly] => {
            let digits = digits.count(18)?;
            Ok(Generator::Parameterized(number_of, [digits, u64::from(exactly.boolean()?)]))
        }
        _ => Err(arguments.wrong_number()),
    }
}

/// A number of so many digits at most; exactly so many if the second parameter is 1.
fn number_of(random: &mut Random, [digits, exactly]: [u64; 2], out: &mut String) {
    let end = 10u64.saturating_pow(u32::try_from(digits).unwrap_or(u32::MAX));
    let least = if exactly == 1 && digits > 0 { end / 10 } else { 0 };
    append(out, least + random.below(end - least));
}

fn digits(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    let [count] = arguments.list else { return Err(arguments.wrong_number()) };
    let count = count.count(crate::connectors::faker::arguments::MAXIMUM_COUNT)?;
    Ok(Generator::Parameterized(push_digits, [count, 0]))
}

/// Appends so many digits.
pub(super) fn push_digits(random: &mut Random, [count, _]: [u64; 2], out: &mut String) {
    for _ in 0..count {
        append(out, random.below(10));
    }
}

fn option(arguments: &Arguments<'_>) -> Result<Generator, ExpressionError> {
    if arguments.list.is_empty() {
        return Err(arguments.wrong_number());
    }
    Ok(Generator::Option(arguments.list.iter().map(|option| option.text.as_str().into()).collect()))
}
