use super::{Kept, RowBundle};
use crate::chunk::{Chunk, KeyLayout};
use crate::test_support::{chunk, rows, schema};

/// The rows of keys 3, 2 and 1 in bundles of four.
fn bundles(kept: Kept) -> Vec<Vec<String>> {
    let columns = schema(&[("k", "BIGINT"), ("v", "STRING")]);
    let keys = KeyLayout::new(vec![0], vec![columns.field(0)]);
    let mut bundle = RowBundle::new(keys, kept, 4);
    let mut bundles: Vec<Vec<String>> = Vec::new();
    let mut work = |bundle: &Chunk| {
        bundles.push(rows(&columns, std::slice::from_ref(bundle)));
        Ok(())
    };
    let first = ["+I[1, a]", "+I[2, b]", "+I[1, c]"];
    let second = ["-D[3, d]", "+I[2, e]", "+I[2, f]", "+I[2, g]", "+I[3, h]", "+I[1, i]"];
    bundle.push(&chunk(&columns, &first), &mut work).unwrap();
    bundle.push(&chunk(&columns, &second), &mut work).unwrap();
    work(&bundle.take().unwrap().unwrap()).unwrap();
    assert!(bundle.take().unwrap().is_none());
    bundles
}

#[test]
fn a_bundle_is_full_with_so_many_rows_whatever_chunks_they_come_in() {
    let all = bundles(Kept::All);
    assert_eq!(all[0], ["-D[3, d]", "+I[2, b]", "+I[1, a]", "+I[1, c]"]);
    assert_eq!(all[1], ["+I[3, h]", "+I[2, e]", "+I[2, f]", "+I[2, g]"]);
    assert_eq!(all[2], ["+I[1, i]"]);
}

#[test]
fn the_first_or_the_last_row_of_a_key_is_kept() {
    assert_eq!(bundles(Kept::First)[0], ["-D[3, d]", "+I[2, b]", "+I[1, a]"]);
    assert_eq!(bundles(Kept::Last)[0], ["-D[3, d]", "+I[2, b]", "+I[1, c]"]);
    assert_eq!(bundles(Kept::Last)[1], ["+I[3, h]", "+I[2, g]"]);
}
