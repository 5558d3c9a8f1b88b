//! A type for each serde attribute, and whether its values can be read back.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::*;

/// What becomes of types: `Ok` with their shape, or how they fail.
macro_rules! cases {
    ($($(#[$attribute:meta])* $kind:ident $name:ident $body:tt => $expected:pat,)*) => {$({
        #[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash)]
        $(#[$attribute])*
        $kind $name $body
        let found = checked::<$name>();
        #[allow(clippy::redundant_pattern_matching, reason = "some patterns say more")]
        let as_expected = matches!(found, $expected);
        assert!(as_expected, "{}: {found:?}", stringify!($name));
        // Wherever it is, and with whatever after it.
        let inside = checked::<Vec<(u8, BTreeMap<u8, Option<$name>>, String, Vec<u8>)>>();
        assert_eq!(found.is_ok(), inside.is_ok(), "{} inside: {inside:?}", stringify!($name));
    })*};
}

const fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Hash)]
struct Inner {
    number: u64,
    text: String,
}

/// Accepts not everything that has its form.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(try_from = "u32", into = "u32")]
struct Even {
    even: u32,
}

impl TryFrom<u32> for Even {
    type Error = &'static str;
    fn try_from(even: u32) -> Result<Self, Self::Error> {
        if even.is_multiple_of(2) { Ok(Self { even }) } else { Err("odd") }
    }
}
impl From<Even> for u32 {
    fn from(number: Even) -> Self {
        number.even
    }
}

#[test]
#[allow(dead_code, reason = "only their forms matter")]
fn attributes_that_leave_fields_out_are_refused() {
    use RoundTripFailure::{Decode, OtherValue};
    cases! {
        struct SkipNone {
            before: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            maybe: Option<u64>,
            after: u64,
        } => Err(Decode(_) | OtherValue),
        struct SkipLast {
            before: u64,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            maybe: Option<String>,
        } => Err(Decode(_) | OtherValue),
        struct SkipEmptyList {
            #[serde(skip_serializing_if = "Vec::is_empty")]
            list: Vec<u8>,
            after: Vec<u8>,
        } => Err(Decode(_) | OtherValue),
        struct SkipEmptyText {
            #[serde(skip_serializing_if = "String::is_empty")]
            text: String,
            after: u64,
        } => Err(Decode(_) | OtherValue),
        struct SkipZero {
            #[serde(skip_serializing_if = "is_zero")]
            number: u64,
            after: Option<u64>,
        } => Err(Decode(_) | OtherValue),
        struct SkipFalse {
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            flag: bool,
            after: Vec<Inner>,
        } => Err(Decode(_) | OtherValue),
        struct SkipSome {
            #[serde(skip_serializing_if = "Option::is_some")]
            maybe: Option<u64>,
        } => Err(Decode(_) | OtherValue),
        enum SkipInVariant {
            Plain,
            Fields {
                #[serde(skip_serializing_if = "Option::is_none")]
                maybe: Option<u64>,
                after: u64,
            },
        } => Err(Decode(_) | OtherValue),
        struct SkipBesideDemanding {
            never_zero: NonZeroU32,
            #[serde(skip_serializing_if = "is_zero")]
            number: u64,
        } => Err(Decode(_) | OtherValue),
        struct OnlyWritten {
            #[serde(skip_deserializing)]
            number: u64,
            after: u64,
        } => Err(Decode(_) | OtherValue),
        struct OnlyRead {
            #[serde(skip_serializing)]
            number: u64,
            after: u64,
        } => Err(Decode(_) | OtherValue),
        enum SkippedVariantBeforeOthers {
            First,
            #[serde(skip)]
            Second,
            Third,
            Fourth(u64),
        } => Err(Decode(_) | OtherValue),
    }
}

#[test]
#[allow(dead_code, reason = "only their forms matter")]
fn attributes_that_need_names_are_refused() {
    use RoundTripFailure::NeedsDescription;
    cases! {
        #[serde(untagged)]
        enum Untagged { Number(u64), Text(String) } => Err(NeedsDescription(_)),
        #[serde(tag = "type")]
        enum InternallyTagged { Number { number: u64 }, Text { text: String } } => Err(NeedsDescription(_)),
        #[serde(tag = "type", content = "value")]
        enum AdjacentlyTagged { Number(u64), Text { text: String } } => Err(NeedsDescription(_)),
        struct Flattened {
            before: u64,
            #[serde(flatten)]
            inner: Inner,
        } => Err(NeedsDescription(_)),
    }
    assert!(matches!(checked::<serde_json::Value>(), Err(NeedsDescription(_))));
    assert!(matches!(checked::<HashMap<String, Vec<serde_json::Value>>>(), Err(NeedsDescription(_))));
}

#[test]
#[allow(dead_code, reason = "only their forms matter")]
fn attributes_that_change_names_or_give_defaults_work() {
    cases! {
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Renamed {
            #[serde(rename = "a", alias = "b")]
            first: u64,
            second_one: Option<u64>,
        } => Ok(_),
        #[serde(rename_all = "UPPERCASE")]
        enum RenamedEnum {
            First,
            #[serde(alias = "other")]
            Second(u64),
        } => Ok(_),
        struct Defaults {
            #[serde(default)]
            first: u64,
            #[serde(skip)]
            left_out: u64,
            last: String,
        } => Ok(_),
        enum SkippedLastVariant {
            First(u64),
            #[serde(skip)]
            Second,
        } => Ok(_),
        #[serde(transparent)]
        struct Transparent { inner: Inner } => Ok(_),
        enum AllKinds { Unit, Newtype(Inner), Tuple(u8, i64), Fields { text: String, list: Vec<Inner> } } => Ok(_),
    }
    assert!(checked::<Vec<Even>>().is_ok());
}
