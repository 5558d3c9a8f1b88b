//! A record that loses something on its way between processes gives a wrong answer in one process, too.

use millstream::Environment;
use millstream::simulation::{Faults, Simulation};
use millstream::sink::{CollectSink, Collected};
use serde::{Deserialize, Serialize};

/// What is skipped is not there after the record has been written and read.
#[derive(Clone, Serialize, Deserialize)]
struct Forgetful {
    number: u64,
    #[serde(skip)]
    twice: u64,
}

#[test]
fn records_cross_channels_as_they_would_cross_processes() {
    for encode_records in [false, true] {
        let collected = Collected::default();
        let simulation = Simulation::new(1).faults(Faults { encode_records, ..Faults::default() });
        let run = simulation.run(|_| {
            let env = Environment::new().parallelism(2);
            let made = env.from_collection(1..=10_u64).map(|number| Forgetful { number, twice: 2 * number });
            let read = made.rebalance().map(|record| (record.number, record.twice));
            let _sink = read.sink_to(CollectSink::new(&collected));
            env.job("job")
        });
        run.unwrap();
        let twice = |number| if encode_records { 0 } else { 2 * number };
        assert_eq!(collected.sorted(), (1..=10).map(|number| (number, twice(number))).collect::<Vec<_>>());
    }
}
