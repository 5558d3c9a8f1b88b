//! Values with numbers as bytes, one behind the other: how accumulators hand many values to each other.

use millstream_runtime::{Error, ErrorKind, Result};

/// Writes a value with its numbers.
///
/// # Errors
/// If the value has 4 GiB or more.
pub(in crate::operators) fn write_counted(value: &[u8], numbers: &[i64], into: &mut Vec<u8>) -> Result<()> {
    let length = u32::try_from(value.len());
    let length = length.map_err(|_| Error::new(ErrorKind::InvalidInput, "a value of 4 GiB or more"))?;
    into.extend(length.to_le_bytes());
    numbers.iter().for_each(|number| into.extend(number.to_le_bytes()));
    into.extend(value);
    Ok(())
}

/// Reads values with `N` numbers each.
pub(in crate::operators) fn read_counted<const N: usize>(
    bytes: &[u8],
) -> impl Iterator<Item = Result<(&[u8], [i64; N])>> {
    let mut numbers = [0; N];
    read_counted_into(bytes, N).map(move |entry| {
        let (value, read) = entry?;
        numbers.iter_mut().zip(read).for_each(|(to, from)| *to = from);
        Ok((value, numbers))
    })
}

/// Reads values with `count` numbers each.
pub(in crate::operators) fn read_counted_into(
    mut bytes: &[u8],
    count: usize,
) -> impl Iterator<Item = Result<(&[u8], impl Iterator<Item = i64>)>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let entry = split(bytes, count);
        let Some((numbers, value, rest)) = entry else {
            bytes = &[];
            return Some(Err(Error::new(ErrorKind::Internal, "values of an accumulator are damaged")));
        };
        bytes = rest;
        let (words, _) = numbers.as_chunks::<8>();
        Some(Ok((value, words.iter().map(|word| i64::from_le_bytes(*word)))))
    })
}

/// The numbers and the value at the front, and what is behind them.
fn split(bytes: &[u8], count: usize) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (numbers, rest) = rest.split_at_checked(count * size_of::<i64>())?;
    let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((numbers, value, rest))
}

#[cfg(test)]
mod tests {
    use super::{read_counted, write_counted};

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        write_counted(b"a", &[1, -2], &mut bytes).unwrap();
        write_counted(b"", &[3, 4], &mut bytes).unwrap();
        let read: Vec<_> = read_counted::<2>(&bytes).map(Result::unwrap).collect();
        assert_eq!(read, [(&b"a"[..], [1, -2]), (&b""[..], [3, 4])]);
        let cut = read_counted::<2>(&bytes[..bytes.len() - 1]).last().unwrap();
        assert!(cut.is_err());
    }
}
