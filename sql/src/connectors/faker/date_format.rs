//! Points in time as text: the patterns of Java's `SimpleDateFormat`, as far as a time without zone has them.

#[cfg(test)]
mod tests;

use super::calendar::Moment;
use super::generator::append;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A pattern, compiled.
#[derive(Clone, Debug)]
pub(super) struct DateFormat {
    fields: Vec<Field>,
}

#[derive(Clone, Debug)]
enum Field {
    Text(String),
    /// The year, or that of the week; cut to two digits if so.
    Year {
        of_week: bool,
        short: bool,
        width: usize,
    },
    /// A number in so many digits at least.
    Number(fn(&Moment) -> i64, usize),
    /// A name, cut to three letters if so.
    Name(fn(&Moment) -> &'static str, bool),
}

impl DateFormat {
    /// Compiles a pattern; the error has the byte of the letter that is not known.
    pub(super) fn parse(pattern: &str) -> Result<Self, (String, usize)> {
        let mut fields = Vec::new();
        let mut rest = pattern;
        while let Some(letter) = rest.chars().next() {
            let index = pattern.len() - rest.len();
            if letter == '\'' {
                let (text, after) = quoted(rest)
                    .ok_or_else(|| ("a quote of the date pattern is not closed".to_string(), index))?;
                fields.push(Field::Text(text));
                rest = after;
                continue;
            }
            let after = rest.trim_start_matches(letter);
            let run = rest.get(..rest.len() - after.len()).unwrap_or("");
            fields.push(if letter.is_ascii_alphabetic() {
                field(letter, run.len()).ok_or_else(|| {
                    let message = format!("the letter `{letter}` of the date pattern is not supported");
                    (format!("{message}: the letters are y, Y, M, d, E, u, a, H, k, h, K, m, s, S"), index)
                })?
            } else {
                Field::Text(run.to_string())
            });
            rest = after;
        }
        Ok(Self { fields })
    }

    /// Appends the time that is so many milliseconds from 1970-01-01 00:00:00.
    pub(super) fn write(&self, millis: i64, out: &mut String) {
        let moment = Moment::of(millis);
        for field in &self.fields {
            match field {
                Field::Text(text) => out.push_str(text),
                Field::Year { of_week, short, width } => {
                    let year = if *of_week { week_year(&moment) } else { moment.year };
                    push_padded(out, if *short { year.rem_euclid(100) } else { year }, *width);
                }
                Field::Number(number, width) => push_padded(out, number(&moment), *width),
                Field::Name(name, short) => {
                    let name = name(&moment);
                    out.push_str(if *short { name.get(..3).unwrap_or(name) } else { name });
                }
            }
        }
    }
}

/// The text between the quote that `rest` begins with and the next, and what follows; two quotes are a quote.
fn quoted(rest: &str) -> Option<(String, &str)> {
    let mut after = rest.strip_prefix('\'')?;
    if let Some(behind) = after.strip_prefix('\'') {
        return Some(("'".to_string(), behind));
    }
    let mut text = String::new();
    loop {
        let (part, behind) = after.split_once('\'')?;
        text.push_str(part);
        match behind.strip_prefix('\'') {
            Some(behind) => after = behind,
            None => return Some((text, behind)),
        }
        text.push('\'');
    }
}

fn field(letter: char, width: usize) -> Option<Field> {
    let width = width.min(64);
    Some(match letter {
        'y' | 'Y' => Field::Year { of_week: letter == 'Y', short: width == 2, width },
        'M' | 'L' if width > 2 => Field::Name(|moment| name(&MONTHS, moment.month - 1), width == 3),
        'M' | 'L' => Field::Number(|moment| moment.month, width),
        'd' => Field::Number(|moment| moment.day, width),
        'E' => Field::Name(|moment| name(&WEEKDAYS, moment.weekday), width < 4),
        'u' => Field::Number(|moment| (moment.weekday + 6) % 7 + 1, width),
        'a' => Field::Name(|moment| if moment.hour() < 12 { "AM" } else { "PM" }, false),
        'H' => Field::Number(Moment::hour, width),
        'k' => Field::Number(|moment| (moment.hour() + 23) % 24 + 1, width),
        'h' => Field::Number(|moment| (moment.hour() + 11) % 12 + 1, width),
        'K' => Field::Number(|moment| moment.hour() % 12, width),
        'm' => Field::Number(Moment::minute, width),
        's' => Field::Number(Moment::second, width),
        'S' => Field::Number(Moment::millisecond, width),
        _ => return None,
    })
}

fn name(names: &[&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("")
}

/// The year of the week, where weeks begin on Sunday and the first is that with the first of January, as in Java's
/// locale of the United States: the year of the week's Saturday.
fn week_year(moment: &Moment) -> i64 {
    let saturday = moment.day + 6 - moment.weekday;
    if moment.month == 12 && saturday > 31 { moment.year + 1 } else { moment.year }
}

/// Appends a number with zeros before it, up to this width.
pub(super) fn push_padded(out: &mut String, number: i64, width: usize) {
    if width == 2 && (0..100).contains(&number) {
        // Most fields of a time; formatting them generally would double what a time takes.
        out.extend([number / 10, number % 10].map(|digit| char::from(b'0' + digit as u8)));
        return;
    }
    if number < 0 {
        out.push('-');
    }
    let number = number.unsigned_abs();
    let digits = number.checked_ilog10().map_or(1, |digits| digits as usize + 1);
    for _ in digits..width {
        out.push('0');
    }
    append(out, number);
}

/// Appends a time as Java's `Timestamp.toString` does: `2026-11-24 19:51:47.97`.
pub(super) fn push_timestamp(out: &mut String, millis: i64) {
    let moment = Moment::of(millis);
    push_padded(out, moment.year, 4);
    let parts = [
        ('-', moment.month),
        ('-', moment.day),
        (' ', moment.hour()),
        (':', moment.minute()),
        (':', moment.second()),
    ];
    for (separator, number) in parts {
        out.push(separator);
        push_padded(out, number, 2);
    }
    out.push('.');
    push_padded(out, moment.millisecond(), 3);
    for _ in 0..2 {
        if out.ends_with('0') {
            out.pop();
        }
    }
}
