use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn encoded(encode: impl FnOnce(&mut KeyEncoder<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut KeyEncoder::new(&mut bytes));
    bytes
}

/// Snapshots written by any earlier version depend on these bytes. If this test fails, the encoding
/// is wrong, not the test.
#[test]
fn bytes_are_pinned() {
    use KeyOrder::{Ascending, Descending};
    let number = |bytes: &[u8], encode: &dyn Fn(&mut KeyEncoder<'_>, KeyOrder)| {
        assert_eq!(encoded(|key| encode(key, Ascending)), bytes);
        let inverted: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        assert_eq!(encoded(|key| encode(key, Descending)), inverted);
    };
    number(&[0], &|key, order| key.number(None::<i64>, order));
    number(&[1, 0x80], &|key, order| key.number(Some(0_i8), order));
    number(&[1, 0x7F, 0xFF], &|key, order| key.number(Some(-1_i16), order));
    number(&[1, 0x80, 0, 0x01, 0x02], &|key, order| key.number(Some(0x0102_i32), order));
    number(&[1, 0, 0, 0, 0, 0, 0, 0, 0], &|key, order| key.number(Some(i64::MIN), order));
    number(&[1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], &|key, order| {
        key.number(Some(i64::MAX), order);
    });
    number(&[1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], &|key, order| {
        key.number(Some(7_i128), order);
    });
    number(&[1, 0x80, 0, 0, 0], &|key, order| key.number(Some(0.0_f32), order));
    number(&[1, 0x80, 0, 0, 0], &|key, order| key.number(Some(-0.0_f32), order));
    number(&[1, 0xFF, 0xC0, 0, 0], &|key, order| key.number(Some(f32::NAN), order));
    number(&[1, 0xFF, 0xC0, 0, 0], &|key, order| key.number(Some(-f32::NAN), order));
    number(&[1, 0xBF, 0xF0, 0, 0, 0, 0, 0, 0], &|key, order| key.number(Some(1.0_f64), order));
    number(&[1, 0x40, 0x0F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], &|key, order| {
        key.number(Some(-1.0_f64), order);
    });
    number(&[0], &|key, order| key.boolean(None, order));
    number(&[1, 0], &|key, order| key.boolean(Some(false), order));
    number(&[1, 1], &|key, order| key.boolean(Some(true), order));
    number(&[0], &|key, order| key.bytes(None, order));
    number(&[1, 0, 0], &|key, order| key.bytes(Some(b""), order));
    number(&[1, b'a', 0, 0xFF, b'b', 0xFF, 0, 0], &|key, order| key.bytes(Some(b"a\0b\xFF"), order));
}

/// A value of a key: what a column of one of the kinds may hold.
#[derive(Clone, Debug)]
enum Value {
    Small(Option<i8>),
    Wide(Option<i128>),
    Float(Option<f64>),
    Single(Option<f32>),
    Boolean(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

impl Value {
    fn encode(&self, key: &mut KeyEncoder<'_>, order: KeyOrder) {
        match self {
            Self::Small(value) => key.number(*value, order),
            Self::Wide(value) => key.number(*value, order),
            Self::Float(value) => key.number(*value, order),
            Self::Single(value) => key.number(*value, order),
            Self::Boolean(value) => key.boolean(*value, order),
            Self::Bytes(value) => key.bytes(value.as_deref(), order),
        }
    }

    /// The value in the same place of another key.
    fn decode(&self, key: &mut KeyDecoder<'_>, order: KeyOrder) -> Result<Self> {
        Ok(match self {
            Self::Small(_) => Self::Small(key.number(order)?),
            Self::Wide(_) => Self::Wide(key.number(order)?),
            Self::Float(_) => Self::Float(key.number(order)?),
            Self::Single(_) => Self::Single(key.number(order)?),
            Self::Boolean(_) => Self::Boolean(key.boolean(order)?),
            Self::Bytes(_) => {
                let mut bytes = Vec::new();
                Self::Bytes(key.bytes(order, &mut bytes)?.then_some(bytes))
            }
        })
    }

    /// `None < Some`, which is how NULLs are to be sorted.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Small(left), Self::Small(right)) => left.cmp(right),
            (Self::Wide(left), Self::Wide(right)) => left.cmp(right),
            (Self::Float(left), Self::Float(right)) => floats(*left, *right),
            (Self::Single(left), Self::Single(right)) => floats(left.map(f64::from), right.map(f64::from)),
            (Self::Boolean(left), Self::Boolean(right)) => left.cmp(right),
            (Self::Bytes(left), Self::Bytes(right)) => left.cmp(right),
            _ => unreachable!("both keys have the same types"),
        }
    }
}

