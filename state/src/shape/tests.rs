use std::collections::HashMap;

use super::*;

#[test]
#[allow(dead_code, reason = "the types are only looked at through serde")]
fn shapes_show_structure_and_not_names() {
    #[derive(Deserialize)]
    struct Account {
        balance: i64,
        owner: String,
        limits: Option<(u32, f64)>,
        history: Vec<Move>,
    }
    #[derive(Deserialize)]
    enum Move {
        In(u32),
        Out { to: String, amount: u32 },
        Closed,
    }
    #[derive(Deserialize)]
    struct Tree {
        children: Vec<Tree>,
    }
    #[derive(Deserialize)]
    struct Wrapped(u64);
    for (shape, text) in [
        (Shape::of::<u64>(), "u64"),
        (Shape::of::<Wrapped>(), "u64"),
        (Shape::of::<()>(), "()"),
        (Shape::of::<(String, bool)>(), "(str, bool)"),
        (Shape::of::<Vec<u8>>(), "[u8]"),
        (Shape::of::<HashMap<String, f32>>(), "map<str, f32>"),
        (Shape::of::<Move>(), "enum {In(u32), Out {to: str, amount: u32}, Closed}"),
        (
            Shape::of::<Account>(),
            "{balance: i64, owner: str, limits: option<(u32, f64)>, \
             history: [enum {In(u32), Out {to: str, amount: u32}, Closed}]}",
        ),
        (Shape::of::<Tree>(), "{children: [recursive Tree]}"),
    ] {
        assert_eq!(shape.as_str(), text);
    }
}

#[test]
fn a_type_that_insists_on_certain_values_is_opaque() {
    struct Even;
    impl<'de> Deserialize<'de> for Even {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            if text == "even" { Ok(Self) } else { Err(serde::de::Error::custom("not even")) }
        }
    }
    assert!(Shape::of::<Even>().as_str().starts_with("opaque "));
    assert!(Shape::of::<Even>().as_str().ends_with("Even"));
}
