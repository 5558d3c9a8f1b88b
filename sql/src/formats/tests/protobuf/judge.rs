//! Random messages of the judge's, read and written by us.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;
use prost_reflect::bytes::Bytes;
use prost_reflect::{FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};

use super::*;
use crate::types::text::number::{write_double, write_float};

/// All that a field may be, without and with presence.
fn proto() -> Proto {
    let fields = |label: &str, packed: &str| {
        let mut out = String::new();
        let kinds = [
            "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32",
            "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes", "E", "I",
        ];
        for (kind, number) in kinds.iter().zip(1..) {
            let name = kind.to_lowercase();
            out += &format!("{label} {kind} {name}_ = {number};");
            let option = if matches!(*kind, "string" | "bytes" | "I") { "" } else { packed };
            out += &format!("repeated {kind} {name}s = {}{option};", 50 + number);
            if !matches!(*kind, "double" | "float" | "bytes" | "E" | "I") {
                out += &format!("map<{kind}, {}> of_{name} = {};", kinds[16 - number], 100 + number);
            }
        }
        out + "oneof o { sint32 x = 20; I y = 21; string z = 22; } uint32 wide = 2000; uint64 widest = 2001; E number = 2002;"
    };
    let inner = "{ L int32 n = 1; optional string s = 2; repeated sint64 r = 3; L I i = 4; map<string, bool> m = 5; }";
    Proto::new(&format!(
        "syntax = \"proto3\"; enum E {{ A = 0; B = 7; C = -1; }} message I {} message M {{ {} }}
         message N {{ {} }} message P {{ {} }}",
        inner.replace("L ", ""),
        fields("", ""),
        fields("optional", ""),
        fields("", " [packed = false]"),
    ))
}

/// The columns of a message; messages are in each other twice.
fn columns_of(message: &MessageDescriptor, depth: usize) -> Vec<NamedField> {
    let value = |kind: &Kind| match kind {
        Kind::Bool => SqlType::Boolean,
        Kind::Double => SqlType::Double,
        Kind::Float => SqlType::Float,
        Kind::String | Kind::Enum(_) => SqlType::STRING,
        Kind::Bytes => SqlType::BYTES,
        Kind::Message(message) => SqlType::Row(columns_of(message, depth + 1).into()),
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Fixed32 | Kind::Sfixed32 => SqlType::Int,
        _ => SqlType::BigInt,
    };
    let columns = message.fields().filter_map(|field| {
        let data_type = match (field.name(), field.kind()) {
            ("i", _) if depth == 2 => return None,
            ("wide", _) => SqlType::BigInt,
            ("widest", _) => SqlType::Decimal(20, 0),
            ("number", _) => SqlType::Int,
            (_, Kind::Message(entry)) if field.is_map() => {
                map(value(&entry.map_entry_key_field().kind()), value(&entry.map_entry_value_field().kind()))
            }
            (_, kind) if field.is_list() => array(value(&kind)),
            (_, kind) => value(&kind),
        };
        Some(NamedField::new(field.name(), Field::nullable(data_type)))
    });
    columns.collect()
}

/// A value of a field, of which there may be several.
fn any_value(kind: &Kind, depth: usize) -> BoxedStrategy<Value> {
    match kind {
        Kind::Double => any::<f64>().prop_map(Value::F64).boxed(),
        Kind::Float => any::<f32>().prop_map(Value::F32).boxed(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            prop_oneof![any::<i32>(), -2..2_i32].prop_map(Value::I32).boxed()
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            prop_oneof![any::<i64>(), -2..2_i64].prop_map(Value::I64).boxed()
        }
        Kind::Uint32 | Kind::Fixed32 => prop_oneof![any::<u32>(), 0..2_u32].prop_map(Value::U32).boxed(),
        Kind::Uint64 | Kind::Fixed64 => prop_oneof![any::<u64>(), 0..2_u64].prop_map(Value::U64).boxed(),
        Kind::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Kind::String => "[a-zß\u{1F600}]{0,20}".prop_map(Value::String).boxed(),
        Kind::Bytes => vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Bytes(Bytes::from(bytes))).boxed(),
        Kind::Enum(_) => prop_oneof![Just(0), Just(7), Just(-1)].prop_map(Value::EnumNumber).boxed(),
        Kind::Message(message) => any_message(message, depth + 1).prop_map(Value::Message).boxed(),
    }
}

fn any_field(field: &FieldDescriptor, depth: usize) -> BoxedStrategy<Value> {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let key = any_value(&entry.map_entry_key_field().kind(), depth).prop_map(|key| match key {
                Value::Bool(key) => MapKey::Bool(key),
                Value::I32(key) => MapKey::I32(key),
                Value::I64(key) => MapKey::I64(key),
                Value::U32(key) => MapKey::U32(key),
                Value::U64(key) => MapKey::U64(key),
                Value::String(key) => MapKey::String(key),
                other => panic!("{other} is no key"),
            });
            let value = any_value(&entry.map_entry_value_field().kind(), depth);
            vec((key, value), 0..3).prop_map(|entries| Value::Map(entries.into_iter().collect())).boxed()
        }
        kind if field.is_list() => vec(any_value(&kind, depth), 0..4).prop_map(Value::List).boxed(),
        kind => any_value(&kind, depth),
    }
}

