//! URLs: URL_ENCODE, URL_DECODE, PARSE_URL.

use super::super::Parameter::Text;
use super::super::lift::{kernel, slices, texts_of};
use super::super::{Returns, ScalarFunction, Signature};
use crate::types::SqlType;

const CODED: Signature = Signature::of(&[Text], Returns::Nullable(SqlType::STRING));

pub(in super::super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction::new("URL_ENCODE", CODED, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| {
                values.get(row)?.bytes().for_each(|byte| encode(byte, out));
                Some(())
            })
        })
    }),
    ScalarFunction::new("URL_DECODE", CODED, |_, _, _| {
        kernel(|call| {
            let values = call.texts(0)?;
            texts_of(call.rows(), |row, out| decode(values.get(row)?, out))
        })
    }),
    ScalarFunction::new(
        "PARSE_URL",
        Signature::optional(&[Text, Text, Text], 2, Returns::Nullable(SqlType::STRING)),
        |_, _, _| {
            kernel(|call| {
                let (values, parts) = (call.texts(0)?, call.texts(1)?);
                let keys = if call.len() > 2 { Some(call.texts(2)?) } else { None };
                slices(call.rows(), |row| {
                    Ok((|| {
                        let (url, part) = (Url::parse(values.get(row)?)?, parts.get(row)?);
                        match &keys {
                            None => url.part(part),
                            Some(keys) => url.query_value(part, keys.get(row)?),
                        }
                    })())
                })
            })
        },
    ),
];

/// As Java's `URLEncoder`: the form encoding of HTML.
fn encode(byte: u8, out: &mut String) {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => out.push(char::from(byte)),
        b' ' => out.push('+'),
        _ => {
            out.push('%');
            super::encoding::push_hexadecimal(&[byte], b"0123456789ABCDEF", out);
        }
    }
}

/// `None` for a `%` without two hexadecimal digits behind it.
fn decode(text: &str, out: &mut String) -> Option<()> {
    let mut rest = text;
    while let Some(place) = rest.find(['%', '+']) {
        let (before, from) = rest.split_at(place);
        out.push_str(before);
        if let Some(after) = from.strip_prefix('+') {
            out.push(' ');
            rest = after;
            continue;
        }
        // Bytes that follow one another are one text.
        let mut bytes = Vec::new();
        rest = from;
        while let Some(after) = rest.strip_prefix('%') {
            let digits =
                after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after.get(2..)?;
        }
        out.push_str(&String::from_utf8_lossy(&bytes));
    }
    out.push_str(rest);
    Some(())
}

/// The parts of a URL, as Java's `java.net.URL` takes it apart: nothing is decoded.
struct Url<'a> {
    protocol: &'a str,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    file: &'a str,
    reference: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// `None` for a protocol that Java has no handler for.
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (protocol, rest) = text.split_once(':')?;
        if !["http", "https", "ftp", "file", "jar", "mailto"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(protocol))
        {
            return None;
        }
        let (rest, reference) = match rest.split_once('#') {
            Some((rest, reference)) => (rest, Some(reference)),
            None => (rest, None),
        };
        let (authority, file) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                (rest.get(..end), rest.get(end..).unwrap_or_default())
            }
            None => (None, rest),
        };
        let (path, query) = match file.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (file, None),
        };
        Some(Self { protocol, authority, path, query, file, reference })
    }

    fn part(&self, name: &str) -> Option<&'a str> {
        let after_user = |authority: &'a str| authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        match name {
            "HOST" => {
                let host = after_user(self.authority.unwrap_or_default());
                // The colons of an address of IPv6 stand in brackets.
                let end = match host.find(']') {
                    Some(bracket) => bracket + 1,
                    None => host.find(':').unwrap_or(host.len()),
                };
                host.get(..end)
            }
            "PATH" => Some(self.path),
            "QUERY" => self.query,
            "REF" => self.reference,
            "PROTOCOL" => Some(self.protocol),
            "FILE" => Some(self.file),
            "AUTHORITY" => self.authority,
            "USERINFO" => self.authority?.rsplit_once('@').map(|(user, _)| user),
            _ => None,
        }
    }

    /// The first value of a key in the query.
    fn query_value(&self, part: &str, key: &str) -> Option<&'a str> {
        let pairs = self.query.filter(|_| part == "QUERY")?.split('&');
        pairs.filter_map(|pair| pair.strip_prefix(key)).find_map(|rest| rest.strip_prefix('='))
    }
}
