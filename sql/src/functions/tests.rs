use super::scalar_function_names;

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = scalar_function_names().collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
