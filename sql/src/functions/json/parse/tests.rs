use proptest::prelude::*;

use super::super::value::Json;
use super::parse;

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Boolean),
        any::<i64>().prop_map(|value| Json::Integer(value.to_string())),
        (any::<i32>(), 1_u32..9).prop_map(|(whole, fraction)| Json::Decimal(format!("{whole}.{fraction}"))),
        "\\PC{0,6}[\\x00-\\x1F\"\\\\]?".prop_map(Json::Text),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::btree_map("[a-z]{0,3}", inner, 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(value in any_json()) {
        let mut text = String::new();
        value.write(&mut text);
        prop_assert_eq!(parse(&text).unwrap(), value);
    }

    #[test]
    fn any_text_is_json_or_an_error(text in "[\\[\\]{}\",:0-9a-z\\\\ .\\-+]{0,24}") {
        let _ = parse(&text);
    }
}

#[test]
fn no_text_nests_too_deeply() {
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert!(parse(&deep(1000)).is_ok());
    assert!(parse(&deep(100_000)).is_err());
}
