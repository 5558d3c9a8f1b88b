package millstream.nexmark;

import java.nio.charset.StandardCharsets;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;

/**
 * The events of the connector 'nexmark', by the rules of sql/src/connectors/nexmark: the same values for the same
 * numbers, so that both engines work on one stream.
 */
final class Generator implements java.io.Serializable {
    private static final long INCREMENT = 0x9E3779B97F4A7C15L;
    private static final long BASE_TIME = 1_436_918_400_000L;
    private static final long FIRST_ID = 1000;
    private static final long LEAD = 10, IN_FLIGHT = 100, ACTIVE = 1000;
    private static final StringData[] HOT_CHANNELS = strings("Google", "Facebook", "Baidu", "Apple");
    private static final String[] FIRST_NAMES =
        {"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"};
    private static final String[] LAST_NAMES =
        {"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"};
    private static final String[] CITIES = {"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend",
        "Redmond", "Seattle", "Kent", "Cheyenne"};
    private static final String[] STATES = {"AZ", "CA", "ID", "OR", "WA", "WY"};

    /** 100 * 2^(i / 64). */
    private static final double[] POWERS = new double[64];
    private static final double LN_2 = 0.693147180559945309417232121458;
    private static final double LOG2_10 = 3.32192809488736234787031942949;
    private static final long LOG2_OF_MILLION = (long) (6.0 * LOG2_10 * (double) (1L << 58));

    static {
        for (int i = 0; i < POWERS.length; i++) {
            POWERS[i] = 100.0 * exponential((double) i / POWERS.length * LN_2, 20);
        }
    }

    private final long seed = mix(INCREMENT);
    private final double delayMicros;
    private final int persons, auctions, total;

    /** What is left of a draw. */
    private transient long rest;

    Generator(long eventsPerSecond, int persons, int auctions, int bids) {
        this.delayMicros = 1_000_000.0 / eventsPerSecond;
        this.persons = persons;
        this.auctions = auctions;
        this.total = persons + auctions + bids;
    }

    /** The event of a number, as a row: event_type, person, auction, bid. */
    RowData event(long number) {
        long offset = number % total;
        GenericRowData row = new GenericRowData(4);
        if (offset < persons) {
            row.setField(0, 0);
            row.setField(1, person(number));
        } else if (offset < persons + auctions) {
            row.setField(0, 1);
            row.setField(2, auction(number));
        } else {
            row.setField(0, 2);
            row.setField(3, bid(number));
        }
        return row;
    }

    private RowData bid(long number) {
        long auction = below(draw(number, 14), 2) > 0 ? hotAuction(number) : openAuction(number, rest);
        long bidder = below(draw(number, 15), 4) > 0 ? hotPerson(number) + 1 : activePerson(number, rest);
        long price = price(draw(number, 16));
        StringData channel;
        long channelNumber;
        boolean hasId;
        if (below(draw(number, 17), 2) > 0) {
            int index = (int) below(rest, 4);
            channel = HOT_CHANNELS[index];
            channelNumber = 10_000 + index;
            hasId = false;
        } else {
            channelNumber = below(rest, 10_000);
            channel = StringData.fromString("channel-" + channelNumber);
            hasId = true;
        }
        boolean noId = below(draw(channelNumber, 19), 10) == 0;
        Text url = new Text(96);
        url.add("https://www.nexmark.com/").path(rest).add("item.htm?query=1");
        if (hasId && !noId) {
            url.add("&channel_id=").add(Integer.toString(Math.abs(Integer.reverse((int) channelNumber))));
        }
        int length = padding(draw(number, 18), 4 * 8, 100);
        StringData extra = letters(rest, length);
        return GenericRowData.of(auction, bidder, price, channel, url.data(), time(number), extra);
    }

    private RowData auction(long number) {
        int nameLength = length(draw(number, 6), 20);
        StringData name = words(rest, nameLength);
        int descriptionLength = length(draw(number, 7), 100);
        StringData description = words(rest, descriptionLength);
        long initialBid = price(draw(number, 8));
        long reserve = initialBid + price(draw(number, 9));
        long begins = millis(number);
        long horizon = millis(number + IN_FLIGHT * total / Math.max(auctions, 1)) - begins;
        long expires = begins + 1 + below(draw(number, 10), Math.max(2 * horizon, 1));
        long seller = below(draw(number, 11), 4) > 0 ? hotPerson(number) : activePerson(number, rest);
        long category = 10 + below(draw(number, 12), 5);
        int length = padding(draw(number, 13), 6 * 8 + nameLength + descriptionLength, 500);
        StringData extra = letters(rest, length);
        return GenericRowData.of(FIRST_ID + auctionsBy(number) - 1, name, description, initialBid, reserve,
            TimestampData.fromEpochMillis(begins), TimestampData.fromEpochMillis(expires), seller, category, extra);
    }

    private RowData person(long number) {
        String first = oneOf(draw(number, 0), FIRST_NAMES);
        String last = oneOf(rest, LAST_NAMES);
        int user = length(draw(number, 1), 7);
        int host = length(rest, 5);
        Text email = new Text(24);
        email.words(rest, 0, user).add("@").words(rest, 1, host).add(".com");
        Text card = new Text(19);
        rest = draw(number, 2);
        for (int group = 0; group < 4; group++) {
            card.add(group > 0 ? " " : "").add(String.format("%04d", below(rest, 10_000)));
        }
        String city = oneOf(draw(number, 3), CITIES);
        String state = oneOf(draw(number, 4), STATES);
        int size = 8 + first.length() + 1 + last.length() + user + 1 + host + 4 + 19 + city.length() + state.length();
        int length = padding(draw(number, 5), size, 200);
        StringData extra = letters(rest, length);
        return GenericRowData.of(FIRST_ID + personsBy(number) - 1, StringData.fromString(first + " " + last),
            email.data(), card.data(), StringData.fromString(city), StringData.fromString(state), time(number), extra);
    }