/// A message with some of its fields.
fn any_message(message: &MessageDescriptor, depth: usize) -> BoxedStrategy<DynamicMessage> {
    let fields: Vec<_> = message.fields().filter(|field| depth < 2 || field.name() != "i").collect();
    let message = message.clone();
    let most = if depth == 0 { 30 } else { 3 };
    let field = proptest::sample::select(fields).prop_flat_map(move |field| {
        let value = any_field(&field, depth);
        (Just(field), value)
    });
    let fields = vec(field, 0..most);
    fields
        .prop_map(move |fields| {
            let mut made = DynamicMessage::new(message.clone());
            for (field, value) in fields {
                made.set_field(&field, value);
            }
            made
        })
        .boxed()
}

/// A row as we print it, from what the judge has read.
fn expected_row(message: &DynamicMessage, columns: &[NamedField], with_defaults: bool) -> String {
    let fields = columns.iter().map(|column| {
        let field = message.descriptor().get_field_by_name(&column.name).unwrap();
        let is_there = message.has_field(&field);
        // Without presence there is nothing else but the default value.
        let is_null = if field.supports_presence() || field.is_list() || field.is_map() {
            !is_there && !with_defaults
        } else {
            false
        };
        if is_null {
            return "null".to_owned();
        }
        expected(&message.get_field(&field), &field.kind(), &column.field.data_type, with_defaults)
    });
    format!("+I[{}]", fields.collect::<Vec<_>>().join(", "))
}

fn expected(value: &Value, kind: &Kind, data_type: &SqlType, with_defaults: bool) -> String {
    match (value, kind, data_type) {
        (Value::Bool(value), ..) => value.to_string(),
        (Value::I32(value), ..) => value.to_string(),
        (Value::I64(value), ..) => value.to_string(),
        (Value::U32(value), _, SqlType::Int) => value.cast_signed().to_string(),
        (Value::U32(value), ..) => value.to_string(),
        (Value::U64(value), _, SqlType::BigInt) => value.cast_signed().to_string(),
        (Value::U64(value), ..) => value.to_string(),
        (Value::F32(value), ..) => {
            let mut text = String::new();
            write_float(*value, &mut text);
            text
        }
        (Value::F64(value), ..) => {
            let mut text = String::new();
            write_double(*value, &mut text);
            text
        }
        (Value::String(text), ..) => text.clone(),
        (Value::Bytes(bytes), ..) => {
            let bytes: Vec<_> = bytes.iter().map(|byte| byte.cast_signed().to_string()).collect();
            format!("[{}]", bytes.join(", "))
        }
        (Value::EnumNumber(number), _, SqlType::Int) => number.to_string(),
        (Value::EnumNumber(number), Kind::Enum(symbols), _) => {
            symbols.get_value(*number).map_or("UNRECOGNIZED".to_owned(), |value| value.name().to_owned())
        }
        (Value::Message(message), _, SqlType::Row(fields)) => expected_row(message, fields, with_defaults),
        (Value::List(elements), _, SqlType::Array(element)) => {
            let elements =
                elements.iter().map(|value| expected(value, kind, &element.data_type, with_defaults));
            format!("[{}]", elements.collect::<Vec<_>>().join(", "))
        }
        (Value::Map(entries), Kind::Message(entry), SqlType::Map(key, value)) => {
            let kinds = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
            let mut entries: Vec<_> = entries
                .iter()
                .map(|(found, mapped)| {
                    let key = expected(&found.clone().into(), &kinds.0, &key.data_type, with_defaults);
                    format!("{key}={}", expected(mapped, &kinds.1, &value.data_type, with_defaults))
                })
                .collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        other => panic!("{other:?}"),
    }
}

/// A printed row with the entries of its maps in order, which maps have none of.
fn sorted(text: &str) -> String {
    let mut out: Vec<Vec<String>> = vec![vec![String::new()]];
    let mut depth = Vec::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let separates = depth.last() == Some(&'{') && rest.starts_with(", ");
        let length = if separates { 2 } else { character.len_utf8() };
        match character {
            '{' => {
                depth.push('{');
                out.push(vec![String::new()]);
            }
            '}' => {
                depth.pop();
                let mut entries = out.pop().unwrap();
                entries.sort();
                out.last_mut().unwrap().last_mut().unwrap().push_str(&format!("{{{}}}", entries.join(", ")));
            }
            _ if separates => out.last_mut().unwrap().push(String::new()),
            '[' => depth.push('['),
            ']' => drop(depth.pop()),
            _ => {}
        }
        if !matches!(character, '{' | '}') && !separates {
            out.last_mut().unwrap().last_mut().unwrap().push(character);
        }
        rest = &rest[length..];
    }
    out[0][0].clone()
}

