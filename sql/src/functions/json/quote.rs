//! JSON_QUOTE and JSON_UNQUOTE.

use super::super::Parameter::Text;
use super::super::lift::{kernel, texts_of};
use super::super::{Returns, ScalarFunction, Signature};
use super::parse::parse;
use super::value::Json;
use crate::types::SqlType;

const TEXT: Signature = Signature::of(&[Text], Returns::Type(SqlType::STRING));

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("JSON_QUOTE", TEXT, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| {
                let text = values.get(row)?;
                out.push('"');
                text.chars().for_each(|character| quote(character, out));
                out.push('"');
                Some(())
            })
        })
    }),
    ScalarFunction::new("JSON_UNQUOTE", TEXT, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| {
                let text = values.get(row)?;
                // What is no text in quotes stays as it is.
                let quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
                match parse(text) {
                    Ok(Json::Text(unquoted)) if quoted => out.push_str(&unquoted),
                    _ => out.push_str(text),
                }
                Some(())
            })
        })
    }),
];

/// Unlike elsewhere, `/` and all but ASCII are escaped, and control characters without a short escape are not.
fn quote(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '/' => out.push_str("\\/"),
        '\u{8}' => out.push_str("\\b"),
        '\u{C}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        ascii if ascii.is_ascii() => out.push(ascii),
        other => {
            out.push_str(&format!("\\u{:04x}", u32::from(other)));
            // Flink writes the code point and then the second half of its pair.
            if let [_, second] = other.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{second:04x}"));
            }
        }
    }
}
