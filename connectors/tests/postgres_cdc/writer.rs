//! Somebody who writes into tables at random, whatever happens to the server.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use millstream::engine::clock::Random;
use tokio_postgres::NoTls;

use super::server::Database;

/// One key is a number, the other has a string first whose order in the index is not that of its bytes.
pub const TABLES: &str = "\
    CREATE TABLE numbered (id BIGINT PRIMARY KEY, v INT, note TEXT); \
    ALTER TABLE numbered ALTER note SET STORAGE EXTERNAL; ALTER TABLE numbered REPLICA IDENTITY FULL; \
    CREATE TABLE named (name TEXT COLLATE \"und-x-icu\", id INT, v INT, note TEXT, PRIMARY KEY (name, id)); \
    ALTER TABLE named REPLICA IDENTITY FULL";

/// So many keys there are.
const KEYS: usize = 20_000;

/// Fills the tables for the beginning.
pub fn fill(database: &Database) {
    database.execute(&format!(
        "INSERT INTO numbered SELECT n, 0, 'n' || n FROM generate_series(1, {KEYS}) n WHERE n % 3 > 0; \
         INSERT INTO named SELECT CASE WHEN n % 2 = 0 THEN 'B' ELSE 'a' END || n % 100, n, 0, NULL FROM generate_series(1, {KEYS} / 4) n \
           WHERE n % 3 > 0"
    ));
}

/// A statement that does something to one row, or to none.
fn statement(random: &mut Random) -> String {
    let (id, other, v) = (random.below(KEYS) + 1, random.below(KEYS) + 1, random.below(1_000));
    // Now and then one that is stored apart, which later updates do not touch.
    let note = if random.below(10) == 0 { format!("repeat('{v} ', 1000)") } else { format!("'note {v}'") };
    if random.below(3) > 0 {
        match random.below(8) {
            0 | 1 => format!("INSERT INTO numbered VALUES ({id}, {v}, {note}) ON CONFLICT DO NOTHING"),
            2 => format!("DELETE FROM numbered WHERE id = {id}"),
            3 => format!(
                "UPDATE numbered SET id = {other} WHERE id = {id} AND NOT EXISTS (SELECT FROM numbered WHERE id = {other})"
            ),
            4 => format!("UPDATE numbered SET note = {note} WHERE id = {id}"),
            _ => format!("UPDATE numbered SET v = {v} WHERE id = {id}"),
        }
    } else {
        let name = |n: usize| format!("'{}{}'", if n.is_multiple_of(2) { "B" } else { "a" }, n % 100);
        let (id, other) = (id / 4 + 1, other / 4 + 1);
        let (of_id, of_other) = (name(id), name(other));
        match random.below(6) {
            0 | 1 => format!("INSERT INTO named VALUES ({of_id}, {id}, {v}, {note}) ON CONFLICT DO NOTHING"),
            2 => format!("DELETE FROM named WHERE name = {of_id} AND id = {id}"),
            3 => format!(
                "UPDATE named SET name = {of_other}, id = {other} WHERE name = {of_id} AND id = {id} \
                   AND NOT EXISTS (SELECT FROM named WHERE name = {of_other} AND id = {other})"
            ),
            _ => format!("UPDATE named SET v = {v} WHERE name = {of_id} AND id = {id}"),
        }
    }
}

/// Writes until it is told to stop. Counts what it has committed.
pub fn write(database: &Database, mut random: Random, stop: &AtomicBool, committed: &AtomicU64) {
    let config = format!("host=127.0.0.1 port={} user=postgres dbname={}", database.port, database.name);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        while !stop.load(Ordering::Relaxed) {
            let Ok((client, connection)) = tokio_postgres::connect(&config, NoTls).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            tokio::spawn(connection);
            while !stop.load(Ordering::Relaxed) {
                // Mostly few statements, and sometimes so many that checkpoints come in the middle.
                let statements = if random.below(15) == 0 { 2_000 } else { 1 + random.below(10) };
                let mut sql = "BEGIN;".to_owned();
                for _ in 0..statements {
                    sql.push_str(&statement(&mut random));
                    sql.push(';');
                }
                sql.push_str(if random.below(10) == 0 { "ROLLBACK" } else { "COMMIT" });
                if client.batch_execute(&sql).await.is_err() {
                    // The server is gone, with the transaction or without it.
                    break;
                }
                committed.fetch_add(statements as u64, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(random.below(30) as u64)).await;
            }
        }
    });
}
