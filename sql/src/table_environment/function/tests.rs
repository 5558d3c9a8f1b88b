use crate::table_environment::{TableEnvironment, TableResult};

fn fails(environment: &mut TableEnvironment, text: &str) -> String {
    environment.execute_sql(text).map(drop).unwrap_err().to_string()
}

fn plans(environment: &mut TableEnvironment, text: &str) {
    let result = environment.execute_sql(text).unwrap();
    assert!(matches!(result, TableResult::Query(_)), "{text}");
}

const CREATE: &str = "CREATE FUNCTION count_char AS 'com.github.nexmark.flink.udf.CountChar'";

#[test]
fn a_function_of_a_class_is_called_by_its_new_name() {
    let mut environment = TableEnvironment::new();
    assert!(fails(&mut environment, "SELECT count_char('abc', 'c')").contains("count_char"));
    environment.execute_sql(CREATE).unwrap();
    plans(&mut environment, "SELECT COUNT_CHAR('abc', 'c')");
    plans(&mut environment, "SELECT default_database.count_char('abc', 'c') FROM (VALUES (1)) AS t(a)");
    assert!(fails(&mut environment, CREATE).contains("already exists"));
    environment.execute_sql(&CREATE.replace("FUNCTION", "FUNCTION IF NOT EXISTS")).unwrap();
    environment.execute_sql("DROP FUNCTION Count_Char").unwrap();
    assert!(fails(&mut environment, "SELECT count_char('abc', 'c')").contains("count_char"));
    environment.execute_sql("DROP FUNCTION IF EXISTS count_char").unwrap();
    assert!(fails(&mut environment, "DROP FUNCTION count_char").contains("does not exist"));
}

#[test]
fn a_temporary_system_function_hides_a_built_in_one_and_others_do_not() {
    let mut environment = TableEnvironment::new();
    environment.execute_sql("CREATE FUNCTION initcap AS 'com.github.nexmark.flink.udf.CountChar'").unwrap();
    plans(&mut environment, "SELECT INITCAP('ABC')");
    let system = "CREATE TEMPORARY SYSTEM FUNCTION initcap AS 'com.github.nexmark.flink.udf.CountChar'";
    environment.execute_sql(system).unwrap();
    assert!(fails(&mut environment, "SELECT INITCAP('ABC')").contains("arguments"));
}

#[test]
fn code_of_java_is_refused_by_name() {
    let mut environment = TableEnvironment::new();
    let message = fails(&mut environment, "CREATE FUNCTION f AS 'com.example.F'");
    assert!(message.contains("com.example.F"), "{message}");
}
