//! Whatever bytes come, decoders give an error or a value: each target of `fuzz/` for a moment.
//!
//! `PROPTEST_CASES=100000` tries more; `cargo fuzz` looks for bytes that take new ways through the code, and
//! `MILLSTREAM_CORPUS=fuzz/corpus` writes what it begins from.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeSet;

use proptest::prelude::*;
use targets::TARGETS;

/// A change of some bytes.
#[derive(Clone, Debug)]
enum Edit {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<prop::sample::Index>;
    // A large number, as counts and lengths may be.
    let bytes = prop_oneof![prop::collection::vec(any::<u8>(), 1..6), Just(vec![0xFF; 9])];
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(at, value)| Edit::Set(at, value)),
        1 => at().prop_map(Edit::Cut),
        2 => (at(), bytes).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    match edit {
        Edit::Set(at, value) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        Edit::Set(..) => {}
        Edit::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
        Edit::Insert(at, more) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, more.iter().copied());
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        TARGETS.iter().for_each(|target| (target.run)(&bytes));
    }

    #[test]
    fn valid_bytes_with_changes_are_answered(edits in prop::collection::vec(edit(), 1..6)) {
        for target in TARGETS {
            for mut bytes in (target.valid)() {
                edits.iter().for_each(|edit| apply(&mut bytes, edit));
                (target.run)(&bytes);
            }
        }
    }
}

#[test]
fn every_target_has_something_to_begin_from_and_a_file_of_its_own() {
    for target in TARGETS {
        let valid = (target.valid)();
        assert!(!valid.is_empty(), "{}", target.name);
        valid.iter().for_each(|bytes| targets::run(target.name, bytes));
        if let Ok(corpus) = std::env::var("MILLSTREAM_CORPUS") {
            let folder = std::path::Path::new(&corpus).join(target.name);
            std::fs::create_dir_all(&folder).unwrap();
            for (index, bytes) in valid.iter().enumerate() {
                std::fs::write(folder.join(format!("valid-{index}")), bytes).unwrap();
            }
        }
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/fuzz_targets");
    let files =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let named: BTreeSet<_> = TARGETS.iter().map(|target| format!("{}.rs", target.name)).collect();
    assert_eq!(files.collect::<BTreeSet<_>>(), named);
}
