//! Where the values of a message's fields are: in any order, and as often as they like.

use crate::chunk::ValueError;
use crate::formats::protobuf::plan::{FieldPlan, MessagePlan, NumberPlan, Shape, ValuePlan};
use crate::formats::protobuf::wire::{Input, RawValue, Span, WireType};

/// Nothing was found, or nothing more.
const NONE: usize = usize::MAX;

/// What has been found of the message at hand, and of those in it that are being read.
#[derive(Default)]
pub(super) struct Scratch {
    /// One for each field of each of these messages.
    pub(super) slots: Vec<Slot>,
    pub(super) found: Vec<Found>,
}

/// The values of a field, from the first to the last.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub(super) first: usize,
    pub(super) last: usize,
}

pub(super) struct Found {
    value: RawValue,
    /// The next value of the field.
    next: usize,
}

/// Where the bytes of a message are: there may be several parts, which are merged.
#[derive(Clone, Copy)]
pub(super) enum Parts {
    None,
    One(Span),
    /// These values of a field, from the first on.
    From(usize),
}

/// A message that is read.
pub(super) struct Reading<'a> {
    pub(super) message: &'a [u8],
    pub(super) scratch: &'a mut Scratch,
    /// Whether a value was passed over, because its enum does not have it.
    pub(super) is_unknown: bool,
}

impl Reading<'_> {
    pub(super) fn slot(&self, index: usize) -> Slot {
        self.scratch.slots.get(index).copied().unwrap_or(Slot::EMPTY)
    }

    /// A value, and the place of the next.
    pub(super) fn found(&self, index: usize) -> Option<(RawValue, usize)> {
        self.scratch.found.get(index).map(|found| (found.value, found.next))
    }

    /// Notes a value of a field; it replaces those before it, unless it is one of many.
    fn note(&mut self, index: usize, value: RawValue, is_one_of_many: bool) {
        let Scratch { slots, found } = &mut *self.scratch;
        let Some(slot) = slots.get_mut(index) else { return };
        let end = found.len();
        match found.get_mut(slot.last) {
            Some(last) if !is_one_of_many => {
                last.value = value;
                return;
            }
            Some(last) => last.next = end,
            None => slot.first = end,
        }
        slot.last = end;
        found.push(Found { value, next: NONE });
    }

    /// Forgets what was found of a field.
    fn forget(&mut self, index: usize) {
        if let Some(slot) = self.scratch.slots.get_mut(index) {
            *slot = Slot::EMPTY;
        }
    }
}

impl Slot {
    pub(super) const EMPTY: Self = Self { first: NONE, last: NONE };
}

impl MessagePlan {
    pub(super) fn scan_parts(
        &self,
        reading: &mut Reading<'_>,
        parts: Parts,
        slots: usize,
    ) -> Result<(), ValueError> {
        match parts {
            Parts::None => Ok(()),
            Parts::One(part) => self.scan(reading, part, slots),
            Parts::From(mut next) => {
                while let Some((value, following)) = reading.found(next) {
                    if let RawValue::Bytes(part) = value {
                        self.scan(reading, part, slots)?;
                    }
                    next = following;
                }
                Ok(())
            }
        }
    }

    /// Notes where values are; the field at place `p` has slot `slots + p`.
    pub(super) fn scan(&self, reading: &mut Reading<'_>, part: Span, slots: usize) -> Result<(), ValueError> {
        let mut input = Input::new(reading.message, part);
        let mut expected = 0;
        while !input.is_empty() {
            let (number, wire) = input.tag().map_err(ValueError::new)?;
            let value = input.value(number, wire).map_err(ValueError::new)?;
            let Some((place, planned)) = self.planned(number, expected) else { continue };
            expected = place;
            let field = planned.field.and_then(|position| Some((position, self.fields.get(position)?)));
            if let Some((_, field)) = field {
                field.check(wire, &self.name).map_err(|error| error.in_field(&field.name))?;
                if !field.has(reading.message, value) {
                    reading.is_unknown = true;
                    continue;
                }
            }
            for other in planned.oneof.and_then(|oneof| self.oneofs.get(oneof)).into_iter().flatten() {
                if planned.field != Some(*other) {
                    reading.forget(slots + other);
                }
            }
            if let Some((position, field)) = field {
                reading.note(slots + position, value, field.has_many());
            }
        }
        Ok(())
    }

    /// What is planned for a number, and its place among all numbers. Fields mostly come in the order of their numbers.
    #[inline]
    fn planned(&self, number: u32, expected: usize) -> Option<(usize, &NumberPlan)> {
        for place in [expected, expected + 1] {
            if let Some(planned) = self.numbers.get(place).filter(|planned| planned.number == number) {
                return Some((place, planned));
            }
        }
        let place = self.numbers.binary_search_by_key(&number, |planned| planned.number).ok()?;
        self.numbers.get(place).map(|planned| (place, planned))
    }
}

impl FieldPlan {
    /// Whether all values of the field count, and not the last alone.
    const fn has_many(&self) -> bool {
        !matches!(
            self.shape,
            Shape::Single(ValuePlan::Number(_) | ValuePlan::Symbol(_) | ValuePlan::Text | ValuePlan::Bytes)
        )
    }

    /// Whether a value looks as the field's do.
    fn check(&self, wire: WireType, message: &str) -> Result<(), ValueError> {
        let (expected, is_packable) = match &self.shape {
            Shape::Missing => return Ok(()),
            Shape::Single(value) => (value.wire(), false),
            Shape::Repeated { element, .. } => (element.wire(), element.is_packable()),
            Shape::Map(_) => (WireType::Bytes, false),
        };
        if wire == expected || (is_packable && wire == WireType::Bytes) {
            return Ok(());
        }
        Err(ValueError::new(format!(
            "field {} is {}, and in {message} it is {}: the message was written with another schema",
            self.number,
            wire.describe(),
            expected.describe()
        )))
    }

    /// Whether a value is one of the field's: not if its enum does not have it, or if there are no elements.
    fn has(&self, message: &[u8], value: RawValue) -> bool {
        match (&self.shape, value) {
            (Shape::Single(ValuePlan::Symbol(symbols)), RawValue::Number(bits)) => symbols.has(bits),
            (Shape::Repeated { element: ValuePlan::Symbol(symbols), .. }, RawValue::Number(bits)) => {
                symbols.has(bits)
            }
            (Shape::Repeated { element: ValuePlan::Symbol(symbols), .. }, RawValue::Bytes(packed)) => {
                let mut input = Input::new(message, packed);
                while !input.is_empty() {
                    // What is wrong with the bytes is said when they are read.
                    if input.varint().map_or(true, |bits| symbols.has(bits)) {
                        return true;
                    }
                }
                false
            }
            (Shape::Repeated { element: ValuePlan::Number(_), .. }, RawValue::Bytes(packed)) => {
                !packed.is_empty()
            }
            _ => true,
        }
    }
}