    private TimestampData time(long number) {
        return TimestampData.fromEpochMillis(millis(number));
    }

    private long millis(long number) {
        return BASE_TIME + (long) (number * delayMicros) / 1000;
    }

    private long personsBy(long number) {
        return number / total * persons + Math.min(number % total + 1, persons);
    }

    private long auctionsBy(long number) {
        return number / total * auctions + Math.min(Math.max(number % total + 1 - persons, 0), auctions);
    }

    private long hotAuction(long number) {
        return FIRST_ID + (auctionsBy(number) - 1) / 100 * 100;
    }

    private long hotPerson(long number) {
        return FIRST_ID + (personsBy(number) - 1) / 100 * 100;
    }

    private long openAuction(long number, long draw) {
        long last = auctionsBy(number) - 1;
        long first = Math.max(last - IN_FLIGHT, 0);
        return FIRST_ID + first + below(draw, last - first + 1 + LEAD);
    }

    private long activePerson(long number, long draw) {
        long all = personsBy(number);
        long active = Math.min(all, ACTIVE);
        return FIRST_ID + all - active + below(draw, active + LEAD);
    }

    private long draw(long number, int field) {
        return mix(seed + (number * 32 + field) * INCREMENT);
    }

    /** A number below a bound; what is left of the draw is in `rest`. */
    private long below(long draw, long bound) {
        rest = draw * bound;
        return multiplyHigh(draw, bound);
    }

    private String oneOf(long draw, String[] list) {
        return list[(int) below(draw, list.length)];
    }

    private int length(long draw, int maximum) {
        return 3 + (int) below(draw, maximum - 3);
    }

    private int padding(long draw, int size, int average) {
        int desired = Math.max(average - size, 0);
        int delta = (desired + 2) / 5;
        return desired - delta + (int) below(draw, 2L * delta);
    }

    private static long price(long draw) {
        long exponent = multiplyHigh(draw, LOG2_OF_MILLION);
        long whole = exponent >>> 58;
        int place = (int) (exponent >>> 52 & 63);
        long one = Double.doubleToRawLongBits(1.0);
        double left = Double.longBitsToDouble(one | exponent << 12 >>> 12) - 1.0;
        double power = Double.longBitsToDouble(one + (whole << 52)) * POWERS[place] * exponential(left * (LN_2 / 64), 5);
        return (long) (power + 0.5);
    }

    private static double exponential(double x, int terms) {
        double sum = 1.0;
        for (int term = terms; term > 0; term--) {
            sum = 1.0 + x * (1.0 / term) * sum;
        }
        return sum;
    }

    /** The upper half of the product of two unsigned numbers. */
    private static long multiplyHigh(long left, long right) {
        return Math.multiplyHigh(left, right) + (left >> 63 & right) + (right >> 63 & left);
    }

    static long mix(long number) {
        number = (number ^ number >>> 30) * 0xBF58476D1CE4E5B9L;
        number = (number ^ number >>> 27) * 0x94D049BB133111EBL;
        return number ^ number >>> 31;
    }

    private static StringData letters(long draw, int length) {
        byte[] text = new byte[length];
        long word = 0;
        for (int i = 0; i < length; i++) {
            if (i % 8 == 0) {
                draw += INCREMENT;
                word = mix(draw);
            }
            text[i] = letter((int) word & 255);
            word >>>= 8;
        }
        return StringData.fromBytes(text);
    }

    private StringData words(long draw, int length) {
        return new Text(length).words(draw, 0, length).data();
    }

    private static byte letter(int random) {
        return (byte) ('a' + (random * 26 >> 8));
    }

    private static byte letterOr(char special, int random) {
        return random < 20 ? (byte) special : (byte) ('a' + ((random - 20) * 28 >> 8));
    }

    private static StringData[] strings(String... texts) {
        return java.util.Arrays.stream(texts).map(StringData::fromString).toArray(StringData[]::new);
    }

    /** Bytes that become a text. */
    private final class Text {
        private byte[] bytes;
        private int used;

        Text(int room) {
            bytes = new byte[room];
        }

        Text add(String text) {
            byte[] more = text.getBytes(StandardCharsets.US_ASCII);
            for (byte one : more) {
                put(one);
            }
            return this;
        }

        private void put(byte one) {
            if (used == bytes.length) {
                bytes = java.util.Arrays.copyOf(bytes, 2 * used + 8);
            }
            bytes[used++] = one;
        }

        /** Letters and blanks, from the random words behind the first `skipped`; neither end is a blank. */
        Text words(long draw, int skipped, int length) {
            draw += skipped * INCREMENT;
            long word = 0;
            for (int i = 0; i < length; i++) {
                if (i % 8 == 0) {
                    draw += INCREMENT;
                    word = mix(draw);
                }
                int random = (int) word & 255;
                put(i == 0 || i == length - 1 ? letter(random) : letterOr(' ', random));
                word >>>= 8;
            }
            return this;
        }

        /** Three names of 3 or 4 characters, each with a slash behind it. */
        Text path(long draw) {
            long[] words = {mix(draw + INCREMENT), mix(draw + 2 * INCREMENT)};
            rest = draw;
            for (int name = 0; name < 3; name++) {
                int length = length(rest, 5);
                for (int i = 0; i < length; i++) {
                    int at = 4 * name + i;
                    put(letterOr('_', (int) (words[at / 8] >>> 8 * (at % 8)) & 255));
                }
                put((byte) '/');
            }
            return this;
        }

        StringData data() {
            return StringData.fromBytes(bytes, 0, used);
        }
    }
}
