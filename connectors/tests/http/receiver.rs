//! A receiver of webhooks that fails at random, and remembers what it has accepted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use millstream::engine::clock::Random;

use super::server::{Request, Server, answer};

/// What was accepted.
#[derive(Default)]
pub struct Accepted {
    /// Each accepted request's numbers, in order, with its key.
    pub requests: Vec<(String, Vec<u64>)>,
    pub refused: u64,
}

impl Accepted {
    /// How often each number has come.
    pub fn times(&self) -> BTreeMap<u64, u64> {
        let mut times = BTreeMap::new();
        let numbers = self.requests.iter().flat_map(|(_, numbers)| numbers);
        numbers.for_each(|number| *times.entry(*number).or_insert(0) += 1);
        times
    }

    /// All numbers, each request once for its key, as a receiver has them that honours keys.
    pub fn once(&self) -> Vec<u64> {
        let mut by_key = BTreeMap::new();
        for (key, numbers) in &self.requests {
            let before = by_key.insert(key, numbers);
            assert!(before.is_none_or(|before| before == numbers), "key {key} has two bodies");
        }
        let mut numbers: Vec<_> = by_key.into_values().flatten().copied().collect();
        numbers.sort_unstable();
        numbers
    }
}

/// A receiver. One request of so many fails: with a status, or with a connection that is closed, before it is accepted or
/// behind that.
pub fn receiver(mut random: Random, one_of: usize) -> (Server, Arc<Mutex<Accepted>>) {
    let accepted = Arc::new(Mutex::new(Accepted::default()));
    let seen = accepted.clone();
    random.next();
    let random = Mutex::new(random);
    let server = Server::start(move |request: &Request, connection| {
        let (fails, how) = {
            let mut random = random.lock().unwrap();
            (random.below(one_of) == 0, random.below(5))
        };
        let mut accepted = seen.lock().unwrap();
        if fails && how < 4 {
            accepted.refused += 1;
            drop(accepted);
            return match how {
                0 => answer(connection, "500 Internal Server Error", "", "not now"),
                1 => answer(connection, "429 Too Many Requests", "Retry-After: 0\r\n", ""),
                2 => {
                    answer(connection, "503 Service Unavailable", "Connection: close\r\n", "");
                    false
                }
                _ => false,
            };
        }
        let numbers = serde_json::from_slice(&request.body).unwrap();
        accepted.requests.push((request.header("idempotency-key").unwrap().to_owned(), numbers));
        drop(accepted);
        // Nobody hears that it is accepted.
        !fails && answer(connection, "200 OK", "", "ok")
    });
    (server, accepted)
}
