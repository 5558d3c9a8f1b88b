//! Records of keys, and what counting them makes: computed here, to be compared with what a job has made.

/// So many records, over so many keys, each as `key:value`.
pub fn records(count: u64, keys: u64) -> Vec<String> {
    (0..count).map(|number| format!("key-{}:{number}", number * 7 % keys)).collect()
}

/// What counting those makes, sorted.
pub fn counted(records: &[String]) -> Vec<String> {
    let mut counts = std::collections::HashMap::new();
    let mut results = Vec::with_capacity(records.len());
    for record in records {
        let (key, _) = record.split_once(':').unwrap();
        let count = counts.entry(key).or_insert(0_u64);
        *count += 1;
        results.push(format!("{key}:{count}"));
    }
    results.sort_unstable();
    results
}

/// Fails with the first differences if two sorted lists are not the same.
#[track_caller]
pub fn assert_same(got: &[String], expected: &[String], what: &str) {
    if got == expected {
        return;
    }
    let mut balance = std::collections::BTreeMap::new();
    got.iter().for_each(|line| *balance.entry(line).or_insert(0_i64) += 1);
    expected.iter().for_each(|line| *balance.entry(line).or_insert(0_i64) -= 1);
    let wrong: Vec<_> = balance.into_iter().filter(|(_, times)| *times != 0).collect();
    let (much, few) =
        wrong.iter().fold((0, 0), |(much, few), (_, times)| (much + 0.max(*times), few - 0.min(*times)));
    let shown: Vec<_> = wrong.iter().take(20).collect();
    panic!(
        "{what}: {} records instead of {}, {much} too many and {few} missing: {shown:?}",
        got.len(),
        expected.len()
    );
}
