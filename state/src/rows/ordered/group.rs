//! The rows of one key group, and their block in a snapshot.
//!
//! ```text
//! row:  length of the key, its bytes | stamp | number | length of the variable part, its bytes
//! ```
//!
//! One behind the other, in the order of the keys; all numbers are varints, a stamp of 0 is none.

use std::collections::BTreeMap;

use super::OrderedValue;
use crate::codec::{decode_from, encode_into};
use crate::grouped::GroupContent;
use crate::rows::words::take;
use crate::snapshot::Pieces;

/// The rows of one key group.
#[derive(Clone, Debug, Default)]
pub(super) struct OrderedGroup(pub(super) BTreeMap<Box<[u8]>, OrderedValue>);

impl OrderedGroup {
    /// Adds rows; those without a stamp get this one.
    pub(super) fn decode_at(&mut self, mut bytes: &[u8], now: u32) -> Result<(), postcard::Error> {
        while !bytes.is_empty() {
            let key = decode_bytes(&mut bytes)?;
            let stamp: u32 = decode_from(&mut bytes)?;
            let number = decode_from(&mut bytes)?;
            let variable = decode_bytes(&mut bytes)?;
            // Written in order: another one is damage, and so is a key that is there twice.
            if self.0.last_key_value().is_some_and(|(last, _)| **last >= *key) {
                return Err(postcard::Error::SerdeDeCustom);
            }
            let stamp = if stamp == 0 { now } else { stamp };
            self.0.insert(key.into(), OrderedValue { number, variable: variable.into(), stamp });
        }
        Ok(())
    }
}

fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), postcard::Error> {
    encode_into(&bytes.len(), out)?;
    out.extend_from_slice(bytes);
    Ok(())
}

fn decode_bytes<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], postcard::Error> {
    let length = decode_from(bytes)?;
    take(bytes, length).ok_or(postcard::Error::DeserializeUnexpectedEnd)
}

impl GroupContent for OrderedGroup {
    fn entries(&self) -> usize {
        self.0.len()
    }

    fn encode(&self, out: &mut Pieces) -> Result<(), postcard::Error> {
        self.0.iter().try_for_each(|(key, value)| {
            let out = out.end();
            encode_bytes(key, out)?;
            encode_into(&value.stamp, out)?;
            encode_into(&value.number, out)?;
            encode_bytes(&value.variable, out)
        })
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<(), postcard::Error> {
        self.decode_at(bytes, 0)
    }
}
