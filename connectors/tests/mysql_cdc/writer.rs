//! Somebody who writes into tables at random, whatever happens to the server.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use millstream::engine::clock::Random;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::server::{Database, options};

/// One key is a number, the other has a string first whose order in the index is not that of its bytes.
pub const TABLES: &str = "\
    CREATE TABLE numbered (id BIGINT UNSIGNED PRIMARY KEY, v INT, note TEXT) ENGINE = InnoDB; \
    CREATE TABLE named (name VARCHAR(20) CHARACTER SET latin1, id INT, v INT, note TEXT, PRIMARY KEY (name, id)) ENGINE = InnoDB";

/// So many keys there are.
const KEYS: usize = 20_000;

/// Fills the tables for the beginning.
pub fn fill(database: &Database) {
    database.execute(&format!(
        "INSERT INTO numbered SELECT seq, 0, CONCAT('n', seq) FROM seq_1_to_{KEYS} WHERE seq % 3 > 0; \
         INSERT INTO named SELECT CONCAT(IF(seq % 2 = 0, 'B', 'ä'), seq % 100), seq, 0, NULL FROM seq_1_to_{} WHERE seq % 3 > 0",
        KEYS / 4
    ));
}

/// A statement that does something to one row, or to none.
fn statement(random: &mut Random) -> String {
    let (id, other, v) = (random.below(KEYS) + 1, random.below(KEYS) + 1, random.below(1_000));
    // Now and then a large one.
    let note = if random.below(10) == 0 { format!("REPEAT('{v} ', 1000)") } else { format!("'note {v}'") };
    if random.below(3) > 0 {
        match random.below(8) {
            0 | 1 => format!("INSERT IGNORE INTO numbered VALUES ({id}, {v}, {note})"),
            2 => format!("DELETE FROM numbered WHERE id = {id}"),
            3 => format!("UPDATE IGNORE numbered SET id = {other} WHERE id = {id}"),
            4 => format!("UPDATE numbered SET note = {note} WHERE id = {id}"),
            _ => format!("UPDATE numbered SET v = {v} WHERE id = {id}"),
        }
    } else {
        let name = |n: usize| format!("'{}{}'", if n.is_multiple_of(2) { "B" } else { "ä" }, n % 100);
        let (id, other) = (id / 4 + 1, other / 4 + 1);
        let (of_id, of_other) = (name(id), name(other));
        match random.below(6) {
            0 | 1 => format!("INSERT IGNORE INTO named VALUES ({of_id}, {id}, {v}, {note})"),
            2 => format!("DELETE FROM named WHERE name = {of_id} AND id = {id}"),
            3 => format!(
                "UPDATE IGNORE named SET name = {of_other}, id = {other} WHERE name = {of_id} AND id = {id}"
            ),
            _ => format!("UPDATE named SET v = {v} WHERE name = {of_id} AND id = {id}"),
        }
    }
}

/// Writes until it is told to stop. Counts what it has committed.
pub fn write(database: &Database, mut random: Random, stop: &AtomicBool, committed: &AtomicU64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        while !stop.load(Ordering::Relaxed) {
            let Ok(mut session) = Conn::new(options(database.port, &database.name)).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            while !stop.load(Ordering::Relaxed) {
                // Mostly few statements, and sometimes so many that checkpoints come in the middle.
                let statements = if random.below(15) == 0 { 2_000 } else { 1 + random.below(10) };
                let mut sql = "BEGIN;".to_owned();
                for _ in 0..statements {
                    sql.push_str(&statement(&mut random));
                    sql.push(';');
                }
                sql.push_str(if random.below(10) == 0 { "ROLLBACK" } else { "COMMIT" });
                if session.query_drop(sql).await.is_err() {
                    // The server is gone, with the transaction or without it.
                    break;
                }
                committed.fetch_add(statements as u64, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(random.below(30) as u64)).await;
            }
        }
    });
}
