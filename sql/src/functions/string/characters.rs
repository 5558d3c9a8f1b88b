//! Functions that look at each character: UPPER, LOWER, INITCAP, REVERSE, TRANSLATE, CHAR_LENGTH, ASCII, CHR.

use std::collections::HashMap;

use arrow_array::types::{Int32Type, Int64Type};

use super::super::Parameter::{BigInt, Text};
use super::super::lift::{int, kernel, numbers_of, texts_of};
use super::super::{Returns, ScalarFunction, Signature};
use super::length;
use crate::types::{Field, SqlType};

const SAME: Signature = Signature::of(&[Text], Returns::SameAs(0));
const NUMBER: Signature = Signature::of(&[Text], Returns::Type(SqlType::Int));

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("UPPER", SAME, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| {
                upper(values.get(row)?, out);
                Some(())
            })
        })
    }),
    ScalarFunction::new("LOWER", SAME, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| {
                lower(values.get(row)?, out);
                Some(())
            })
        })
    }),
    ScalarFunction::new("INITCAP", SAME, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| {
                capitalize(values.get(row)?, out);
                Some(())
            })
        })
    }),
    ScalarFunction::new("REVERSE", Signature::of(&[Text], Returns::Nullable(SqlType::STRING)), |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| {
                out.extend(values.get(row)?.chars().rev());
                Some(())
            })
        })
    }),
    ScalarFunction::new("CHAR_LENGTH", NUMBER, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            numbers_of::<Int32Type>(call.rows(), |row| Some(int(length(values.get(row)?))))
        })
    }),
    ScalarFunction::new("ASCII", NUMBER, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            // The first byte, signed as Java's bytes are.
            numbers_of::<Int32Type>(call.rows(), |row| {
                Some(values.get(row)?.bytes().next().map_or(0, |byte| i32::from(byte.cast_signed())))
            })
        })
    }),
    ScalarFunction::new("CHR", Signature::of(&[BigInt], Returns::Nullable(SqlType::STRING)), |_, _, _| {
        kernel(|call| {
            let values = call.numbers::<Int64Type>(0)?;
            texts_of(call.rows(), |row, out| {
                let number = values.get(row)?;
                if number >= 0 {
                    out.push(char::from(u8::try_from(number & 0xFF).unwrap_or_default()));
                }
                Some(())
            })
        })
    }),
    ScalarFunction::new(
        "TRANSLATE",
        Signature::of(
            &[Text, Text, Text],
            Returns::Computed(|call| Field::new(SqlType::STRING, call.is_nullable(0))),
        ),
        |_, _, _| {
            kernel(|call| {
                let (values, from, to) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
                let mut known = Translation::default();
                texts_of(call.rows(), |row, out| {
                    let text = values.get(row)?;
                    // Unlike elsewhere, NULLs beside the text are empty texts.
                    known.set(from.get(row).unwrap_or(""), to.get(row).unwrap_or(""));
                    known.apply(text, out);
                    Some(())
                })
            })
        },
    ),
];

fn upper(text: &str, out: &mut String) {
    out.push_str(text);
    if text.is_ascii() {
        out.make_ascii_uppercase();
    } else {
        out.clear();
        out.push_str(&text.to_uppercase());
    }
}

fn lower(text: &str, out: &mut String) {
    out.push_str(text);
    if text.is_ascii() {
        out.make_ascii_lowercase();
    } else {
        out.clear();
        out.push_str(&text.to_lowercase());
    }
}

/// Words are runs of ASCII letters and digits; other letters stay as they are.
fn capitalize(text: &str, out: &mut String) {
    let mut inside = false;
    out.extend(text.chars().map(|character| {
        let changed = if inside { character.to_ascii_lowercase() } else { character.to_ascii_uppercase() };
        inside = character.is_ascii_alphanumeric();
        changed
    }));
}

/// What TRANSLATE makes of characters, made again only when its arguments change.
#[derive(Default)]
struct Translation {
    from: String,
    to: String,
    characters: HashMap<char, Option<char>>,
}

impl Translation {
    fn set(&mut self, from: &str, to: &str) {
        if self.from == from && self.to == to {
            return;
        }
        self.characters.clear();
        let mut targets = to.chars();
        for character in from.chars() {
            let target = targets.next();
            self.characters.entry(character).or_insert(target);
        }
        from.clone_into(&mut self.from);
        to.clone_into(&mut self.to);
    }

    fn apply(&self, text: &str, out: &mut String) {
        let translated = text.chars().filter_map(|character| match self.characters.get(&character) {
            Some(target) => *target,
            None => Some(character),
        });
        out.extend(translated);
    }
}
