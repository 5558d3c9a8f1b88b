//! What comes before the value of a message: Confluent's wire format.

use super::SchemaId;

/// The first byte of a message.
const MAGIC: u8 = 0;

/// The number of a message's schema, and the bytes of its value.
///
/// # Errors
/// If it has none.
pub(in crate::formats) fn split(message: &[u8]) -> Result<(SchemaId, &[u8]), String> {
    match message.split_first_chunk() {
        Some(([MAGIC, a, b, c, d], value)) => Ok((SchemaId(u32::from_be_bytes([*a, *b, *c, *d])), value)),
        Some(([other, ..], _)) => Err(format!(
            "the message begins with the byte {other}, and not with 0: it was not written with a schema registry"
        )),
        None => Err(format!("{} bytes are no message with the number of a schema", message.len())),
    }
}

/// Appends what comes before the value of a message.
pub(in crate::formats) fn write_id(id: SchemaId, out: &mut Vec<u8>) {
    out.push(MAGIC);
    out.extend_from_slice(&id.0.to_be_bytes());
}
