//! Which message of a file a value is: the place of a message in the file, of one in that message, and so on.
//!
//! As Confluent's wire format: how many places there are, and each of them, as signed numbers. The first message of the file
//! is a single 0.

use prost_reflect::MessageDescriptor;

use super::super::wire::{Input, Problem, Span, from_zigzag, to_zigzag, write_varint};

/// How deep a message may be in others.
const DEEPEST: i64 = 100;

/// Reads the places into `indexes`, and gives what follows them.
///
/// # Errors
/// If there are none.
pub(super) fn read<'a>(value: &'a [u8], indexes: &mut Vec<usize>) -> Result<&'a [u8], Problem> {
    indexes.clear();
    let mut input = Input::new(value, Span { start: 0, end: value.len() });
    let no_indexes = |problem: Problem| {
        format!("the message does not say which of its schema's messages it is: {problem}")
    };
    let count = from_zigzag(input.varint().map_err(no_indexes)?);
    if count == 0 {
        indexes.push(0);
        return Ok(input.rest());
    }
    if !(1..=DEEPEST).contains(&count) {
        return Err(no_indexes(format!("there are {count} places")));
    }
    for _ in 0..count {
        let place = from_zigzag(input.varint().map_err(no_indexes)?);
        indexes.push(usize::try_from(place).map_err(|_| no_indexes(format!("{place} is no place")))?);
    }
    Ok(input.rest())
}

/// Appends places.
pub(super) fn write(indexes: &[usize], out: &mut Vec<u8>) {
    if indexes == [0] {
        out.push(0);
        return;
    }
    let mut number = |number: usize| write_varint(to_zigzag(i64::try_from(number).unwrap_or(i64::MAX)), out);
    number(indexes.len());
    indexes.iter().for_each(|index| number(*index));
}

/// Where a message is in its file.
pub(super) fn of(message: &MessageDescriptor) -> Vec<usize> {
    let place = |mut siblings: Box<dyn Iterator<Item = MessageDescriptor> + '_>,
                 wanted: &MessageDescriptor| {
        siblings.position(|sibling| sibling == *wanted).unwrap_or_default()
    };
    let (mut indexes, mut inner) = (Vec::new(), message.clone());
    while let Some(outer) = inner.parent_message() {
        indexes.push(place(Box::new(children(&outer)), &inner));
        inner = outer;
    }
    indexes.push(place(Box::new(inner.parent_file().messages()), &inner));
    indexes.reverse();
    indexes
}

/// The messages that are declared in another one; the entries of its maps are not.
pub(super) fn children(message: &MessageDescriptor) -> impl Iterator<Item = MessageDescriptor> + '_ {
    message.child_messages().filter(|child| !child.is_map_entry())
}
