//! A value of JSON, and how it is written.

/// A value of JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Boolean(bool),
    /// An integer, by its digits.
    Integer(String),
    /// A number with a point or an exponent, as Java's `BigDecimal` writes it.
    Decimal(String),
    Text(String),
    Array(Vec<Json>),
    /// In the order in which they were written; each key once.
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) const fn is_scalar(&self) -> bool {
        !matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The value of a key.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Appends it as JSON, without blanks and with sorted keys.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(digits) | Self::Decimal(digits) => out.push_str(digits),
            Self::Text(text) => write_text(text, out),
            Self::Array(items) => {
                write_items(items.iter(), ['[', ']'], out, |item, out| item.write(out));
            }
            Self::Object(fields) => {
                let mut sorted: Vec<_> = fields.iter().collect();
                sort_fields(&mut sorted);
                write_items(sorted.into_iter(), ['{', '}'], out, |(key, value), out| {
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                });
            }
        }
    }

    /// Appends it as Java's `toString` gives it: texts as they are, maps as `{key=value}`.
    pub(super) fn write_java(&self, out: &mut String) {
        match self {
            Self::Text(text) => out.push_str(text),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    item.write_java(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (index, (key, value)) in fields.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    out.push_str(key);
                    out.push('=');
                    value.write_java(out);
                }
                out.push('}');
            }
            scalar => scalar.write(out),
        }
    }

    /// The Java class of a scalar.
    pub(super) fn class(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "java.lang.Boolean",
            Self::Integer(digits) if digits.parse::<i32>().is_ok() => "java.lang.Integer",
            Self::Integer(digits) if digits.parse::<i64>().is_ok() => "java.lang.Long",
            Self::Integer(_) => "java.math.BigInteger",
            Self::Decimal(_) => "java.math.BigDecimal",
            Self::Text(_) => "java.lang.String",
            Self::Array(_) => "java.util.ArrayList",
            Self::Object(_) => "java.util.LinkedHashMap",
        }
    }
}

/// Sorts fields by their keys, which Java compares as UTF-16.
pub(super) fn sort_fields<V>(fields: &mut [&(String, V)]) {
    fields.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
}

fn write_items<T>(
    items: impl Iterator<Item = T>,
    [open, close]: [char; 2],
    out: &mut String,
    write: impl Fn(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

/// Appends a text in quotes.
pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{C}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => out.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}
