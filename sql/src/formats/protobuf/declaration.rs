//! Fields in words: how their file declares them, and which columns they may be.

use prost_reflect::{FieldDescriptor, Kind};

/// A field as its file declares it.
pub(super) fn describe(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => format!(
            "map<{}, {}>",
            kind_name(&entry.map_entry_key_field().kind()),
            kind_name(&entry.map_entry_value_field().kind())
        ),
        kind if field.is_list() => format!("repeated {}", kind_name(&kind)),
        kind => kind_name(&kind),
    }
}

fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(symbols) => format!("enum {}", symbols.full_name()),
        // Scalars are called as they are written in files, in capitals.
        other => format!("{other:?}"),
    }
}

/// The type that a column of a field may have.
pub(super) fn declaration(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => format!(
            "MAP<{}, {}>",
            type_of(&entry.map_entry_key_field().kind(), 0),
            type_of(&entry.map_entry_value_field().kind(), 0)
        ),
        kind if field.is_list() => format!("ARRAY<{}>", type_of(&kind, 0)),
        kind => {
            let more = match kind {
                Kind::Uint32 | Kind::Fixed32 => ", or BIGINT for numbers above 2147483647",
                Kind::Uint64 | Kind::Fixed64 => ", or DECIMAL(20, 0) for numbers above 9223372036854775807",
                Kind::Enum(_) => ", or INT for the numbers of the enum",
                _ => "",
            };
            format!("{}{more}", type_of(&kind, 0))
        }
    }
}

/// The type of a column, down to some depth: messages may have themselves as a part.
fn type_of(kind: &Kind, depth: usize) -> String {
    match kind {
        Kind::Bool => "BOOLEAN".to_owned(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => "INT".to_owned(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => "BIGINT".to_owned(),
        Kind::Float => "FLOAT".to_owned(),
        Kind::Double => "DOUBLE".to_owned(),
        Kind::String | Kind::Enum(_) => "STRING".to_owned(),
        Kind::Bytes => "BYTES".to_owned(),
        Kind::Message(_) if depth > 0 => "ROW<…>".to_owned(),
        Kind::Message(message) => {
            let fields = message.fields().map(|field| {
                let value = type_of(&field.kind(), depth + 1);
                let name = field.name();
                if field.is_map() {
                    format!("`{name}` MAP<…>")
                } else if field.is_list() {
                    format!("`{name}` ARRAY<{value}>")
                } else {
                    format!("`{name}` {value}")
                }
            });
            format!("ROW<{}>", fields.collect::<Vec<_>>().join(", "))
        }
    }
}