fn floats(left: Option<f64>, right: Option<f64>) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => left.partial_cmp(&right).unwrap_or(left.is_nan().cmp(&right.is_nan())),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}

fn pair<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + Clone + 'static,
    wrap: fn(Option<T>) -> Value,
) -> BoxedStrategy<(Value, Value)> {
    let value = prop::option::weighted(0.8, value).prop_map(wrap);
    prop_oneof![(value.clone(), value.clone()), value.prop_map(|value| (value.clone(), value))].boxed()
}

/// Values of one kind for each of two keys, and their order.
fn column() -> impl Strategy<Value = ((Value, Value), KeyOrder)> {
    let doubles = prop_oneof![
        prop::num::f64::ANY,
        prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY
        ])
    ];
    let bytes = prop::collection::vec(prop::sample::select(vec![0_u8, 1, b'a', 0xFE, 0xFF]), 0..4);
    let values = prop_oneof![
        pair(any::<i8>(), Value::Small),
        pair(any::<i128>(), Value::Wide),
        pair(doubles, Value::Float),
        pair(prop::num::f32::ANY, Value::Single),
        pair(any::<bool>(), Value::Boolean),
        pair(bytes, Value::Bytes),
    ];
    (values, prop::sample::select(vec![KeyOrder::Ascending, KeyOrder::Descending]))
}

proptest! {
    #[test]
    fn keys_sort_as_their_values_and_come_back(columns in prop::collection::vec(column(), 1..4)) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut expected = Ordering::Equal;
        for ((one, other), order) in &columns {
            one.encode(&mut KeyEncoder::new(&mut left), *order);
            other.encode(&mut KeyEncoder::new(&mut right), *order);
            let compared = one.compare(other);
            expected = expected.then(match order {
                KeyOrder::Ascending => compared,
                KeyOrder::Descending => compared.reverse(),
            });
        }
        prop_assert_eq!(left.cmp(&right), expected);
        let mut key = KeyDecoder::new(&left);
        for ((one, _), order) in &columns {
            let decoded = one.decode(&mut key, *order).unwrap();
            prop_assert_eq!(decoded.compare(one), Ordering::Equal, "{:?} for {:?}", decoded, one);
        }
        prop_assert!(key.rest().is_empty());
    }

    /// Whatever stands there: an error, or a value whose encoding is what was read.
    #[test]
    fn other_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..24), kind in column()) {
        let ((like, _), order) = kind;
        let mut key = KeyDecoder::new(&bytes);
        if let Ok(value) = like.decode(&mut key, order) {
            let read = &bytes[..bytes.len() - key.rest().len()];
            let again = encoded(|key| value.encode(key, order));
            let floating = matches!(value, Value::Float(_) | Value::Single(_));
            prop_assert!(floating || again == read, "{:?} was read from {:?}", value, read);
        }
    }
}

#[test]
fn keys_that_are_cut_off_are_refused() {
    let whole = encoded(|key| key.bytes(Some(b"a\0b"), KeyOrder::Descending));
    for length in 0..whole.len() {
        let mut out = Vec::new();
        assert!(KeyDecoder::new(&whole[..length]).bytes(KeyOrder::Descending, &mut out).is_err());
    }
    let whole = encoded(|key| key.number(Some(5_i64), KeyOrder::Ascending));
    for length in 0..whole.len() {
        assert!(KeyDecoder::new(&whole[..length]).number::<i64>(KeyOrder::Ascending).is_err());
    }
}
