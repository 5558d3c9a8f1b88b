//! Columns to messages: what is NULL is left out, and what cannot be NULL in Protobuf is a default value, as in Flink.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::plan::{FieldPlan, MessagePlan, Shape, ValuePlan};
use super::wire::{Problem, WireType, write_bytes, write_number, write_sized, write_tag, write_varint};
use crate::chunk::Scalar;

/// Writes messages of one plan.
#[derive(Debug)]
pub(super) struct MessageWriter {
    plan: MessagePlan,
    /// The text that NULL is in arrays and maps.
    null_literal: Arc<str>,
}

impl MessageWriter {
    pub(super) const fn new(plan: MessagePlan, null_literal: Arc<str>) -> Self {
        Self { plan, null_literal }
    }

    /// Appends the message of a row.
    ///
    /// # Errors
    /// Which value cannot be written.
    pub(super) fn write(&self, columns: &[ArrayRef], row: usize, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.message(&self.plan, columns, row, out)
    }

    fn message(
        &self,
        plan: &MessagePlan,
        columns: &[ArrayRef],
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        for position in &plan.written {
            let (Some(field), Some(column)) = (plan.fields.get(*position), columns.get(*position)) else {
                return Err(other_type());
            };
            if column.is_null(row) {
                if field.is_required {
                    return Err(format!(
                        "column `{}`: it is NULL, and the field is required in message {}",
                        field.name, plan.name
                    ));
                }
                continue;
            }
            // Of a oneof the last counts that is not NULL.
            let members = field.oneof.and_then(|oneof| plan.oneofs.get(oneof));
            let is_overridden = members.is_some_and(|members| {
                let mut later = members.iter().filter(|member| *member > position);
                later.any(|member| columns.get(*member).is_some_and(|column| !column.is_null(row)))
            });
            if !is_overridden {
                self.field(field, column, row, out)
                    .map_err(|problem| format!("column `{}`: {problem}", field.name))?;
            }
        }
        Ok(())
    }

    fn field(
        &self,
        field: &FieldPlan,
        column: &ArrayRef,
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        match &field.shape {
            Shape::Missing => Ok(()),
            Shape::Single(value) => {
                let start = out.len();
                write_tag(field.number, value.wire(), out);
                let is_default = self.value(value, field.number, column, row, out)?;
                if is_default && !field.has_presence {
                    out.truncate(start);
                }
                Ok(())
            }
            Shape::Repeated { element, is_packed } => {
                let list = column.as_list_opt::<i32>().ok_or_else(other_type)?;
                let elements = range(list.value_offsets(), row);
                if elements.is_empty() {
                    return Ok(());
                }
                if !is_packed {
                    return elements.into_iter().try_for_each(|index| {
                        write_tag(field.number, element.wire(), out);
                        self.element(element, field.number, list.values(), index, out)
                    });
                }
                write_tag(field.number, WireType::Bytes, out);
                write_sized(out, |out| {
                    elements
                        .into_iter()
                        .try_for_each(|index| self.element(element, field.number, list.values(), index, out))
                })
            }
            Shape::Map(entry) => {
                let map = column.as_map_opt().ok_or_else(other_type)?;
                let columns = [map.keys(), map.values()];
                range(map.value_offsets(), row).into_iter().try_for_each(|index| {
                    write_tag(field.number, WireType::Bytes, out);
                    write_sized(out, |out| {
                        for (part, column) in entry.fields.iter().zip(columns) {
                            if let Shape::Single(value) = &part.shape {
                                write_tag(part.number, value.wire(), out);
                                self.element(value, part.number, column, index, out)?;
                            }
                        }
                        Ok(())
                    })
                })
            }
        }
    }

    /// Appends an element of an array, or a part of a map's entry.
    fn element(
        &self,
        value: &ValuePlan,
        number: u32,
        column: &ArrayRef,
        index: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        if !column.is_null(index) {
            return self.value(value, number, column, index, out).map(drop);
        }
        match value {
            ValuePlan::Number(number) => write_number(0, number.wire, out),
            ValuePlan::Symbol(symbols) => write_varint(symbols.first_bits(), out),
            ValuePlan::Text => write_bytes(self.null_literal.as_bytes(), out),
            ValuePlan::Message { is_group: true, .. } => write_tag(number, WireType::EndGroup, out),
            ValuePlan::Bytes | ValuePlan::Message { .. } => write_varint(0, out),
        }
        Ok(())
    }

    /// Appends a value, and says whether it is the one of messages that do not have the field.
    fn value(
        &self,
        value: &ValuePlan,
        number: u32,
        column: &ArrayRef,
        row: usize,
        out: &mut Vec<u8>,
    ) -> Result<bool, Problem> {
        match value {
            ValuePlan::Number(number) => {
                let bits = number.bits(scalar(column, row)?)?;
                write_number(bits, number.wire, out);
                Ok(bits == 0)
            }
            ValuePlan::Symbol(symbols) => {
                let bits = symbols.bits(scalar(column, row)?)?;
                write_varint(bits, out);
                Ok(bits == 0)
            }
            ValuePlan::Text | ValuePlan::Bytes => {
                let bytes = match scalar(column, row)? {
                    Scalar::Text(text) => text.as_bytes(),
                    Scalar::Bytes(bytes) => bytes,
                    _ => return Err(other_type()),
                };
                write_bytes(bytes, out);
                Ok(bytes.is_empty())
            }
            ValuePlan::Message { plan, is_group } => {
                let fields = column.as_struct_opt().ok_or_else(other_type)?.columns();
                if *is_group {
                    self.message(plan, fields, row, out)?;
                    write_tag(number, WireType::EndGroup, out);
                } else {
                    write_sized(out, |out| self.message(plan, fields, row, out))?;
                }
                Ok(false)
            }
        }
    }
}

fn other_type() -> Problem {
    "a column of another type than the table's".to_owned()
}

/// Which elements a row has.
fn range(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    let offset =
        |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or_default();
    offset(row)..offset(row + 1)
}

/// A value that is made of no others.
fn scalar(column: &ArrayRef, row: usize) -> Result<Scalar<'_>, Problem> {
    let scalar = match column.data_type() {
        DataType::Boolean => column.as_boolean_opt().map(|values| Scalar::Boolean(values.value(row))),
        DataType::Int8 => {
            column.as_primitive_opt::<Int8Type>().map(|values| Scalar::Integer(values.value(row).into()))
        }
        DataType::Int16 => {
            column.as_primitive_opt::<Int16Type>().map(|values| Scalar::Integer(values.value(row).into()))
        }
        DataType::Int32 => {
            column.as_primitive_opt::<Int32Type>().map(|values| Scalar::Integer(values.value(row).into()))
        }
        DataType::Int64 => {
            column.as_primitive_opt::<Int64Type>().map(|values| Scalar::Integer(values.value(row)))
        }
        DataType::Float32 => {
            column.as_primitive_opt::<Float32Type>().map(|values| Scalar::Float(values.value(row).into()))
        }
        DataType::Float64 => {
            column.as_primitive_opt::<Float64Type>().map(|values| Scalar::Float(values.value(row)))
        }
        DataType::Decimal128(..) => {
            column.as_primitive_opt::<Decimal128Type>().map(|values| Scalar::Decimal(values.value(row)))
        }
        DataType::Utf8View => column.as_string_view_opt().map(|values| Scalar::Text(values.value(row))),
        DataType::BinaryView => column.as_binary_view_opt().map(|values| Scalar::Bytes(values.value(row))),
        _ => None,
    };
    scalar.ok_or_else(other_type)
}
