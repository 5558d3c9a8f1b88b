//! What messages look like: out of a `.proto` file, or a set of descriptors that protoc wrote.

use std::path::Path;

use prost_reflect::{DescriptorPool, MessageDescriptor};

/// How many messages an error names.
const NAMED: usize = 10;

/// The descriptors of a file, and of those that it imports: from its folder, if it is text.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(path: &Path) -> Result<DescriptorPool, String> {
    if path.extension().is_some_and(|extension| extension == "proto") {
        return compile(path);
    }
    let bytes = std::fs::read(path).map_err(|error| format!("it cannot be read: {error}"))?;
    DescriptorPool::decode(bytes.as_slice()).map_err(|error| {
        format!(
            "it is no set of descriptors, as `protoc --include_imports --descriptor_set_out` writes, and its name does not \
             end in `.proto`: {error}"
        )
    })
}

fn compile(path: &Path) -> Result<DescriptorPool, String> {
    let name = path.file_name().ok_or("it is no file")?;
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    // Said here, since the compiler names its search path and not the file.
    std::fs::metadata(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let compiled = protox::Compiler::new([folder]).and_then(|mut compiler| {
        compiler.open_file(name)?;
        Ok(compiler.descriptor_pool())
    });
    // The text for debugging is the one with line and column.
    compiled.map_err(|error| format!("{error:?} (imports are looked for in `{}`)", folder.display()))
}

/// The message of this name: its own, or that of the class which Java's generator makes of it.
///
/// # Errors
/// If there is none.
pub(super) fn message(pool: &DescriptorPool, name: &str) -> Result<MessageDescriptor, String> {
    let found = pool.get_message_by_name(name);
    let found = found.or_else(|| pool.all_messages().find(|message| class_name(message) == name));
    found.filter(|message| !message.is_map_entry()).ok_or_else(|| {
        let own = pool.all_messages().filter(|message| {
            !message.is_map_entry() && !message.package_name().starts_with("google.protobuf")
        });
        let mut names: Vec<_> = own.map(|message| message.full_name().to_owned()).collect();
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("there is no message '{name}'; there are: {}{more}", names.join(", "))
    })
}

/// The name of the class that Java's generator makes of a message, as `Class.forName` has it.
fn class_name(message: &MessageDescriptor) -> String {
    let file = message.parent_file_descriptor_proto();
    let options = file.options.as_ref();
    let package = options.and_then(|options| options.java_package.as_deref()).unwrap_or(file.package());
    let within = message.full_name().strip_prefix(file.package()).unwrap_or(message.full_name());
    let within = within.trim_start_matches('.').replace('.', "$");
    let dot = if package.is_empty() { "" } else { "." };
    if options.is_some_and(|options| options.java_multiple_files()) {
        return format!("{package}{dot}{within}");
    }
    let outer = options.and_then(|options| options.java_outer_classname.clone());
    let outer = outer.unwrap_or_else(|| {
        let outer = camel_case(file.name());
        let mut names = file.message_type.iter().map(|found| found.name());
        let is_taken = names.any(|found| found == outer)
            || file.enum_type.iter().any(|found| found.name() == outer)
            || file.service.iter().any(|found| found.name() == outer);
        if is_taken { outer + "OuterClass" } else { outer }
    });
    format!("{package}{dot}{outer}${within}")
}

/// The name of a file without folder and ending, each of its words with a capital.
fn camel_case(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".proto").unwrap_or(name);
    let mut out = String::with_capacity(name.len());
    let mut starts_word = true;
    for character in name.chars() {
        match character {
            _ if !character.is_ascii_alphanumeric() => starts_word = true,
            _ if std::mem::take(&mut starts_word) => out.push(character.to_ascii_uppercase()),
            _ => out.push(character),
        }
        // A letter behind a digit begins a word.
        starts_word |= character.is_ascii_digit();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pool of one file.
    fn pool(name: &str, text: &str) -> DescriptorPool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read(&path).unwrap()
    }

    #[test]
    fn messages_are_found_by_their_names_and_by_those_of_their_classes() {
        let text = |options: &str| {
            format!(
                "syntax = \"proto3\"; package shop.v1; {options} message Order {{ message Line {{}} map<string, Line> lines = 1; }}"
            )
        };
        let cases = [
            ("order.proto", "", "shop.v1.OrderOuterClass$Order"),
            ("web-orders_2b.proto", "", "shop.v1.WebOrders2B$Order"),
            (
                "o.proto",
                "option java_package = \"com.shop\"; option java_outer_classname = \"All\";",
                "com.shop.All$Order",
            ),
            ("o.proto", "option java_multiple_files = true;", "shop.v1.Order"),
        ];
        for (file, options, class) in cases {
            let pool = pool(file, &text(options));
            for (name, expected) in [
                ("shop.v1.Order", "shop.v1.Order"),
                ("shop.v1.Order.Line", "shop.v1.Order.Line"),
                (class, "shop.v1.Order"),
                (&format!("{class}$Line"), "shop.v1.Order.Line"),
            ] {
                assert_eq!(message(&pool, name).unwrap().full_name(), expected, "{file}: {name}");
            }
            let error = message(&pool, "Order").unwrap_err();
            assert_eq!(error, "there is no message 'Order'; there are: shop.v1.Order, shop.v1.Order.Line");
            assert!(message(&pool, "shop.v1.Order.LinesEntry").is_err());
        }
    }

    #[test]
    fn files_that_are_wrong_say_where() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let cases: [(_, &[u8], &str); 5] = [
            ("a.proto", b"syntax = \"proto3\";\nmessage M { int32 a 1; }", "a.proto:2:21"),
            ("b.proto", b"syntax = \"proto3\"; import \"none.proto\";", "import 'none.proto' not found"),
            ("c.proto", b"syntax = \"proto3\"; message M { Other a = 1; }", "Other"),
            ("d.proto", b"\xff", "utf-8"),
            ("e.desc", b"\xff\xff", "it is no set of descriptors"),
        ];
        for (name, content, expected) in cases {
            let error = read(&write(name, content)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let error = read(&folder.path().join("none.proto")).unwrap_err();
        assert!(error.starts_with("it cannot be read:"), "{error}");
    }

    #[test]
    fn descriptors_are_read_as_text_and_compiled() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("parts")).unwrap();
        let part = "syntax = \"proto3\"; package p; import \"google/protobuf/timestamp.proto\";
                    message Part { google.protobuf.Timestamp at = 1; }";
        std::fs::write(folder.path().join("parts/part.proto"), part).unwrap();
        let whole =
            "syntax = \"proto2\"; import \"parts/part.proto\"; message Whole { optional p.Part part = 1; }";
        let text = folder.path().join("whole.proto");
        std::fs::write(&text, whole).unwrap();
        let pool = read(&text).unwrap();
        let compiled = folder.path().join("whole.desc");
        std::fs::write(&compiled, pool.encode_to_vec()).unwrap();
        for pool in [pool, read(&compiled).unwrap()] {
            let whole = message(&pool, "Whole").unwrap();
            let part = whole.get_field_by_name("part").unwrap().kind();
            let at = part.as_message().unwrap().get_field_by_name("at").unwrap().kind();
            assert_eq!(at.as_message().unwrap().full_name(), "google.protobuf.Timestamp");
        }
    }
}
