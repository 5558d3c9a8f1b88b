//! The rows that operators are given, and their plans.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, StringViewArray, TimestampMillisecondArray};
use millstream::sql::chunk::Chunk;
use millstream::sql::plan::PhysicalPlan;
use millstream::sql::{TableEnvironment, TableResult};

pub const CHUNK: usize = 4_096;
/// Few enough for the nearer caches, and too many.
pub const KEYS: [u64; 2] = [1_000, 1_000_000];
/// How many chunks there are.
const CHUNKS: u64 = 256;

const TABLES: &str = "
    CREATE TABLE t (k BIGINT NOT NULL, v BIGINT NOT NULL, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
        WITH ('connector' = 'datagen');
    CREATE TABLE u (k BIGINT NOT NULL, w BIGINT NOT NULL) WITH ('connector' = 'datagen')";

/// SplitMix64: spreads numbers as if at random.
pub const fn scramble(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Key and value of a row.
pub fn row(number: u64, keys: u64) -> (i64, i64) {
    let random = scramble(number);
    ((random % keys) as i64, (random >> 40) as i64)
}

/// The keys and values of all rows, chunk after chunk.
pub fn pairs(keys: u64) -> Vec<(i64, i64)> {
    (0..CHUNKS * CHUNK as u64).map(|number| row(number, keys)).collect()
}

/// The same rows as chunks of k, v, s and ts; `s` has 20 bytes, time stands still.
pub fn chunks(keys: u64) -> Vec<Chunk> {
    let chunk = |pairs: &[(i64, i64)]| {
        let keys = Int64Array::from_iter_values(pairs.iter().map(|pair| pair.0));
        let values = Int64Array::from_iter_values(pairs.iter().map(|pair| pair.1));
        let texts = pairs.iter().map(|pair| format!("text {:015}", pair.0));
        let texts = StringViewArray::from_iter_values(texts);
        let times = TimestampMillisecondArray::from_value(1_000, pairs.len());
        let columns: Vec<ArrayRef> = vec![Arc::new(keys), Arc::new(values), Arc::new(texts), Arc::new(times)];
        Chunk::new(columns, pairs.len())
    };
    pairs(keys).chunks(CHUNK).map(chunk).collect()
}

/// The first operator of a query's plan for which this holds, from the top.
pub fn operator(query: &str, is_wanted: impl Fn(&PhysicalPlan) -> bool) -> PhysicalPlan {
    let mut tables = TableEnvironment::new();
    for table in TABLES.split(';') {
        tables.execute_sql(table).expect("the table is made");
    }
    let TableResult::Query(query) = tables.execute_sql(query).expect("it is planned") else {
        panic!("no query");
    };
    find(query.plan(), &is_wanted).expect("the plan has the operator").clone()
}

fn find<'p>(plan: &'p PhysicalPlan, is_wanted: &impl Fn(&PhysicalPlan) -> bool) -> Option<&'p PhysicalPlan> {
    if is_wanted(plan) {
        return Some(plan);
    }
    plan.inputs.iter().find_map(|input| find(input, is_wanted))
}
