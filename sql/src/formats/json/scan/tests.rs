use std::collections::BTreeMap;

use millstream_runtime::clock::Random;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::*;

/// What serde finds, in order; `None` if it is no JSON.
fn by_serde(text: &str) -> Option<Vec<(String, String)>> {
    struct Members(Vec<(String, String)>);
    struct Walk;
    impl<'de> Visitor<'de> for Walk {
        type Value = Members;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
            let mut members = Vec::new();
            while let Some(name) = map.next_key::<String>()? {
                members.push((name, map.next_value::<&RawValue>()?.get().to_owned()));
            }
            Ok(Members(members))
        }
    }
    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Walk)
        }
    }
    serde_json::from_str::<Members>(text).ok().map(|members| members.0)
}

fn by_scan(text: &str) -> Result<Vec<(String, String)>, Stop<()>> {
    let mut members = Vec::new();
    scan_into(text, &mut members).map(|()| members)
}

fn scan_into(text: &str, members: &mut Vec<(String, String)>) -> Result<(), Stop<()>> {
    super::members(text, |name, value| {
        members.push((name.to_owned(), value.to_owned()));
        Ok(())
    })
}

#[test]
fn members_are_found_as_serde_finds_them() {
    for text in [
        "{}",
        "{ }",
        r#"{"a":1}"#,
        " ",
        r#"{"a" : -0.5e+10 , "b":[ ] ,"c":{"d":[1,{"e\n":null}]} } "#,
        r#"{"text of more than eight":"bytes, \"quoted\" \u00e9 and ünïcödé, of more than eight bytes"}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":truefalse}"#,
        r#"{"a":01}"#,
        r#"{"a":1.}"#,
        r#"{"a":.1}"#,
        r#"{"a":1e}"#,
        r#"{"a":+1}"#,
        r#"{"a":--1}"#,
        r#"{"a":nul}"#,
        r#"{"a":1,}"#,
        r#"{"a":[1,]}"#,
        r#"{"a":[1 2]}"#,
        r#"{"a" 1}"#,
        r#"{"a":1}}"#,
        r#"{"a":1"#,
        r#"{"a":"x"#,
        r#"{"a":"\x"}"#,
        r#"{"a":"\u00g0"}"#,
        r#"{"a":"\u00"#,
        r#"{a:1}"#,
        r#"[1]"#,
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"tab\there\"}",
        "{\"a\":\"\u{7f}\u{80}\u{ff}\u{2028}\"}",
        "{\"a\u{0}\":1}",
    ] {
        assert_eq!(by_scan(text).ok(), by_serde(text), "{text}");
    }
}

#[test]
fn what_is_out_of_the_ordinary_is_left_to_serde() {
    let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(by_scan(&deep(DEPTH as usize)).is_ok());
    assert_eq!(by_scan(&deep(DEPTH as usize + 1)), Err(Stop::Unsure));
    assert_eq!(by_scan(&deep(100_000)), Err(Stop::Unsure));
    let mut before = Vec::new();
    assert_eq!(scan_into(r#"{"a":1,"\u0062":2}"#, &mut before), Err(Stop::Unsure));
    assert_eq!(before, [("a".to_owned(), "1".to_owned())]);
    let failed = super::members(r#"{"a":1,"b":2}"#, |name, _| if name == "b" { Err(7) } else { Ok(()) });
    assert_eq!(failed, Err(Stop::Failed(7)));
}

/// A random value, as text.
fn value(random: &mut Random, depth: usize, out: &mut String) {
    let blank = |random: &mut Random, out: &mut String| {
        out.push_str(["", "", "", " ", "\n", "\t\r"][random.below(6)]);
    };
    let string = |random: &mut Random, out: &mut String| {
        out.push('"');
        for _ in 0..random.below(20) {
            out.push_str(
                ["a", "1", " ", "é", "漢", "😀", "\\n", "\\\"", "\\u12aF", "\\\\", "\u{7f}"]
                    [random.below(11)],
            );
        }
        out.push('"');
    };
    match random.below(if depth == 0 { 4 } else { 6 }) {
        0 => string(random, out),
        1 => out.push_str(["0", "-1", "12.5", "1e9", "-0.0E-7", "123456789012345678901"][random.below(6)]),
        2 => out.push_str(["true", "false", "null"][random.below(3)]),
        3 => out.push_str(["[]", "{}", "\"\""][random.below(3)]),
        kind => {
            let is_object = kind == 4;
            out.push(if is_object { '{' } else { '[' });
            for index in 0..random.below(4) {
                if index > 0 {
                    out.push(',');
                }
                blank(random, out);
                if is_object {
                    string(random, out);
                    blank(random, out);
                    out.push(':');
                    blank(random, out);
                }
                value(random, depth - 1, out);
                blank(random, out);
            }
            out.push(if is_object { '}' } else { ']' });
        }
    }
}

#[test]
fn random_texts_and_damaged_ones_are_what_serde_takes_them_for() {
    let mut random = Random::new(7);
    let mut outcomes = BTreeMap::<_, u32>::new();
    for _ in 0..20_000 {
        let mut inner = String::new();
        value(&mut random, 4, &mut inner);
        let mut text = format!("{{\"name\":{inner},\"other name\" : {inner}}}");
        if random.below(2) == 0 {
            let characters: Vec<char> = text.chars().collect();
            let at = random.below(characters.len());
            let instead =
                ['"', '\\', '{', '}', '[', ']', ',', ':', '0', '.', 'e', '-', ' ', '\u{1}', 'u', 'n'];
            let instead = [instead[random.below(instead.len())]];
            let kept = if random.below(3) == 0 { at } else { at + 1 };
            text = characters[..at].iter().chain(&instead).chain(&characters[kept..]).collect();
        }
        // Blanks in front are the caller's.
        let text = text.trim_ascii_start();
        let (serde, scan) = (by_serde(text), by_scan(text));
        match &scan {
            Ok(found) => assert_eq!(Some(found), serde.as_ref(), "{text}"),
            // A damaged name may have come by an escape.
            Err(_) => assert!(
                serde
                    .is_none_or(|found| found.iter().any(|(name, _)| !text.contains(&format!("\"{name}\"")))),
                "{text}"
            ),
        }
        *outcomes.entry(scan.is_ok()).or_default() += 1;
    }
    assert!(outcomes[&true] > 10_000 && outcomes[&false] > 5_000, "{outcomes:?}");
}
