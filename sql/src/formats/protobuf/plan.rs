//! How the fields of a message and the columns of a table belong together: by their names.
//!
//! One plan says how messages are read and how they are written. It is made once for a table, or once for each schema of a
//! registry.

use std::sync::Arc;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};

use super::declaration::{declaration, describe};
use super::value::{DefaultValue, Number, Symbols};
use super::wire::WireType;
use crate::chunk::ValueError;
use crate::types::{Field, NamedField, SqlType};

/// What the table says of messages beside its columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Whether a field that a message does not have is its default value, and not NULL.
    pub(super) read_default_values: bool,
    /// Whether a column without a field is NULL, and not refused.
    pub(super) allow_missing_fields: bool,
}

/// A message, and the columns or fields of a ROW that it becomes.
#[derive(Debug)]
pub(super) struct MessagePlan {
    /// The full name.
    pub(super) name: Arc<str>,
    /// One for each column, in their order.
    pub(super) fields: Vec<FieldPlan>,
    /// What is looked for in bytes, in the order of the numbers.
    pub(super) numbers: Vec<NumberPlan>,
    /// Which fields of each oneof are read.
    pub(super) oneofs: Vec<Vec<usize>>,
    /// The fields that are written, in the order of their numbers.
    pub(super) written: Vec<usize>,
    /// The required field that has no column, if there is one.
    pub(super) unwritable: Option<Arc<str>>,
}

/// A number that is looked for.
#[derive(Debug)]
pub(super) struct NumberPlan {
    pub(super) number: u32,
    /// The field; `None` if it is looked for only because others of its oneof are read.
    pub(super) field: Option<usize>,
    pub(super) oneof: Option<usize>,
}

#[derive(Debug)]
pub(super) struct FieldPlan {
    pub(super) name: Arc<str>,
    pub(super) number: u32,
    pub(super) shape: Shape,
    /// What is read where a message has no such field.
    pub(super) absent: Absent,
    /// Whether a message says that it has the field, also where it has its default value.
    pub(super) has_presence: bool,
    pub(super) is_required: bool,
    pub(super) oneof: Option<usize>,
}

/// How often a field may be there.
#[derive(Debug)]
pub(super) enum Shape {
    /// The message has no field of the column's name.
    Missing,
    Single(ValuePlan),
    Repeated {
        element: ValuePlan,
        /// Whether numbers are written one behind the other.
        is_packed: bool,
    },
    /// A message of two fields for each entry.
    Map(Box<MessagePlan>),
}

#[derive(Debug)]
pub(super) enum ValuePlan {
    Number(Number),
    Symbol(Symbols),
    Text,
    Bytes,
    Message { plan: Box<MessagePlan>, is_group: bool },
}

#[derive(Clone, Debug)]
pub(super) enum Absent {
    Null,
    Default(DefaultValue),
    /// An ARRAY or MAP without elements.
    Empty,
    /// A message without fields.
    Message,
}

impl MessagePlan {
    /// Looks for required fields that have no column, here and in messages within.
    ///
    /// # Errors
    /// The field.
    pub(super) fn check_writable(&self) -> Result<(), String> {
        if let Some(field) = &self.unwritable {
            return Err(format!(
                "rows cannot be written: field `{field}` is required in message {}, and the table has no column of that \
                 name",
                self.name
            ));
        }
        self.fields.iter().try_for_each(|field| match &field.shape {
            Shape::Map(entry) => entry.check_writable(),
            Shape::Single(ValuePlan::Message { plan, .. })
            | Shape::Repeated { element: ValuePlan::Message { plan, .. }, .. } => plan.check_writable(),
            _ => Ok(()),
        })
    }
}

impl ValuePlan {
    /// What the bytes of a value look like.
    pub(super) const fn wire(&self) -> WireType {
        match self {
            Self::Number(number) => number.wire,
            Self::Symbol(_) => WireType::Varint,
            Self::Message { is_group: true, .. } => WireType::StartGroup,
            Self::Text | Self::Bytes | Self::Message { .. } => WireType::Bytes,
        }
    }

    /// Whether several values may stand behind one tag.
    pub(super) const fn is_packable(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Symbol(_))
    }
}

/// Resolves a message with columns.
///
/// # Errors
/// Which column has no field, or is of a type that its field is not.
pub(super) fn resolve(
    message: &MessageDescriptor,
    columns: &[NamedField],
    rules: Rules,
) -> Result<MessagePlan, ValueError> {
    let mut oneofs: Vec<(OneofDescriptor, Vec<usize>)> = Vec::new();
    let mut fields = Vec::with_capacity(columns.len());
    for (position, column) in columns.iter().enumerate() {
        let resolved = match message.get_field_by_name(&column.name) {
            Some(field) => {
                let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
                let oneof = oneof.map(|oneof| {
                    let known = oneofs.iter().position(|(known, _)| *known == oneof);
                    let known = known.unwrap_or_else(|| {
                        oneofs.push((oneof, Vec::new()));
                        oneofs.len() - 1
                    });
                    if let Some((_, members)) = oneofs.get_mut(known) {
                        members.push(position);
                    }
                    known
                });
                resolve_field(&field, &column.field, oneof, rules)
            }
            None if rules.allow_missing_fields && column.field.nullable => Ok(FieldPlan {
                name: column.name.clone(),
                number: 0,
                shape: Shape::Missing,
                absent: Absent::Null,
                has_presence: true,
                is_required: false,
                oneof: None,
            }),
            None => Err(ValueError::new(format!(
                "message {} has no field of that name{}",
                message.full_name(),
                if rules.allow_missing_fields { ", and it is NOT NULL" } else { "" }
            ))),
        };
        fields.push(resolved.map_err(|error| error.in_field(&column.name))?);
    }
    Ok(arranged(message, fields, &oneofs))
}

