//! The expressions of the Flink SQL cookbook, of the Flink 101 course, and such as are like them.

use regex::Regex;

use super::tests::generated;

/// An expression, what its texts look like, and one that datafaker 1.9.0 generated (of `userAgentAny`, which 1.9 has no
/// longer: an older one).
#[rustfmt::skip]
const CASES: &[(&str, &str, &str)] = &[
    ("#{Address.city}", "[A-Z][A-Za-z' ]+", "Lorenzoshire"),
    ("#{Address.fullAddress}", r"((Apt\.|Suite) \d+ )?\d{1,5} [A-Z][A-Za-z' ]+, [A-Z][A-Za-z' ]+, [A-Z]{2} \d{5}", "Apt. 632 7794 Sawayn Spring, Port Ronda, WI 40563"),
    ("#{Commerce.productName}", r"[A-Z]\w+( Duty)? [A-Z]\w+ [A-Z]\w+", "Aerodynamic Granite Car"),
    ("#{Currency.code}", "[A-Z]{3}", "FJD"),
    ("#{HitchhikersGuideToTheGalaxy.character}", "[A-Z][A-Za-z0-9'. -]+", "Hotblack Desiato's bodyguard"),
    ("#{HitchhikersGuideToTheGalaxy.location}", "[A-Z0-9][A-Za-z0-9'. -]+", "Horse and Groom"),
    ("#{HitchhikersGuideToTheGalaxy.starship}", "[A-Z][A-Za-z0-9'. -]+", "Billion Year Bunker"),
    ("#{Internet.UUID}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "44562d2a-26e0-45f5-9c41-9640908c8ffc"),
    ("#{Internet.emailAddress}", r"[a-z]+\.[a-z]+@(gmail|yahoo|hotmail|outlook|icloud)\.com", "chance.harber@gmail.com"),
    ("#{Internet.publicIpV4Address}", r"(\d{1,3}\.){3}\d{1,3}", "204.11.78.98"),
    ("#{Internet.userAgentAny}", r"Mozilla/5\.0 \(.+\) (AppleWebKit|Gecko)/.+", "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2228.0 Safari/537.36"),
    ("#{Internet.uuid}", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "cb5ddaa5-f368-4eb1-ba35-210756fe6326"),
    ("#{Lorem.sentence}", r"[A-Z][a-z]*( [a-z]+){2,7}\.", "Doloribus a repellendus voluptatem voluptatem asperiores delectus eaque."),
    ("#{Name.firstName}", "[A-Z][a-z]+", "Estela"),
    ("#{Name.firstName} #{Name.lastName}", "[A-Z][a-z]+ [A-Z][A-Za-z']+", "Sherwood Stoltenberg"),
    ("#{Name.fullName}", r"((Mr|Mrs|Ms|Miss|Dr)\.? )?[A-Z][a-z]+ [A-Z][A-Za-z']+( ([IV]+|[JS]r\.|MD|DDS|PhD|DVM))?", "Emerson Lubowitz"),
    ("#{Name.full_name}", r"((Mr|Mrs|Ms|Miss|Dr)\.? )?[A-Z][a-z]+ [A-Z][A-Za-z']+( ([IV]+|[JS]r\.|MD|DDS|PhD|DVM))?", "Micah Moen DDS"),
    ("#{Name.lastName}", "[A-Z][A-Za-z']+", "Orn"),
    ("#{Number.randomDouble '2','1','150'}", r"\d{1,3}\.\d{1,2}", "40.13"),
    ("#{Number.randomDouble '2','10','1000'}", r"\d{2,4}\.\d{1,2}", "415.32"),
    ("#{Number.randomDouble '4','0','10'}", r"\d{1,2}\.\d{1,4}", "4.3428"),
    ("#{Options.option 'chrome', 'firefox', 'safari')}", "chrome|firefox|safari", "safari"),
    ("#{Options.option 'chrome','firefox'}", "chrome|firefox", "firefox"),
    ("#{RickAndMorty.character}", "[A-Z][A-Za-z0-9'. -]+", "Scary Terry"),
    ("#{RickAndMorty.location}", "[A-Z][A-Za-z0-9'. -]+", "Dwarf Terrace-9"),
    ("#{Space.nasaSpaceCraft}", "[A-Z][A-Za-z0-9'. -]+", "Gemini"),
    ("#{Space.star}", "[A-Z][A-Za-z0-9'. -]+", "Rigel"),
    ("#{bool.bool}", "true|false", "false"),
    ("#{bothify '??##'}", "[a-z]{2}[0-9]{2}", "wz96"),
    ("#{date.birthday '1','100'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "1978-01-20 11:58:03.0"),
    ("#{date.future '15','DAYS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-27 11:41:54.106"),
    ("#{date.future '365','DAYS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2027-11-08 22:28:58.934"),
    ("#{date.past '10','0','SECONDS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-24 19:51:47.329"),
    ("#{date.past '10','5','SECONDS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-24 19:51:39.297"),
    ("#{date.past '15','5','SECONDS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-24 19:51:37.064"),
    ("#{date.past '15','SECONDS','YYYY-MM-dd HH:mm:ss'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-11-24 19:51:44"),
    ("#{date.past '15','SECONDS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-24 19:51:35.841"),
    ("#{date.past '30','DAYS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-20 05:36:33.977"),
    ("#{date.past '30','SECONDS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-24 19:51:36.106"),
    ("#{date.past '45','10','SECONDS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-24 19:51:16.243"),
    ("#{date.past '5','1','SECONDS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-24 19:51:44.963"),
    ("#{date.past '5','SECONDS'}", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}", "2026-11-24 19:51:49.251"),
    ("#{dr_who.the_doctors}", "[A-Z][a-z]+ Doctor", "Eighth Doctor"),
    ("#{harry_potter.characters}", "[A-Z][A-Za-z0-9'. -]+", "Zacharias Smith"),
    ("#{harry_potter.character}", "[A-Z][A-Za-z0-9'. -]+", "Nagini"),
    ("#{harry_potter.spells}", "[A-Z][A-Za-z0-9'. -]+", "Riddikulus"),
    ("#{harry_potter.spell}", "[A-Z][A-Za-z0-9'. -]+", "Alohomora"),
    ("#{letterify '???'}", "[a-z]{3}", "wvk"),
    ("#{number.numberBetween '0','10'}", r"\d{1}", "5"),
    ("#{number.numberBetween '0','1000'}", r"\d{1,3}", "251"),
    ("#{number.numberBetween '0','10000000'}", r"\d{1,7}", "6225957"),
    ("#{number.numberBetween '0','42'}", r"\d{1,2}", "9"),
    ("#{number.numberBetween '0','50'}", r"\d{1,2}", "5"),
    ("#{number.numberBetween '0','7'}", r"\d{1}", "2"),
    ("#{number.numberBetween '1','100'}", r"\d{1,2}", "59"),
    ("#{number.numberBetween '1','50'}", r"\d{1,2}", "16"),
    ("#{number.numberBetween '100','10000000'}", r"\d{3,7}", "2546633"),
    ("#{number.numberBetween '1576141834','1607764234'}", r"\d{10}", "1596996158"),
    ("#{number.numberBetween '1609060234','1639300234'}", r"\d{10}", "1617583701"),
    ("#{number.randomDouble '2','10','20'}", r"[12]\d\.\d{1,2}", "14.55"),
    ("#{number.randomNumber}", r"\d{1,10}", "1508423703"),
    ("#{numerify 'user_##'}", "user_[0-9]{2}", "user_21"),
    ("#{regexify '(1|2|3|4|5){1}'}", "1|2|3|4|5", "1"),
    ("#{regexify '(200|201|204|400|401|403|301){1}'}", "200|201|204|400|401|403|301", "301"),
    ("#{regexify '(Alice|Bob|Carol|Alex|Joe|James|Jane|Jack)'}", "Alice|Bob|Carol|Alex|Joe|James|Jane|Jack", "Carol"),
    (r"#{regexify '(America\/Los_Angeles|Europe\/Rome|Europe\/London|Australia\/Sydney){1}'}", "America/Los_Angeles|Europe/Rome|Europe/London|Australia/Sydney", "Europe/London"),
    ("#{regexify '(Chicago|Munich|Berlin|Portland|Hangzhou|Seatle|Beijing|New York){1}'}", "Chicago|Munich|Berlin|Portland|Hangzhou|Seatle|Beijing|New York", "New York"),
    ("#{regexify '(Copenhagen|Berlin|Chicago|Portland|Seattle|New York){1}'}", "Copenhagen|Berlin|Chicago|Portland|Seattle|New York", "Portland"),
    (r"#{regexify '(Deja\ Brew|Jurassic\ Pork|Lawn\ \&\ Order|Pita\ Pan|Bread\ Pitt|Indiana\ Jeans|Thai\ Tanic){1}'}", "Deja Brew|Jurassic Pork|Lawn & Order|Pita Pan|Bread Pitt|Indiana Jeans|Thai Tanic", "Deja Brew"),
    ("#{regexify '(EUR|USD|CNY)'}", "EUR|USD|CNY", "USD"),
    (r"#{regexify '(GET|POST|PUT|PATCH){1}'} #{regexify '(/search\.html|/login\.html|/prod\.html|cart\.html|/order\.html){1}'} #{regexify '(HTTP/1\.1|HTTP/2|/HTTP/1\.0){1}'}", r"(GET|POST|PUT|PATCH) /?(search|login|prod|cart|order)\.html /?HTTP/(1\.1|2|1\.0)", "GET /order.html HTTP/2"),
    ("#{regexify '(New York|Illinois|California|Washington){1}'}", "New York|Illinois|California|Washington", "Illinois"),
    ("#{regexify '(Newmouth|Newburgh|Portport|Southfort|Springfield){1}'}", "Newmouth|Newburgh|Portport|Southfort|Springfield", "Portport"),
    ("#{regexify '(OK|KO|WARNING){1}'}", "OK|KO|WARNING", "OK"),
    ("#{regexify '(Parseltongue|Rune|Gobbledegook|Mermish|Troll|English)'}", "Parseltongue|Rune|Gobbledegook|Mermish|Troll|English", "Rune"),
    (r"#{regexify '(bahn\.de|station|retailer|app|lidl|hotline|joyn){1}'}", r"bahn\.de|station|retailer|app|lidl|hotline|joyn", "station"),
    ("#{regexify '(basic|premium|platinum){1}'}", "basic|premium|platinum", "basic"),
    ("#{regexify '(morsapaes|knauf|sjwiesman){1}'}", "morsapaes|knauf|sjwiesman", "morsapaes"),
    ("#{regexify '(open_push_message|discard_push_message|open_app|display_overview|change_settings)'}", "open_push_message|discard_push_message|open_app|display_overview|change_settings", "open_push_message"),
    ("#{superhero.name}", "[A-Z][A-Za-z0-9'. -]+", "Bomb Queen"),
    ("#{time.future '15','5','SECONDS'}", r"\d{1,14}", "71518127492297"),
    ("#{time.past '15','SECONDS'}", r"\d{1,14}", "71497941249329"),
    ("-", "-", "-"),
    ("/#{GreekPhilosopher.name}.html", r"/[A-Z][a-z]+\.html", "/Pythagoras.html"),
];

#[test]
fn expressions_generate_what_looks_like_the_original() {
    for (expression, shape, original) in CASES {
        let shape = Regex::new(&format!("^(?:{shape})$")).unwrap();
        assert!(shape.is_match(original), "the original of {expression} is {original:?}");
        for text in generated(expression, 300) {
            assert!(shape.is_match(&text), "{expression} generates {text:?}");
        }
    }
}
