use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn state_file(payloads: &[Vec<u8>]) -> (Bytes, Vec<BlockReference>) {
    let mut out = Vec::new();
    begin(FileKind::State, &mut out);
    let references = payloads
        .iter()
        .map(|payload| {
            let block = append_block(&mut out, |out| {
                out.extend_from_slice(payload);
                Ok(())
            });
            let Block { offset, length, checksum } = block.unwrap();
            BlockReference { file: Arc::from("x"), offset, length, checksum, entries: 1 }
        })
        .collect();
    (out.into(), references)
}

fn read_all(bytes: &Bytes, references: &[BlockReference]) -> Result<Vec<Bytes>> {
    verify_header(FileKind::State, "x", bytes)?;
    references.iter().map(|reference| verified_block("x", bytes, reference)).collect()
}

proptest! {
    #[test]
    fn blocks_come_back(payloads: Vec<Vec<u8>>) {
        let (bytes, references) = state_file(&payloads);
        prop_assert_eq!(read_all(&bytes, &references).unwrap(), payloads);
    }

    #[test]
    fn damage_is_an_error_or_harmless(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6),
        at: prop::sample::Index,
        bit in 0..8_u8,
    ) {
        let (bytes, references) = state_file(&payloads);
        let mut flipped = bytes.to_vec();
        flipped[at.index(bytes.len())] ^= 1 << bit;
        prop_assert!(read_all(&flipped.into(), &references).is_err());
        prop_assert!(read_all(&bytes.slice(..at.index(bytes.len())), &references).is_err());
    }

    #[test]
    fn any_bytes_at_all_are_answered(
        bytes: Vec<u8>, with_header: bool, offset: u64, length: u64, near in 0..60_u64, checksum: u32,
    ) {
        let mut file = Vec::new();
        if with_header {
            begin(FileKind::State, &mut file);
        }
        file.extend_from_slice(&bytes);
        let file = Bytes::from(file);
        for (offset, length) in [(offset, length), (near, length), (near, near), (offset, near)] {
            let reference = BlockReference { file: Arc::from("x"), offset, length, checksum, entries: 0 };
            let _ = read_all(&file, &[reference]);
        }
        let _ = only_block("x", &file);
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let manifest = {
        let mut out = Vec::new();
        begin(FileKind::Manifest, &mut out);
        out
    };
    let cases: [(&[u8], &str); 6] = [
        (b"", "too short: it has 0 bytes"),
        (b"MILL", "too short: it has 4 bytes"),
        (b"PK\x03\x04", "not a Millstream snapshot file"),
        (b"some text that is longer than a header", "not a Millstream snapshot file"),
        (
            &header_of_version(FileKind::State, 7),
            "written by a newer version (format 7, this program reads up to 2)",
        ),
        (&manifest, "not a state file"),
    ];
    for (bytes, problem) in cases {
        let error = verify_header(FileKind::State, "folder/file", bytes).unwrap_err().to_string();
        assert!(error.contains(problem) && error.contains("`folder/file`"), "{error}");
    }
}

#[test]
fn an_encoder_that_fails_fails_the_block() {
    let mut out = Vec::new();
    begin(FileKind::State, &mut out);
    assert!(append_block(&mut out, |_| Err(StateError::Usage("no".into()))).is_err());
    assert!(
        append_block(&mut out, |out| {
            out.clear();
            Ok(())
        })
        .is_err()
    );
}
