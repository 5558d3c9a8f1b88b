#![allow(clippy::disallowed_methods, reason = "a server of its own for each test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

/// A registry that gives these answers, each with its status, and what it was asked.
fn serve(answers: &[(u16, &str)]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers: Vec<_> = answers.iter().map(|(status, text)| (*status, (*text).to_owned())).collect();
    let server = std::thread::spawn(move || {
        let answer = |(status, text): (u16, String)| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") {
                assert!(reader.read_line(&mut request).unwrap() > 0);
            }
            let length = request
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            request.push_str(&String::from_utf8(body).unwrap());
            let head =
                format!("HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
            stream.write_all(format!("{head}{text}").as_bytes()).unwrap();
            request
        };
        answers.into_iter().map(answer).collect()
    });
    (url, server)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn registry(urls: &[&str], authorization: Authorization) -> HttpRegistry {
    let urls = urls.iter().map(|&url| url.to_owned()).collect();
    let registry = HttpRegistry::new(&RegistryAddress { urls, authorization }).unwrap();
    HttpRegistry { delays: &[], ..registry }
}

fn avro(text: &str) -> SchemaText {
    SchemaText { schema_type: SchemaType::Avro, text: text.to_owned(), references: Vec::new() }
}

/// A port that nobody listens to.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn schemas_are_read_and_registered() {
    let (url, server) = serve(&[(200, r#"{"schema":"\"int\""}"#), (200, r#"{"id":7}"#)]);
    let basic = registry(&[&nobody(), &url], Authorization::Basic("ada:secret".to_owned()));
    assert_eq!(wait(basic.schema(SchemaId(3))).unwrap(), avro("\"int\""));
    assert_eq!(wait(basic.register("a b/c", &avro("\"int\""))).unwrap(), SchemaId(7));
    let asked = server.join().unwrap();
    assert!(asked[0].starts_with("GET /schemas/ids/3 HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(
        asked.iter().all(|request| request.contains("authorization: Basic YWRhOnNlY3JldA==\r\n")),
        "{asked:?}"
    );
    assert!(asked[1].starts_with("POST /subjects/a%20b%2Fc/versions HTTP/1.1\r\n"), "{}", asked[1]);
    assert!(asked[1].contains("content-type: application/vnd.schemaregistry.v1+json\r\n"), "{}", asked[1]);
    assert!(asked[1].ends_with(r#"{"schema":"\"int\""}"#), "{}", asked[1]);
}

#[test]
fn schemas_of_other_kinds_are_read_and_registered() {
    let text = r#""schema":"import \"a.proto\";","schemaType":"PROTOBUF""#;
    let references = r#""references":[{"name":"a.proto","subject":"a/b","version":2}]"#;
    let (url, server) = serve(&[
        (200, &format!("{{{text},{references}}}")),
        (200, r#"{"subject":"a/b","version":2,"id":1,"schema":"{}","schemaType":"JSON"}"#),
        (200, r#"{"id":7}"#),
    ]);
    let registry = registry(&[&url], Authorization::None);
    let found = wait(registry.schema(SchemaId(3))).unwrap();
    assert_eq!((found.schema_type, &*found.text), (SchemaType::Protobuf, "import \"a.proto\";"));
    let expected = SchemaReference { name: "a.proto".to_owned(), subject: "a/b".to_owned(), version: 2 };
    assert_eq!(found.references, [expected]);
    let found = wait(registry.version("a/b", 2)).unwrap();
    assert_eq!(found, SchemaText { schema_type: SchemaType::Json, ..avro("{}") });
    assert_eq!(wait(registry.register("t", &found)).unwrap(), SchemaId(7));
    let asked = server.join().unwrap();
    assert!(asked[1].starts_with("GET /subjects/a%2Fb/versions/2 HTTP/1.1\r\n"), "{}", asked[1]);
    assert!(asked[2].ends_with(r#"{"schema":"{}","schemaType":"JSON"}"#), "{}", asked[2]);
}

#[test]
fn what_a_registry_refuses_is_said() {
    let answers = [
        (404, r#"{"error_code":40403,"message":"Schema not found"}"#, "Schema not found (404", false),
        (503, "busy", "it answers 503", true),
        (200, "[]", "the answer is not what was asked for", true),
        (
            200,
            r#"{"schema":"{}","schemaType":"XML"}"#,
            "schema 3 of the registry is one of XML, which is not known",
            false,
        ),
    ];
    let (url, server) = serve(&answers.map(|(status, text, ..)| (status, text)));
    let bearer = registry(&[&url], Authorization::Bearer("token".to_owned()));
    for (_, _, expected, retryable) in answers {
        let error = wait(bearer.schema(SchemaId(3))).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.kind().is_retryable(), retryable, "{error}");
    }
    assert!(server.join().unwrap().iter().all(|request| request.contains("authorization: Bearer token\r\n")));
}

#[test]
fn a_registry_is_asked_again_unless_it_refuses() {
    let delays = &[Duration::ZERO; 3];
    let answers = [(503, "busy"), (429, "too many"), (200, r#"{"schema":"\"int\""}"#)];
    let (url, server) = serve(&answers);
    let patient = HttpRegistry { delays, ..registry(&[&url], Authorization::None) };
    assert_eq!(wait(patient.schema(SchemaId(3))).unwrap(), avro("\"int\""));
    assert_eq!(server.join().unwrap().len(), 3);
}

/// Two that register a new subject at the same time may get into each other's way.
#[test]
fn a_schema_that_is_refused_is_registered_once_more() {
    let refused = (409, r#"{"message":"incompatible"}"#);
    let register = |answers: &[(u16, &str)]| {
        let (url, server) = serve(answers);
        let patient = HttpRegistry { delays: &[Duration::ZERO; 3], ..registry(&[&url], Authorization::None) };
        let answer = wait(patient.register("t-value", &avro("\"int\"")));
        assert_eq!(server.join().unwrap().len(), 2);
        answer
    };
    assert_eq!(register(&[refused, (200, r#"{"id":7}"#)]).unwrap(), SchemaId(7));
    let error = register(&[refused, refused]).unwrap_err().to_string();
    assert!(error.contains("under the subject `t-value`") && error.contains("incompatible (409"), "{error}");
}

#[test]
fn a_registry_that_cannot_be_reached_is_named() {
    let url = nobody();
    let error = wait(registry(&[&url], Authorization::None).schema(SchemaId(3))).unwrap_err();
    assert!(error.to_string().contains(&format!("no schema registry can be reached: `{url}`: ")), "{error}");
    let token = Authorization::Bearer("a\nb".to_owned());
    let address = RegistryAddress { urls: vec![url], authorization: token };
    assert!(HttpRegistry::new(&address).is_err());
}