/// The format of a message, and its columns.
fn format_of(proto: &Proto, name: &str, defaults: &str) -> (Format, Schema) {
    let columns: Schema = columns_of(&proto.message(name), 0).into_iter().collect();
    (proto.format(name, &[("protobuf.read-default-values", defaults)], &columns).unwrap(), columns)
}

thread_local! {
    static PROTO: Proto = proto();
    static FORMATS: HashMap<(&'static str, bool), (Format, Schema)> = PROTO.with(|proto| {
        let names = ["M", "N", "P"].into_iter().flat_map(|name| [(name, false), (name, true)]);
        names.map(|key| (key, format_of(proto, key.0, if key.1 { "true" } else { "false" }))).collect()
    });
}

fn with<T>(name: &'static str, defaults: bool, run: impl FnOnce(&Proto, &Format, &Schema) -> T) -> T {
    PROTO.with(|proto| {
        FORMATS.with(|formats| {
            let (format, columns) = &formats[&(name, defaults)];
            run(proto, format, columns)
        })
    })
}

/// A message, printed as text: its descriptor has itself as a part.
#[derive(Clone)]
struct Made(DynamicMessage);

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_text_format())
    }
}

fn messages(name: &'static str) -> BoxedStrategy<Made> {
    any_message(&PROTO.with(|proto| proto.message(name)), 0).prop_map(Made).boxed()
}

fn any_pair() -> impl Strategy<Value = (&'static str, Made, Made)> {
    prop_oneof![Just("M"), Just("N"), Just("P")]
        .prop_flat_map(|name| (Just(name), messages(name), messages(name)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Two messages one behind the other, with fields that nobody knows, and in whichever way elements are packed.
    #[test]
    fn messages_are_read_as_others_read_them(
        (_, Made(first), Made(second)) in any_pair(),
        defaults in any::<bool>(),
        reader in prop_oneof![Just("M"), Just("N"), Just("P")],
    ) {
        // Field 3000 is a number, and 3001 a group with it.
        let unknown = [&[0xc0, 0xbb, 1, 5][..], &[0xcb, 0xbb, 1, 0xc0, 0xbb, 1, 5, 0xcc, 0xbb, 1]].concat();
        let bytes = [first.encode_to_vec(), unknown, second.encode_to_vec()].concat();
        with(reader, defaults, |proto, format, columns| {
            let judged = DynamicMessage::decode(proto.message(reader), bytes.as_slice()).unwrap();
            let read = printed(format, columns, &bytes);
            prop_assert_eq!(
                read.map(|row| sorted(&row)),
                Ok(sorted(&expected_row(&judged, columns, defaults)))
            );
            Ok(())
        })?;
    }

    /// What is read without default values has all that was there, so that the same message is written.
    #[test]
    fn messages_are_written_as_others_write_them((name, Made(message), _) in any_pair()) {
        with(name, false, |proto, format, columns| {
            let bytes = message.encode_to_vec();
            let rows = rows(format, columns, std::slice::from_ref(&bytes)).unwrap();
            let ours = written(format, columns, &rows, 0).unwrap();
            let judged = |bytes: &[u8]| {
                let judged = DynamicMessage::decode(proto.message(name), bytes).unwrap();
                sorted(&expected_row(&judged, columns, false))
            };
            prop_assert_eq!(judged(&ours), judged(&bytes));
            Ok(())
        })?;
    }

    /// A message that ends anywhere is one to both or to neither.
    #[test]
    fn messages_that_are_cut_off_are_errors(Made(message) in messages("M")) {
        let bytes = message.encode_to_vec();
        with("M", false, |proto, format, columns| {
            for end in 0..bytes.len().min(300) {
                let judged = DynamicMessage::decode(proto.message("M"), &bytes[..end]);
                let read = printed(format, columns, &bytes[..end]);
                prop_assert_eq!(
                    read.ok().map(|row| sorted(&row)),
                    judged.ok().map(|judged| sorted(&expected_row(&judged, columns, false)))
                );
            }
            Ok(())
        })?;
    }

    #[test]
    fn bytes_that_are_no_message_never_panic(
        Made(message) in messages("M"),
        bytes in vec(any::<u8>(), 0..60),
        at in any::<proptest::sample::Index>(),
    ) {
        with("M", true, |proto, format, columns| {
            let mut damaged = message.encode_to_vec();
            let at = at.index(damaged.len() + 1);
            damaged.splice(at..at, bytes.iter().copied());
            for bytes in [&bytes, &damaged] {
                let read = printed(format, columns, bytes);
                let judged = DynamicMessage::decode(proto.message("M"), bytes.as_slice());
                if let (Ok(row), Ok(judged)) = (read, judged) {
                    prop_assert_eq!(sorted(&row), sorted(&expected_row(&judged, columns, true)));
                }
            }
            Ok(())
        })?;
    }
}
