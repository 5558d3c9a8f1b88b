use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU32;
use std::time::Duration;

use serde::de::Error;

use super::*;

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its form matters")]
enum Side {
    Buy,
    Sell(u32),
    Limit { price: f64, good_until: Option<i64> },
    Both(u8, u8),
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its form matters")]
struct Order {
    id: u64,
    side: Side,
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its form matters")]
struct Pair<T>(T, T);

#[derive(Deserialize)]
#[allow(dead_code, reason = "only its form matters")]
struct Wrapper<T>(T);

const SIDE: &str = "enum {Buy, Sell(u32), Limit {price: f64, good_until: option<i64>}, Both(u8, u8)}";

#[test]
fn shapes_are_structural() {
    for (shape, text) in [
        (Shape::of::<u64>(), "u64"),
        (Shape::of::<()>(), "()"),
        (Shape::of::<(u64, String)>(), "(u64, str)"),
        (Shape::of::<(bool,)>(), "(bool,)"),
        (Shape::of::<Vec<u32>>(), "[u32]"),
        (Shape::of::<HashSet<char>>(), "[char]"),
        (Shape::of::<[u8; 32]>(), "[u8; 32]"),
        (Shape::of::<Option<i64>>(), "option<i64>"),
        (Shape::of::<BTreeMap<String, Vec<f32>>>(), "map<str, [f32]>"),
        (Shape::of::<NonZeroU32>(), "u32"),
        (Shape::of::<Duration>(), "{secs: u64, nanos: u32}"),
        (Shape::of::<crate::Timestamp>(), "i64"),
        (Shape::of::<Pair<u8>>(), "[u8; 2]"),
        // Two types of the same name, in one.
        (Shape::of::<(Pair<u8>, Wrapper<Pair<String>>)>(), "([u8; 2], [str; 2])"),
        (Shape::of::<Result<u8, Result<u16, String>>>(), "enum {Ok(u8), Err(enum {Ok(u16), Err(str)})}"),
        (Shape::of::<std::net::IpAddr>(), "enum {V4([u8; 4]), V6([u8; 16])}"),
    ] {
        assert_eq!(shape.as_str(), text);
        assert!(!shape.is_opaque());
    }
}

#[test]
fn every_variant_is_found_wherever_the_enum_is() {
    assert_eq!(Shape::of::<Side>().as_str(), SIDE);
    assert_eq!(Shape::of::<Order>().as_str(), format!("{{id: u64, side: {SIDE}, tags: [str]}}"));
    assert_eq!(Shape::of::<Option<Vec<Side>>>().as_str(), format!("option<[{SIDE}]>"));
    assert_eq!(Shape::of::<(Side, Side)>().as_str(), format!("[{SIDE}; 2]"));

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    enum Outer {
        Empty,
        Wrapped(Option<Wrapper<Vec<Side>>>),
        Other(BTreeMap<u8, Option<bool>>),
    }
    assert_eq!(
        Shape::of::<Vec<Outer>>().as_str(),
        format!("[enum {{Empty, Wrapped(option<[{SIDE}]>), Other(map<u8, option<bool>>)}}]")
    );
}

#[test]
fn types_may_contain_themselves() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    struct Tree {
        label: Option<String>,
        children: Vec<Tree>,
        left: Option<Box<Tree>>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    enum Expression {
        Add(Box<Expression>, Box<Expression>),
        Negate(Box<Expression>),
        All(Vec<Expression>),
        Literal(i64),
        Rounded(Option<Rounding>, Box<Expression>),
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    enum Rounding {
        Up,
        Down { unless: Box<Option<Expression>> },
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    enum Endless {
        Again(Box<Endless>),
    }
    assert_eq!(
        Shape::of::<Tree>().as_str(),
        "Tree {label: option<str>, children: [Tree], left: option<Tree>}"
    );
    assert_eq!(
        Shape::of::<Expression>().as_str(),
        "Expression enum {Add(Expression, Expression), Negate(Expression), All([Expression]), Literal(i64), \
         Rounded(option<enum {Up, Down {unless: option<Expression>}}>, Expression)}"
    );
    assert!(Shape::of::<Endless>().is_opaque());
}

#[test]
fn types_that_demand_a_form_are_given_one_or_are_opaque() {
    /// Accepts a date, as types of calendar libraries do.
    struct Date;
    impl<'de> Deserialize<'de> for Date {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl serde::de::Visitor<'_> for Visitor {
                type Value = Date;
                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("a date")
                }
                fn visit_str<E: Error>(self, text: &str) -> Result<Date, E> {
                    let digits = |text: &str| text.chars().all(|it| it.is_ascii_digit());
                    match text.split('-').collect::<Vec<_>>()[..] {
                        [year, month, day] if digits(year) && digits(month) && digits(day) => Ok(Date),
                        _ => Err(E::custom("not a date")),
                    }
                }
            }
            deserializer.deserialize_str(Visitor)
        }
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    struct Day {
        date: Date,
        name: String,
        side: Option<Side>,
    }
    assert_eq!(Shape::of::<Day>().as_str(), format!("{{date: str, name: str, side: option<{SIDE}>}}"));

    #[derive(Deserialize)]
    #[serde(try_from = "u32")]
    struct Even;
    impl TryFrom<u32> for Even {
        type Error = &'static str;
        fn try_from(value: u32) -> Result<Self, Self::Error> {
            if value.is_multiple_of(2) { Ok(Self) } else { Err("odd") }
        }
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    struct Count {
        name: String,
        even: Even,
        rest: u8,
    }
    let shape = Shape::of::<Count>();
    assert!(shape.is_opaque());
    assert!(shape.as_str().ends_with("Count {name: str, even: u32, rest: ?}"), "{shape}");

    #[derive(Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "only its form matters")]
    enum Any {
        Number(u8),
        Text(String),
    }
    assert!(Shape::of::<Any>().is_opaque());
}

#[test]
fn a_panic_in_a_type_is_not_ours() {
    struct Grumpy;
    impl<'de> Deserialize<'de> for Grumpy {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("never expected to be asked");
        }
    }
    assert!(Shape::of::<Grumpy>().as_str().starts_with("opaque "));
}

#[test]
fn aliases_do_not_hide_a_change() {
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    struct Renamed {
        #[serde(alias = "b", alias = "c")]
        a: u8,
        d: String,
    }
    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its form matters")]
    enum RenamedEnum {
        #[serde(alias = "Z")]
        A,
        B(u8),
    }
    assert_eq!(Shape::of::<Renamed>().as_str(), "(u8, str)");
    assert_eq!(Shape::of::<RenamedEnum>().as_str(), "enum {0, 1(u8)}");
}

#[test]
fn large_types_end_in_time() {
    type Twice<T> = (Box<T>, Box<T>);
    type Sixteen<T> = Twice<Twice<Twice<Twice<T>>>>;
    assert!(!Shape::of::<Sixteen<Vec<Side>>>().is_opaque());
    assert!(Shape::of::<Sixteen<Sixteen<Sixteen<Sixteen<Side>>>>>().is_opaque());
}
