use object_store::memory::InMemory;

use super::*;

#[test]
fn a_star_stands_for_any_characters() {
    for (pattern, name, expected) in [
        ("*", "a", true),
        ("*.csv", "a.csv", true),
        ("*.csv", "a.csv.gz", false),
        ("f-*-1*", "f-2013-10", true),
        ("f-*-1*", "f-2013-02", false),
        ("a*a", "a", false),
        ("ä*", "äö", true),
        ("plain", "plain", true),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn local_names_become_absolute_and_are_found_again() {
    let stores = FileStores::by_name(false);
    let found = stores.locate("/tmp/x/../a b%20#/c.csv").unwrap();
    assert_eq!(found.name, "/tmp/a b%20#/c.csv");
    let again = stores.locate(&found.name).unwrap();
    assert_eq!((again.path, again.name), (found.path, found.name));
    assert!(std::path::Path::new(&stores.locate("some/file").unwrap().name).is_absolute());
    assert_eq!(stores.locate("file:///tmp/a%20b").unwrap().name, "/tmp/a b");
}

#[test]
fn the_child_of_a_url_is_a_url() {
    let stores = FileStores::by_name(false);
    let directory = stores.locate("memory:///data/").unwrap();
    let child = directory.child("a b.csv");
    assert_eq!(child.name, "memory:///data/a%20b.csv");
    assert_eq!(stores.locate(&child.name).unwrap().path, child.path);
    let error = stores.locate("gopher://host/x").map(|found| found.name).unwrap_err();
    assert!(error.to_string().contains("gopher://host/x"), "{error}");
}

#[test]
fn directories_hold_their_visible_files_in_order() {
    futures::executor::block_on(async {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        for name in ["d/b.csv", "d/a.csv", "d/.hidden", "d/_success", "d/deeper/c.csv"] {
            store.put(&Path::from(name), "x".into()).await.unwrap();
        }
        let stores = FileStores::given(store);
        let names = async |name: &str| {
            find_files(&stores, name, false)
                .await
                .map(|files| files.into_iter().map(|file| file.name).collect::<Vec<_>>())
        };
        assert_eq!(names("d").await.unwrap(), ["d/a.csv", "d/b.csv"]);
        assert_eq!(names("d/b*").await.unwrap(), ["d/b.csv"]);
        assert_eq!(names("d/deeper/c.csv").await.unwrap(), ["d/deeper/c.csv"]);
        for missing in ["e", "d/*.txt"] {
            let error = names(missing).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(missing), "{error}");
        }
    });
}

#[test]
fn local_directories_are_listed_too() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["b 1.csv", "a.csv.gz", ".part", "c#d"] {
        std::fs::write(directory.path().join(name), "1\n").unwrap();
    }
    let stores = FileStores::by_name(false);
    let name = directory.path().to_str().unwrap();
    let found = futures::executor::block_on(find_files(&stores, name, false)).unwrap();
    let names: Vec<_> = found.iter().map(|file| file.name.strip_prefix(name).unwrap()).collect();
    assert_eq!(names, ["/a.csv.gz", "/b 1.csv", "/c#d"]);
    let again = find_files(&stores, &found[1].name, false);
    assert_eq!(futures::executor::block_on(again).unwrap(), [found[1].clone()]);
}

#[test]
fn all_names_of_a_directory_are_one_canonical_name() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::create_dir(at("real")).unwrap();
    std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
    let stores = FileStores::by_name(false);
    let canonical = |name: String| stores.canonical(&name).unwrap();
    let one = canonical(at("real/new/out"));
    for other in ["real/new/out/", "real/./new/../new/out", "link/new/out"] {
        assert_eq!(canonical(at(other)), one, "{other}");
    }
    assert_eq!(canonical(format!("file://{}", at("real/new/out"))), one);
    assert_ne!(canonical(at("real/new/other")), one);
    assert_eq!(canonical("memory:///a/".into()), canonical("memory:///a".into()));

    let given = [(); 2].map(|()| FileStores::given(Arc::new(InMemory::new())));
    assert_eq!(given[0].canonical("out"), given[0].canonical("out/"));
    assert_ne!(given[0].canonical("out"), given[1].canonical("out"));
}

#[test]
fn options_in_a_url_are_kept_apart_from_the_names_of_files() {
    let mut stores = FileStores::by_name(false);
    let name = stores.take_options("memory:///in/*.csv?region=x");
    assert_eq!(name, "memory:///in/*.csv");
    let directory = stores.locate("memory:///in").unwrap();
    assert_eq!(directory.child("a.csv").name, "memory:///in/a.csv");
    // Other places of the same store are reached in the same way.
    let [one, other] = ["memory:///out", "memory:///in"].map(|name| stores.locate(name).unwrap());
    assert!(Arc::ptr_eq(&one.store, &other.store));
    assert_eq!(stores.take_options("/tmp/a?b"), "/tmp/a?b");

    stores.take_options("memory:///other?region=y");
    let error = stores.locate("memory:///in").map(|found| found.name).unwrap_err();
    assert!(error.to_string().contains("different options"), "{error}");
}
