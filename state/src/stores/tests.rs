use object_store::memory::InMemory;

use super::*;

#[test]
fn places_share_the_client_of_their_store() {
    let stores = Stores::default();
    let [one, other] = ["memory:///a b/c/", "memory:///d"].map(|url| stores.open_store(url).unwrap());
    assert!(Arc::ptr_eq(&one.store, &other.store));
    assert_eq!((one.path.as_ref(), one.root.as_str()), ("a b/c", "memory://"));
    let apart = stores.open_store("memory:///d?region=x").unwrap();
    assert!(!Arc::ptr_eq(&one.store, &apart.store));
    assert_eq!((apart.path.as_ref(), apart.options.as_str()), ("d", "?region=x"));
    assert!(one.uploads.is_some());
}

#[test]
fn a_store_that_is_given_stands_behind_its_url() {
    let (mut stores, memory) = (Stores::default(), Arc::new(InMemory::new()));
    stores.register("vault://blue", memory);
    let opened = stores.open_store("vault://blue/a%20b?region=x").unwrap();
    assert_eq!((opened.path.as_ref(), opened.root.as_str()), ("a b", "vault://blue"));
    assert!(opened.uploads.is_none());
}

#[test]
#[cfg(not(feature = "aws"))]
fn a_store_that_was_not_built_names_its_feature() {
    for url in ["s3://bucket/flights", "https://s3.eu-west-1.amazonaws.com/bucket/flights"] {
        let error = Stores::default().open_store(url).map(|opened| opened.path).unwrap_err().to_string();
        assert!(error.contains("needs the cargo feature `aws`"), "{error}");
    }
}

#[test]
fn what_is_no_store_is_refused() {
    let open = |url: &str| Stores::default().open_store(url).map(|opened| opened.path).unwrap_err();
    for url in ["nosuch://x/", "://", "http://example.com/x"] {
        let error = open(url);
        assert!(matches!(error, StateError::Usage(_)) && error.to_string().contains(url), "{error}");
    }
}

#[test]
#[cfg(feature = "aws")]
fn roots_of_buckets_are_found_in_every_kind_of_url() {
    let mut stores = Stores::default();
    stores.set_option("aws_access_key_id", "test");
    stores.set_option("aws_secret_access_key", "testtest");
    for (url, path, root) in [
        ("s3://bucket/a%20b/c", "a b/c", "s3://bucket"),
        ("s3://bucket", "", "s3://bucket"),
        ("s3a://bucket/", "", "s3a://bucket"),
        ("https://s3.eu-west-1.amazonaws.com/bucket/a", "a", "https://s3.eu-west-1.amazonaws.com/bucket"),
        ("https://bucket.s3.eu-west-1.amazonaws.com/a/", "a", "https://bucket.s3.eu-west-1.amazonaws.com"),
    ] {
        let opened = stores.open_store(url).unwrap();
        assert_eq!((opened.path.as_ref(), opened.root.as_str()), (path, root), "{url}");
    }
}
