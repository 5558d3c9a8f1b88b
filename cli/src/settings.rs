//! From the settings of a session to the environment that its jobs run in.

use millstream_operators::{Configuration, Environment};
use millstream_sql::SqlError;
use millstream_sql::catalog::Session;

/// The environment that the settings of a session describe.
///
/// # Errors
/// If a setting is not what it must be.
pub fn environment(session: &Session) -> Result<Environment, SqlError> {
    let of_jobs = session.settings.iter().filter(|(key, _)| Configuration::knows(key));
    let settings: Configuration = of_jobs.collect();
    let environment = Environment::new().parallelism(1).configure(&settings);
    let mut environment = environment.map_err(|error| SqlError::validation(error.to_string()))?;
    let of_queries = "table.exec.resource.default-parallelism";
    if let Some(parallelism) = session.integer(of_queries)?.filter(|value| *value > 0) {
        environment = environment.parallelism(small(parallelism, of_queries)?);
    }
    for (name, value) in session.store_options() {
        environment = environment.store_option(name, value);
    }
    Ok(environment)
}

/// The name of a job.
pub fn job_name(session: &Session, otherwise: &str) -> String {
    let name = session.setting("pipeline.name").map(str::trim).filter(|name| !name.is_empty());
    name.unwrap_or(otherwise).to_owned()
}

fn small(value: u64, key: &str) -> Result<u32, SqlError> {
    u32::try_from(value).map_err(|_| {
        SqlError::validation(format!("Invalid value '{value}' for option '{key}': it is too large"))
    })
}

#[cfg(test)]
mod tests {
    use millstream_sql::catalog::Session;

    use super::environment;

    fn refusal(settings: &[(&str, &str)]) -> Option<String> {
        let mut session = Session::new();
        session.settings.extend(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        environment(&session).err().map(|error| error.message().to_owned())
    }

    #[test]
    fn settings_reach_the_environment() {
        let mut session = Session::new();
        for (key, value) in [("parallelism.default", "3"), ("pipeline.max-parallelism", "24")] {
            session.settings.insert(key.to_owned(), value.to_owned());
        }
        let environment = environment(&session).unwrap();
        environment.from_collection([1, 2]).map(|number| number).discard();
        let explained = environment.explain().unwrap();
        let vertex = &explained.vertices[0];
        assert_eq!((vertex.parallelism, vertex.operators[0].max_parallelism), (3, 24));
        // The setting of queries takes precedence, and those of other kinds are nobody's mistake.
        for (key, value) in [("table.exec.resource.default-parallelism", "2"), ("my.own.setting", "1")] {
            session.settings.insert(key.to_owned(), value.to_owned());
        }
        let environment = super::environment(&session).unwrap();
        environment.from_collection([1, 2]).discard();
        assert_eq!(environment.explain().unwrap().vertices[0].parallelism, 2);
    }

    #[test]
    fn wrong_settings_are_named() {
        let cases: [(&[(&str, &str)], &str); 3] = [
            (&[("parallelism.default", "0")], "parallelism.default"),
            (&[("execution.checkpointing.interval", "often")], "execution.checkpointing.interval"),
            (&[("restart-strategy.type", "sometimes")], "restart-strategy.type"),
        ];
        for (settings, key) in cases {
            let refusal = refusal(settings).unwrap();
            assert!(refusal.contains(key), "{refusal}");
        }
        let fixed =
            [("restart-strategy.type", "fixed-delay"), ("restart-strategy.fixed-delay.attempts", "2")];
        assert_eq!(refusal(&fixed), None);
    }
}
