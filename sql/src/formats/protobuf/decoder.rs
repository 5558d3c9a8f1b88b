//! Messages to columns.
//!
//! Fields come in any order, and as often as they like: of a single one the last counts, messages are merged, elements are
//! gathered. So a message is read twice: first it is noted where the values of each field are, then they are appended column
//! by column.

mod scan;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::plan::{Absent, FieldPlan, MessagePlan, Shape, ValuePlan};
use super::value::DefaultValue;
use super::wire::{Input, RawValue, Span};
use crate::chunk::{ColumnBuilder, Scalar, ValueError};
use scan::{Parts, Reading, Scratch, Slot};

/// Reads messages of one plan.
pub(super) struct MessageReader {
    plan: MessagePlan,
    scratch: Scratch,
}

impl MessageReader {
    pub(super) fn new(plan: MessagePlan) -> Self {
        Self { plan, scratch: Scratch::default() }
    }

    /// Appends the fields of a message, one to each column.
    ///
    /// # Errors
    /// What is wrong, with the field.
    pub(super) fn read(&mut self, message: &[u8], columns: &mut [ColumnBuilder]) -> Result<(), ValueError> {
        let Scratch { slots, found } = &mut self.scratch;
        slots.clear();
        found.clear();
        let whole = Span { start: 0, end: message.len() };
        let mut reading = Reading { message, scratch: &mut self.scratch, is_unknown: false };
        self.plan.read(&mut reading, Parts::One(whole), columns.iter_mut())
    }
}

impl MessagePlan {
    /// Appends the fields of a message, one to each column.
    fn read<'c>(
        &self,
        reading: &mut Reading<'_>,
        parts: Parts,
        columns: impl Iterator<Item = &'c mut ColumnBuilder>,
    ) -> Result<(), ValueError> {
        let (slots, found) = (reading.scratch.slots.len(), reading.scratch.found.len());
        reading.scratch.slots.resize(slots + self.fields.len(), Slot::EMPTY);
        let mut read = self.scan_parts(reading, parts, slots);
        if read.is_ok() {
            let pairs = self.fields.iter().zip(columns).enumerate();
            read = pairs.into_iter().try_for_each(|(index, (field, column))| {
                let slot = reading.slot(slots + index);
                field.append(reading, slot, column).map_err(|error| error.in_field(&field.name))
            });
        }
        reading.scratch.slots.truncate(slots);
        reading.scratch.found.truncate(found);
        read
    }

    /// The entries of a map that count: of those with the same key the last, and none whose value its enum does not have.
    fn entries(&self, reading: &mut Reading<'_>, first: usize) -> Result<Vec<Span>, ValueError> {
        let mut entries: Vec<Option<Span>> = Vec::new();
        let mut places = HashMap::new();
        let mut next = first;
        while let Some((value, following)) = reading.found(next) {
            next = following;
            let RawValue::Bytes(entry) = value else { continue };
            let (slots, found) = (reading.scratch.slots.len(), reading.scratch.found.len());
            reading.scratch.slots.resize(slots + self.fields.len(), Slot::EMPTY);
            reading.is_unknown = false;
            let scanned = self.scan(reading, entry, slots);
            let key = reading.found(reading.slot(slots).first).map(|(value, _)| value);
            reading.scratch.slots.truncate(slots);
            reading.scratch.found.truncate(found);
            scanned?;
            if std::mem::take(&mut reading.is_unknown) {
                continue;
            }
            match places.entry(self.key(reading.message, key)) {
                Entry::Occupied(mut known) => {
                    if let Some(replaced) = entries.get_mut(*known.get()) {
                        *replaced = None;
                    }
                    known.insert(entries.len());
                }
                Entry::Vacant(new) => drop(new.insert(entries.len())),
            }
            entries.push(Some(entry));
        }
        Ok(entries.into_iter().flatten().collect())
    }

    /// The key of an entry, so that keys are the same that mean the same.
    fn key<'a>(&self, message: &'a [u8], found: Option<RawValue>) -> MapKey<'a> {
        match (self.fields.first().map(|field| &field.shape), found) {
            (Some(Shape::Single(ValuePlan::Number(number))), Some(RawValue::Number(bits))) => {
                match number.read(bits) {
                    Scalar::Integer(value) => MapKey::Integer(value.into()),
                    Scalar::Decimal(value) => MapKey::Integer(value),
                    Scalar::Boolean(value) => MapKey::Integer(value.into()),
                    // Nothing else is a key.
                    _ => MapKey::Integer(bits.into()),
                }
            }
            (Some(Shape::Single(ValuePlan::Number(_))), _) => MapKey::Integer(0),
            (_, Some(RawValue::Bytes(key))) => MapKey::Text(key.of(message)),
            _ => MapKey::Text(b""),
        }
    }
}

