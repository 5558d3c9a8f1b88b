use super::*;

#[test]
fn a_url_is_cut_from_its_options() {
    for (location, place, options) in [
        ("s3://b/f?endpoint=http://h:1/&region=x", "s3://b/f", "?endpoint=http://h:1/&region=x"),
        ("s3://b/f", "s3://b/f", ""),
        ("/tmp/what?", "/tmp/what?", ""),
        ("file:///tmp/what?", "file:///tmp/what?", ""),
    ] {
        assert_eq!(split_options(location), (place, options));
    }
    assert_eq!(child_of("s3://b/f/?region=x", "savepoints"), "s3://b/f/savepoints?region=x");
    assert_eq!(child_of("/tmp/f", "savepoints"), "/tmp/f/savepoints");
}

#[cfg(feature = "aws")]
mod aws {
    use super::*;

    fn gather(
        environment: &[(&str, &str)],
        set: &[(&str, &str)],
        query: &str,
    ) -> std::result::Result<Gathered, String> {
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let environment = own(environment).into_iter();
        gather_from(Provider::Aws, environment, &own(set), query, "s3://b/f?…")
            .map_err(|error| error.to_string())
    }

    #[test]
    fn later_ones_win() {
        let environment =
            [("aws_region", "one"), ("aws_profile", "x"), ("aws_session_token", ""), ("path", "/")];
        let set = [("aws_region", "two"), ("max_retries", "3"), ("google_base_url", "http://g")];
        let gathered = gather(&environment, &set, "?Region=three&retry_timeout=5s").unwrap();
        let pairs = [("aws_region", "one"), ("aws_region", "two"), ("region", "three")];
        assert_eq!(gathered.pairs, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!((gathered.max_retries, gathered.retry_timeout), (3, Duration::from_secs(5)));
    }

    #[test]
    fn an_endpoint_without_tls_is_taken_at_its_word() {
        let allows = |query: &str| {
            let gathered = gather(&[], &[], query).unwrap();
            gathered.pairs.iter().rev().find(|(name, _)| name == "allow_http").map(|(_, value)| value.clone())
        };
        assert_eq!(allows("?endpoint=http://localhost:9000").as_deref(), Some("true"));
        assert_eq!(allows("?endpoint=https://localhost:9000"), None);
        assert_eq!(allows("?endpoint=http://localhost:9000&allow_http=false").as_deref(), Some("false"));
    }

    #[test]
    fn wrong_options_are_refused_by_name() {
        let error = gather(&[], &[], "?endpiont=x").unwrap_err();
        assert!(error.contains("`endpiont`") && error.contains("did you mean `endpoint`"), "{error}");
        let error = gather(&[], &[("aws_regoin", "x")], "").unwrap_err();
        assert!(error.contains("`aws_regoin`") && error.contains("did you mean `region`"), "{error}");
        let error = gather(&[], &[("banana", "x")], "").unwrap_err();
        assert!(error.contains("`banana`") && error.contains("common ones are allow_http"), "{error}");
        let error = gather(&[], &[], "?max_retries=many").unwrap_err();
        assert!(error.contains("must be a number, and not `many`"), "{error}");
        for secret in ["access_key_id", "AWS_SECRET_ACCESS_KEY", "token", "azure_storage_sas_token"] {
            let error = gather(&[], &[], &format!("?{secret}=hush")).unwrap_err();
            assert!(error.contains("must not stand in a URL") && !error.contains("hush"), "{error}");
        }
    }
}
