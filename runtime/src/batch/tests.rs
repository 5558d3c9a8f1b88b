use super::*;

const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn timestamps_cost_nothing_until_there_is_one() {
    let mut batch = Batch::default();
    batch.push('a', Timestamp::MIN);
    assert!(!batch.has_timestamps());
    batch.push('b', at(2));
    assert_eq!(batch.timestamps(), [Timestamp::MIN, at(2)]);
    batch.push('c', Timestamp::MIN);
    assert_eq!(
        batch.drain_timed().collect::<Vec<_>>(),
        [('a', Timestamp::MIN), ('b', at(2)), ('c', Timestamp::MIN)]
    );
    assert!(batch.is_empty() && !batch.has_timestamps());
}

#[test]
fn a_full_batch_of_large_records_has_fewer() {
    assert_eq!([Batch::<()>::FULL, Batch::<u64>::FULL, Batch::<[u64; 4]>::FULL], [1024; 3]);
    assert_eq!((Batch::<[u8; 100]>::FULL, Batch::<[u8; 1 << 20]>::FULL), (327, 64));
}

#[test]
fn what_is_not_taken_stays() {
    let mut batch = Batch::default();
    (1..=4).for_each(|n| batch.push(n, at(n * 10)));
    let mut taken = Vec::new();
    batch
        .drain_while(|record, timestamp| {
            taken.push((record, timestamp));
            Ok::<_, ()>(record < 2)
        })
        .unwrap();
    assert_eq!(taken, [(1, at(10)), (2, at(20))]);
    let front = batch.split_front(1);
    assert_eq!((front.records(), front.timestamps()), (&[3][..], &[at(30)][..]));
    assert_eq!((batch.records(), batch.timestamps()), (&[4][..], &[at(40)][..]));
    assert_eq!(batch.split_front(9).len(), 1, "there are no more");
}

#[test]
fn a_batch_that_is_taken_apart_keeps_its_room() {
    let mut batch = Batch::from_timed([(1, at(10)), (2, at(20))]);
    assert_eq!(batch.take_parts(), (vec![1, 2], vec![at(10), at(20)]));
    assert!(batch.is_empty() && !batch.has_timestamps() && batch.capacity() >= 2);
}

#[test]
fn a_weighed_batch_counts_as_what_it_stands_for() {
    let mut batch = Batch::weighing(vec!["chunk"], 4_096, 70_000);
    assert_eq!((batch.len(), batch.rows(), batch.bytes()), (1, 4_096, 70_000));
    batch.push("a record", Timestamp::MIN);
    assert_eq!((batch.len(), batch.rows(), batch.bytes()), (2, 2, 2 * size_of::<&str>() as u64));
}

#[test]
fn records_keep_their_timestamps() {
    let mut batch = Batch::default();
    (1..=4).for_each(|n| batch.push(n, at(i64::from(n) * 10)));
    batch.retain(|n| n % 2 == 0);
    assert_eq!(batch.timestamps(), [at(20), at(40)]);
    let mut target = Batch::from(vec!["0".to_owned()]);
    batch.map_into(&mut target, |n: i32| n.to_string());
    assert_eq!(target.records(), ["0", "2", "4"]);
    assert_eq!(target.timestamps(), [Timestamp::MIN, at(20), at(40)]);
}

#[test]
fn hashes_of_keys_are_those_of_the_records_or_gone() {
    let hashed = || {
        let mut batch = Batch::default();
        for n in 0..4 {
            batch.push_hashed(n, at(n), Some(u64::try_from(n).unwrap() * 10));
        }
        batch
    };
    let mut batch = hashed();
    let front = batch.split_front(1);
    assert_eq!((front.records(), front.key_hashes()), (&[0][..], &[0][..]));
    assert_eq!((batch.records(), batch.key_hashes()), (&[1, 2, 3][..], &[10, 20, 30][..]));
    batch.assign_timestamps(|_, time| time);
    assert_eq!(batch.key_hashes().len(), 3);
    batch.recode().unwrap();
    assert_eq!(batch.key_hashes(), [10, 20, 30]);
    let changes: [fn(&mut Batch<i64>); 8] = [
        |batch| batch.push(9, at(9)),
        |batch| batch.extend_untimed([9]),
        |batch| batch.retain(|n| *n != 2),
        |batch| batch.drain_while(|_, _| Ok::<_, ()>(false)).unwrap(),
        |batch| batch.map_into(&mut Batch::default(), |n| n),
        |batch| Batch::from(vec![1]).map_into(batch, |n| n),
        |batch| drop(batch.drain()),
        |batch| drop(batch.take_parts()),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut batch = hashed();
        change(&mut batch);
        assert!(batch.key_hashes().is_empty(), "change {index}");
    }
}
