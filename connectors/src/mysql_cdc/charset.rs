//! Character sets: the binary log has strings in the one of their column.

/// A character set whose strings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    Utf8,
    /// What MySQL calls so is Windows-1252, with the control characters of ISO 8859-1 where that has nothing.
    Latin1,
}

/// The characters of the bytes from 0x80 to 0x9F.
const WINDOWS_1252: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2C6}',
    '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}', '\u{90}', '\u{2018}',
    '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2DC}', '\u{2122}', '\u{161}',
    '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}', '\u{178}',
];

impl Charset {
    /// By its name; `None` if its strings are not read.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "utf8" | "utf8mb3" | "utf8mb4" | "ascii" => Some(Self::Utf8),
            "latin1" => Some(Self::Latin1),
            _ => None,
        }
    }

    /// A string in UTF-8.
    pub(super) fn decode(self, bytes: Vec<u8>) -> Vec<u8> {
        if self == Self::Utf8 || bytes.is_ascii() {
            return bytes;
        }
        let character = |byte: &u8| {
            let special = byte.checked_sub(0x80).and_then(|index| WINDOWS_1252.get(usize::from(index)));
            special.copied().unwrap_or(char::from(*byte))
        };
        bytes.iter().map(character).collect::<String>().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin1_is_windows_1252() {
        let decoded = |bytes: &[u8]| String::from_utf8(Charset::Latin1.decode(bytes.to_vec())).unwrap();
        assert_eq!(decoded(b"caf\xe9 \x80 \x9f \x81 \xff"), "café € Ÿ \u{81} ÿ");
        assert_eq!(Charset::of("koi8r"), None);
    }
}
