//! What browsers call themselves.

use crate::connectors::faker::generator::append;
use crate::connectors::faker::random::Random;

/// A user agent of a browser on a computer or a telephone.
pub(super) fn any(random: &mut Random, out: &mut String) {
    let system = random.word(SYSTEMS);
    match random.below(5) {
        0 | 1 => {
            let version = random.between(90, 140);
            append(
                out,
                format_args!(
                    "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
                ),
            );
            if random.below(3) == 0 {
                append(out, format_args!(" Edg/{version}.0.0.0"));
            }
        }
        2 => {
            let version = random.between(78, 145);
            append(
                out,
                format_args!("Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
            );
        }
        3 => {
            let (version, minor) = (random.between(13, 18), random.below(6));
            append(
                out,
                format_args!(
                    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version}.{minor} Safari/605.1.15"
                ),
            );
        }
        _ => {
            let (version, minor) = (random.between(13, 18), random.below(6));
            append(
                out,
                format_args!(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS {version}_{minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version}.{minor} Mobile/15E148 Safari/604.1"
                ),
            );
        }
    }
}

#[rustfmt::skip]
const SYSTEMS: &[&str] = &[
    "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "X11; Ubuntu; Linux x86_64",
    "X11; CrOS x86_64 14541.0.0", "Linux; Android 10; K", "Linux; Android 14; Pixel 8",
];

/// User agents of crawlers.
#[rustfmt::skip]
pub(super) const BOTS: &[&str] = &[
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
];