/// A plan of these fields.
fn arranged(
    message: &MessageDescriptor,
    fields: Vec<FieldPlan>,
    oneofs: &[(OneofDescriptor, Vec<usize>)],
) -> MessagePlan {
    let read = fields.iter().enumerate().filter(|(_, field)| !matches!(field.shape, Shape::Missing));
    let mut numbers: Vec<_> = read
        .map(|(position, field)| NumberPlan {
            number: field.number,
            field: Some(position),
            oneof: field.oneof,
        })
        .collect();
    for (index, (oneof, _)) in oneofs.iter().enumerate() {
        for member in oneof.fields() {
            if numbers.iter().all(|known| known.number != member.number()) {
                numbers.push(NumberPlan { number: member.number(), field: None, oneof: Some(index) });
            }
        }
    }
    numbers.sort_unstable_by_key(|plan| plan.number);
    let written = numbers.iter().filter_map(|plan| plan.field).collect();
    let unwritable = message
        .fields()
        .find(|field| field.is_required() && !fields.iter().any(|planned| planned.number == field.number()));
    MessagePlan {
        name: message.full_name().into(),
        fields,
        numbers,
        oneofs: oneofs.iter().map(|(_, members)| members.clone()).collect(),
        written,
        unwritable: unwritable.map(|field| field.name().into()),
    }
}

fn resolve_field(
    field: &FieldDescriptor,
    column: &Field,
    oneof: Option<usize>,
    rules: Rules,
) -> Result<FieldPlan, ValueError> {
    let mismatch = || {
        ValueError::new(format!(
            "it is {column}, and the field is {} in message {}: declare {}",
            describe(field),
            field.parent_message().full_name(),
            declaration(field)
        ))
    };
    let shape = match &column.data_type {
        SqlType::Map(key, value) if field.is_map() => {
            Shape::Map(Box::new(resolve_entry(field, key, value, rules)?.ok_or_else(mismatch)?))
        }
        SqlType::Array(element) if field.is_list() => Shape::Repeated {
            element: resolve_value(field, element, rules)?.ok_or_else(mismatch)?,
            is_packed: field.is_packed(),
        },
        _ if field.is_list() || field.is_map() => return Err(mismatch()),
        _ => Shape::Single(resolve_value(field, column, rules)?.ok_or_else(mismatch)?),
    };
    let absent = match &shape {
        // Having no elements is the same as having no such field.
        Shape::Repeated { .. } | Shape::Map(_) if rules.read_default_values || !column.nullable => {
            Absent::Empty
        }
        Shape::Repeated { .. } | Shape::Map(_) => Absent::Null,
        _ if field.supports_presence() && !rules.read_default_values => Absent::Null,
        _ => default_of(field),
    };
    Ok(FieldPlan {
        name: field.name().into(),
        number: field.number(),
        shape,
        absent,
        has_presence: field.supports_presence(),
        is_required: field.is_required(),
        oneof,
    })
}

fn default_of(field: &FieldDescriptor) -> Absent {
    DefaultValue::of(&field.default_value()).map_or(Absent::Message, Absent::Default)
}

/// The message of an entry of a map; `None` if that is of other types.
fn resolve_entry(
    field: &FieldDescriptor,
    key: &Field,
    value: &Field,
    rules: Rules,
) -> Result<Option<MessagePlan>, ValueError> {
    let Kind::Message(entry) = field.kind() else { return Ok(None) };
    let mut fields = Vec::with_capacity(2);
    for (field, column) in [(entry.map_entry_key_field(), key), (entry.map_entry_value_field(), value)] {
        let resolved = resolve_value(&field, column, rules).map_err(|error| error.in_field(field.name()))?;
        let Some(shape) = resolved.map(Shape::Single) else { return Ok(None) };
        fields.push(FieldPlan {
            name: field.name().into(),
            number: field.number(),
            shape,
            absent: default_of(&field),
            has_presence: true,
            is_required: false,
            oneof: None,
        });
    }
    Ok(Some(arranged(&entry, fields, &[])))
}

/// A value of a field; `None` if it is of another type.
fn resolve_value(
    field: &FieldDescriptor,
    column: &Field,
    rules: Rules,
) -> Result<Option<ValuePlan>, ValueError> {
    Ok(match (field.kind(), &column.data_type) {
        (Kind::String, data_type) if data_type.is_text() => Some(ValuePlan::Text),
        (Kind::Bytes, data_type) if data_type.is_binary() => Some(ValuePlan::Bytes),
        (Kind::Enum(symbols), data_type) => Symbols::of(&symbols, data_type).map(ValuePlan::Symbol),
        (Kind::Message(message), SqlType::Row(fields)) => {
            let plan = Box::new(resolve(&message, fields, rules)?);
            Some(ValuePlan::Message { plan, is_group: field.is_group() })
        }
        (kind, data_type) => Number::of(&kind, data_type).map(ValuePlan::Number),
    })
}
