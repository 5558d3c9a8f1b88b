use super::super::parse::parse;
use super::{Path, PathError};

#[test]
fn paths_lead_to_what_jayway_finds() {
    let document = r#"{"s":[{"p":5,"n":"x","t":["u"]},{"p":15,"n":"y"}],"o":{"a b":1,"c":{"d":null}}}"#;
    let root = parse(document).unwrap();
    let cases = [
        ("$.s[0].n", r#""x""#),
        ("$.s[-1]['n']", r#""y""#),
        ("s[1].p", "15"),
        ("$['o'][\"a b\"]", "1"),
        ("$.o.*", r#"[1,{"d":null}]"#),
        ("$.s[*]['p','n']", r#"[{"n":"x","p":5},{"n":"y","p":15}]"#),
        ("$..n", r#"["x","y"]"#),
        ("$..[0]", r#"[{"n":"x","p":5,"t":["u"]},"u"]"#),
        ("$.s[?(@.p > 10)].n", r#"["y"]"#),
        ("$.s[?(@.p >= 5 && (@.n == 'y' || @.t))].p", "[5,15]"),
        ("$.s[?(!@.t)].p", "[15]"),
        ("$.s[?(@.p == $.s[0].p)].n", r#"["x"]"#),
        ("$.s[0:1].p", "[5]"),
        ("$.s[-1:].p", "[15]"),
        ("$.s.length()", "2"),
        ("$.s[*].x", "[]"),
        ("$", r#"{"o":{"a b":1,"c":{"d":null}},"s":[{"n":"x","p":5,"t":["u"]},{"n":"y","p":15}]}"#),
    ];
    for (path, expected) in cases {
        let mut found = String::new();
        Path::compile(path).unwrap().find(&root).unwrap().write(&mut found);
        assert_eq!(found, expected, "{path}");
    }
}

#[test]
fn a_path_is_strict_unless_it_says_lax() {
    let strict = |path: &str| Path::compile(path).unwrap().strict;
    assert!(strict("$.a"));
    assert!(strict(" STRICT $.a"));
    assert!(!strict("lax  $.a"));
}

#[test]
fn what_is_no_path_is_refused() {
    for path in
        ["", "$.", "$..", "$.a b", "$[", "$['a'", "$.a[x]", "$.a)", "$$.a", "$.s[?(@.p)", "$.s[?(@.p > )]"]
    {
        assert!(
            matches!(Path::compile(path), Err(PathError::Invalid(_))),
            "{path}: {:?}",
            Path::compile(path)
        );
    }
    for path in ["$.a.sum()", "$.s[?(@.n =~ /x/)]"] {
        assert!(
            matches!(Path::compile(path), Err(PathError::Unsupported(_))),
            "{path}: {:?}",
            Path::compile(path)
        );
    }
}