#[derive(PartialEq, Eq, Hash)]
enum MapKey<'a> {
    Integer(i128),
    Text(&'a [u8]),
}

impl FieldPlan {
    /// Appends what was found of the field.
    fn append(
        &self,
        reading: &mut Reading<'_>,
        slot: Slot,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError> {
        let Some((last, _)) = reading.found(slot.last) else { return self.append_absent(reading, column) };
        match &self.shape {
            Shape::Missing => column.append_null(),
            Shape::Single(ValuePlan::Message { plan, .. }) => {
                column.append_row(|fields| plan.read(reading, Parts::From(slot.first), fields.iter_mut()))
            }
            Shape::Single(value) => value.append(reading, last, column),
            Shape::Repeated { element, .. } => column.append_array(|elements| {
                let before = elements.len();
                let mut next = slot.first;
                while let Some((value, following)) = reading.found(next) {
                    element.append_elements(reading, value, before, elements)?;
                    next = following;
                }
                Ok(())
            }),
            Shape::Map(entry) => {
                let entries = entry.entries(reading, slot.first);
                column.append_map(|keys, values| {
                    entries?.into_iter().try_for_each(|part| {
                        entry.read(reading, Parts::One(part), [&mut *keys, &mut *values].into_iter())
                    })
                })
            }
        }
    }

    /// Appends what the field is in messages that do not have it.
    fn append_absent(&self, reading: &mut Reading<'_>, column: &mut ColumnBuilder) -> Result<(), ValueError> {
        match (&self.absent, &self.shape) {
            (Absent::Empty, Shape::Map(_)) => column.append_map(|_, _| Ok(())),
            (Absent::Empty, _) => column.append_array(|_| Ok(())),
            (Absent::Message, Shape::Single(ValuePlan::Message { plan, .. })) => {
                column.append_row(|fields| plan.read(reading, Parts::None, fields.iter_mut()))
            }
            (Absent::Default(value), Shape::Single(plan)) => plan.append_default(value, column),
            _ => column.append_null(),
        }
    }
}

impl ValuePlan {
    /// Appends a value of an array, or several. The array's first is behind so many of other arrays.
    fn append_elements(
        &self,
        reading: &mut Reading<'_>,
        value: RawValue,
        before: usize,
        elements: &mut ColumnBuilder,
    ) -> Result<(), ValueError> {
        let mut append = |reading: &mut Reading<'_>, value| {
            let appended = self.append(reading, value, elements);
            appended.map_err(|error| error.in_element(elements.len() - before))
        };
        let packed = match value {
            RawValue::Bytes(packed) if self.is_packable() => packed,
            _ => return append(reading, value),
        };
        let mut input = Input::new(reading.message, packed);
        while !input.is_empty() {
            let bits = input.number(self.wire()).map_err(ValueError::new)?;
            let is_unknown = matches!(self, Self::Symbol(symbols) if !symbols.has(bits));
            if !is_unknown {
                append(reading, RawValue::Number(bits))?;
            }
        }
        Ok(())
    }

    /// Appends a value.
    fn append(
        &self,
        reading: &mut Reading<'_>,
        value: RawValue,
        column: &mut ColumnBuilder,
    ) -> Result<(), ValueError> {
        match (self, value) {
            (Self::Number(number), RawValue::Number(bits)) => column.append(number.read(bits)),
            (Self::Symbol(symbols), RawValue::Number(bits)) => column.append(symbols.read(bits)),
            (Self::Text, RawValue::Bytes(text)) => column.append_result(utf8(text.of(reading.message))),
            (Self::Bytes, RawValue::Bytes(bytes)) => column.append(Scalar::Bytes(bytes.of(reading.message))),
            (Self::Message { plan, .. }, RawValue::Bytes(part)) => {
                column.append_row(|fields| plan.read(reading, Parts::One(part), fields.iter_mut()))
            }
            // Such a value is refused when it is found.
            _ => column.append_result(Err("a value that is none of its field".to_owned())),
        }
    }

    /// Appends a default value.
    fn append_default(&self, value: &DefaultValue, column: &mut ColumnBuilder) -> Result<(), ValueError> {
        match (self, value) {
            (Self::Number(number), DefaultValue::Number(bits)) => column.append(number.plain(*bits)),
            (Self::Symbol(symbols), DefaultValue::Number(bits)) => column.append(symbols.read(*bits)),
            (Self::Text, DefaultValue::Bytes(text)) => column.append_result(utf8(text)),
            (Self::Bytes, DefaultValue::Bytes(bytes)) => column.append(Scalar::Bytes(bytes)),
            _ => column.append_null(),
        }
    }
}

fn utf8(text: &[u8]) -> Result<Scalar<'_>, String> {
    let text = std::str::from_utf8(text);
    text.map(Scalar::Text).map_err(|error| format!("the text is not UTF-8: {error}"))
}
