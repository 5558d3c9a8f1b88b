use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Writes messages as the server does.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn of(tag: u8) -> Self {
        Self(vec![tag])
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes()).bytes(&[0])
    }

    fn u16(self, number: u16) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    fn u32(self, number: u32) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    fn u64(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    fn tuple(mut self, values: &[TupleValue]) -> Self {
        self = self.u16(values.len() as u16);
        for value in values {
            self = match value {
                TupleValue::Null => self.bytes(b"n"),
                TupleValue::UnchangedToast => self.bytes(b"u"),
                TupleValue::Text(text) => self.bytes(b"t").u32(text.len() as u32).bytes(text),
            };
        }
        self
    }

    fn end(self) -> Bytes {
        self.0.into()
    }
}

fn text(text: &'static str) -> TupleValue {
    TupleValue::Text(Bytes::from_static(text.as_bytes()))
}

/// A message of each kind, with what it means.
fn messages() -> Vec<(Bytes, Message)> {
    let tuple = vec![text("1"), TupleValue::Null, TupleValue::UnchangedToast, text("")];
    let key = vec![text("1"), TupleValue::Null];
    let column = |is_key, name: &str, type_oid| RelationColumn {
        is_key,
        name: name.to_owned(),
        type_oid,
        type_modifier: -1,
    };
    let relation = Relation {
        id: 7,
        schema: "public".into(),
        name: "größen".into(),
        columns: vec![column(true, "id", 20), column(false, "note", 25)],
    };
    vec![
        (
            Writer::of(b'B').u64(0x16_B374_D848).u64(5_000_000).u32(731).end(),
            Message::Begin { commit_lsn: Lsn(0x16_B374_D848), commit_time: 5_000_000 },
        ),
        (
            Writer::of(b'C').bytes(&[0]).u64(10).u64(12).u64(5_000_000).end(),
            Message::Commit { end_lsn: Lsn(12) },
        ),
        (
            Writer::of(b'R')
                .u32(7)
                .text("public")
                .text("größen")
                .bytes(b"d")
                .u16(2)
                .bytes(&[1])
                .text("id")
                .u32(20)
                .u32(u32::MAX)
                .bytes(&[0])
                .text("note")
                .u32(25)
                .u32(u32::MAX)
                .end(),
            Message::Relation(relation),
        ),
        (
            Writer::of(b'R').u32(7).text("").text("pg_class").bytes(b"n").u16(0).end(),
            Message::Relation(Relation {
                id: 7,
                schema: "pg_catalog".into(),
                name: "pg_class".into(),
                columns: Vec::new(),
            }),
        ),
        (
            Writer::of(b'I').u32(7).bytes(b"N").tuple(&tuple).end(),
            Message::Insert { relation: 7, new: tuple.clone() },
        ),
        (
            Writer::of(b'U').u32(7).bytes(b"N").tuple(&tuple).end(),
            Message::Update { relation: 7, old: Old::None, new: tuple.clone() },
        ),
        (
            Writer::of(b'U').u32(7).bytes(b"K").tuple(&key).bytes(b"N").tuple(&tuple).end(),
            Message::Update { relation: 7, old: Old::Key(key.clone()), new: tuple.clone() },
        ),
        (
            Writer::of(b'U').u32(7).bytes(b"O").tuple(&key).bytes(b"N").tuple(&tuple).end(),
            Message::Update { relation: 7, old: Old::Full(key.clone()), new: tuple.clone() },
        ),
        (
            Writer::of(b'D').u32(7).bytes(b"K").tuple(&key).end(),
            Message::Delete { relation: 7, old: Old::Key(key.clone()) },
        ),
        (
            Writer::of(b'D').u32(7).bytes(b"O").tuple(&tuple).end(),
            Message::Delete { relation: 7, old: Old::Full(tuple) },
        ),
        (
            Writer::of(b'T').u32(2).bytes(&[1]).u32(7).u32(8).end(),
            Message::Truncate { relations: vec![7, 8] },
        ),
    ]
}

#[test]
fn every_message_is_read() {
    for (bytes, message) in messages() {
        assert_eq!(decode(&bytes), Ok(message));
    }
    for passed_over in [
        Writer::of(b'Y').u32(600).text("public").text("mood").end(),
        Writer::of(b'O').u64(1).text("origin").end(),
        Writer::of(b'M').bytes(&[0]).u64(1).text("prefix").u32(1).bytes(b"x").end(),
    ] {
        assert_eq!(decode(&passed_over), Ok(Message::Other));
    }
}

#[test]
fn a_message_that_is_cut_anywhere_is_an_error() {
    for (bytes, message) in messages() {
        for length in 0..bytes.len() {
            assert!(decode(&bytes.slice(..length)).is_err(), "{message:?} cut to {length} bytes");
        }
        let longer = Writer(bytes.to_vec()).bytes(&[0]).end();
        assert_eq!(decode(&longer), Err(Malformed::Trailing), "{message:?}");
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let insert = |value: &[u8]| Writer::of(b'I').u32(7).bytes(b"N").u16(1).bytes(value).end();
    let cases = [
        (Bytes::new(), Malformed::Truncated),
        (Writer::of(b'S').end(), Malformed::UnknownMessage(b'S')),
        (insert(b"x"), Malformed::UnknownValue(b'x')),
        (insert(b"b\0\0\0\x01a"), Malformed::Binary),
        (insert(b"t\xff\xff\xff\xff"), Malformed::NegativeLength),
        (insert(b"t\x7f\xff\xff\xff"), Malformed::Truncated),
        (Writer::of(b'I').u32(7).bytes(b"O").end(), Malformed::UnknownTuple(b'O')),
        (Writer::of(b'D').u32(7).bytes(b"N").tuple(&[]).end(), Malformed::UnknownTuple(b'N')),
        (Writer::of(b'R').u32(7).bytes(b"\xff\0").end(), Malformed::NotUtf8),
    ];
    for (bytes, expected) in cases {
        assert_eq!(decode(&bytes), Err(expected));
        assert!(expected.to_string().contains("replication stream"));
    }
}

proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes.into());
    }

    #[test]
    fn no_damage_is_too_much(which in 0..11_usize, damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = messages()[which].0.to_vec();
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        let _ = decode(&bytes.into());
    }

    #[test]
    fn tuples_come_back(values in vec(prop_oneof![
        Just(TupleValue::Null),
        Just(TupleValue::UnchangedToast),
        vec(any::<u8>(), 0..20).prop_map(|bytes| TupleValue::Text(bytes.into())),
    ], 0..20)) {
        let bytes = Writer::of(b'I').u32(1).bytes(b"N").tuple(&values).end();
        prop_assert_eq!(decode(&bytes), Ok(Message::Insert { relation: 1, new: values }));
    }
}
