use super::*;
use crate::postgres_cdc::{Lsn, Postgres, PostgresCdcSource, PostgresSplit};

#[test]
fn checkpoints_are_confirmed_so_many_later() {
    let cases = [(0, [100, 110, 120, 130, 140]), (1, [0, 100, 110, 120, 130]), (3, [0, 0, 0, 100, 110])];
    for (delay, expected) in cases {
        let settings = PostgresCdcSource::new("localhost", "shop").confirmation_delay(delay).into_settings();
        let mut reading = StreamReading::<Postgres>::new(&settings, &PostgresSplit::new());
        let confirmed = [100, 110, 120, 130, 140].map(|lsn| {
            reading.confirm(Position { log: Lsn(lsn), changes: 0 });
            reading.confirmed.borrow().0
        });
        assert_eq!(confirmed, expected, "delay {delay}");
    }
}
