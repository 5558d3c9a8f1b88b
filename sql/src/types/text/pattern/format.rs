//! Writing by a pattern.

use super::super::pad::{write_fraction, write_padded};
use super::field::Fields;
use super::{Item, Number, NumberKind, names};
use crate::types::calendar::CivilDateTime;

/// Writes a reading.
pub(super) fn write(items: &[Item], reading: CivilDateTime, out: &mut String) {
    write_items(items, Fields::of(reading), out);
}

fn write_items(items: &[Item], fields: Fields, out: &mut String) {
    for item in items {
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Number(number) => write_number(*number, fields.get(number.field), out),
            Item::Name(field, style) => out.push_str(names::name(*field, *style, fields.get(*field))),
            Item::Optional(items) => write_items(items, fields, out),
        }
    }
}

fn write_number(number: Number, value: i64, out: &mut String) {
    let magnitude = value.unsigned_abs();
    match number.kind {
        NumberKind::Fraction => return write_fraction(value as u32, number.max as u8, out),
        NumberKind::Reduced => return write_padded(magnitude % 100, 2, out),
        NumberKind::PlusIfLonger
            if value >= 0
                && 10_u64.checked_pow(number.min as u32).is_some_and(|limit| magnitude >= limit) =>
        {
            out.push('+');
        }
        _ if value < 0 => out.push('-'),
        _ => {}
    }
    write_padded(magnitude, number.min, out);
}
