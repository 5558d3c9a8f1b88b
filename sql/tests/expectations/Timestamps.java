// Prints timestamps.tsv. Class path: flink-table-common, flink-core and what they need, version 2.3.0.
import java.time.*;
import java.util.*;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.data.binary.BinaryStringDataUtil;
import org.apache.flink.table.utils.DateTimeUtils;

class Timestamps {
    interface Call { Object get() throws Exception; }

    static void row(String operation, String arguments, Call call) {
        String result;
        try {
            Object value = call.get();
            result = value == null ? "!" : value.toString();
        } catch (Exception e) {
            result = "!";
        }
        System.out.println(operation + "\t" + arguments + "\t" + result);
    }

    static TimestampData data(long value, int precision) {
        if (precision <= 3) return TimestampData.fromEpochMillis(value);
        long per = precision <= 6 ? 1_000 : 1_000_000;
        return TimestampData.fromEpochMillis(Math.floorDiv(value, per), (int) (Math.floorMod(value, per) * (1_000_000 / per)));
    }

    static Long value(TimestampData data, int precision) {
        if (data == null) return null;
        if (precision <= 3) return data.getMillisecond();
        long per = precision <= 6 ? 1_000 : 1_000_000;
        return Math.addExact(Math.multiplyExact(data.getMillisecond(), per), data.getNanoOfMillisecond() / (1_000_000 / per));
    }

    public static void main(String[] args) {
        System.out.println("# Made by Timestamps.java on Java " + Runtime.version().feature() + " with Flink 2.3.0: operation, arguments, result (! is an error)");
        Random random = new Random(2);
        TimeZone utc = TimeZone.getTimeZone("UTC");
        long[] seconds = {0, 1, -1, 59, 60, 86399, 86400, 1602288005L, 1602288000L, 1602288060L, 951782400L, 4107542400L, -62135596800L, -2208988801L, 253402300799L, 1234567890L};
        int[] nanos = {0, 5_000_000, 120_000_000, 123_000_000, 123_456_000, 123_456_789, 1, 1_000, 999_999_999, 500_000_000};
        for (long s : seconds)
            for (int n : nanos)
                for (int p = 0; p <= 9; p++) {
                    if (random.nextInt(4) != 0) continue;
                    long per = p <= 3 ? 1_000 : p <= 6 ? 1_000_000 : 1_000_000_000;
                    long value;
                    try {
                        value = Math.addExact(Math.multiplyExact(s, per), n / (1_000_000_000 / per));
                    } catch (ArithmeticException e) {
                        continue;
                    }
                    int precision = p;
                    TimestampData d = data(value, p);
                    row("timestamp", value + " " + p, () -> DateTimeUtils.formatTimestamp(d, utc, precision));
                    row("timestamp-row", value + " " + p, d::toLocalDateTime);
                    row("instant-row", value + " " + p, d::toInstant);
                }
        for (long s : new long[] {253402300800L, -62167219200L, -62167219201L, -99999999999L, 9999999999999L}) {
            row("timestamp-row", s * 1000 + " 3", () -> data(s * 1000, 3).toLocalDateTime());
            row("instant-row", s * 1000 + " 3", () -> data(s * 1000, 3).toInstant());
        }
        for (int i = 0; i < 40; i++) {
            int days = random.nextInt(2932897 + 719528) - 719528;
            row("date", "" + days, () -> DateTimeUtils.formatDate(days));
            row("date", "" + days, () -> LocalDate.ofEpochDay(days));
        }
        for (int millis : new int[] {0, 1, 10, 100, 120, 123, 500, 999, 1000, 36_000_000, 36_000_500, 36_005_000, 45_296_780, 45_296_789, 86_399_999, 3_600_000})
            for (int p = 0; p <= 3; p++) {
                int precision = p;
                row("time", millis + " " + p, () -> DateTimeUtils.formatTimestampMillis(millis, precision));
                if (p == 3) row("time-row", millis + " 3", () -> LocalTime.ofNanoOfDay(millis * 1_000_000L));
            }
        String[] texts = {"2020-10-10 00:00:05.123", "2020-10-10 00:00:05", "2020-10-10", "2020-1-1", "2020-1-01", "2020-01-1", "2020-1-1 1:2:3", "2020-1-1 01:02:3.4", "2020-01-01 24:00:00", "2020-12-31 24:00:00", "2020-01-01 24:00:01",
            "2020-01-01 24:00:00.0", "2020-01-01 23:59:60", "2020-01-01 23:60:00", "2020-01-01 25:00:00", "2020-02-30", "2020-02-31 10:00:00", "2021-02-29", "2020-04-31", "2020-04-32", "2020-13-01", "2020-00-01", "2020-01-00", "0000-01-01",
            "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999999", "10000-01-01", "+10000-01-01", "+2020-01-01", "-2020-01-01", "999-01-01", "20-01-01", "2020-10-10T00:00:05", "2020-10-10T00:00:05Z", "2020-10-10 00:00:05Z", "2020-10-10 00:00",
            "2020-10-10 00", "2020-10-10 ", " 2020-10-10", "2020-10-10 00:00:05 ", "2020-10-10  00:00:05", "", " ", "abc", "2020", "2020-10", "2020-10-", "20201010", "2020/10/10", "2020-10-10 00:00:05.", "2020-10-10 00:00:05.1", "2020-10-10 00:00:05.12",
            "2020-10-10 00:00:05.1234", "2020-10-10 00:00:05.123456", "2020-10-10 00:00:05.1234567", "2020-10-10 00:00:05.123456789", "2020-10-10 00:00:05.1234567891", "2020-10-10 00:00:05.999999999", "1969-12-31 23:59:59.999", "1969-12-31 23:59:59.9999999",
            "1900-01-01 00:00:00", "2020-001-01", "2020-1-001", "2020-10-10 00:00:05,123", "2020-10-10 0:0:0", "2020-10-10 000:00:00", "2020-10-10 00:00:05+08:00", "2020-10-10 12:34:56 PM", "2020--", "2020--01", "2020--1-5", "2020-10-10 ::", "2020-10-10 :20:30", "2020-10-10 10::30", "2020-10-10 10:20:", "2020-1212-01", "2020-121-01", "2020-10-10 10:20:30.5.5"};
        for (String t : texts) {
            BinaryStringData s = BinaryStringData.fromString(t);
            for (int p : new int[] {0, 1, 3, 6, 9}) row("parse-timestamp", t + "|" + p, () -> value(BinaryStringDataUtil.toTimestamp(s, p), p));
            row("parse-date", t, () -> BinaryStringDataUtil.toDate(s));
            // JDBC makes the year 1 of the year 0, which is not followed.
            if (t.startsWith("0000")) continue;
            // A pattern that matches none of them: Flink then takes the text as JDBC does.
            row("parse-jdbc", t + "|9", () -> value(DateTimeUtils.parseTimestampData(t, "'~'", 9), 9));
            row("parse-jdbc", t + "|3", () -> value(DateTimeUtils.parseTimestampData(t, "'~'", 3), 3));
            row("parse-iso", t + "|3", () -> LocalDateTime.parse(t).toInstant(ZoneOffset.UTC).toEpochMilli());
            row("parse-instant", t + "|3", () -> Instant.parse(t).toEpochMilli());
        }
        for (String t : new String[] {"2020", " 2020 ", "2020-3", "2020- 3-4", "2020-3 -4", "0-1-1", "0000-1-1", "9999-12-31", "10000-1-1", "1-1-1", "2020-1-1x", "-1-1-1", "2020--1", "2020-1-", "99999999999-1-1", "2020-06-31", "2000-02-29", "1900-02-29", "2020-1-1-1", "2020-1-1 junk", "\t2020-1-1"})
            row("parse-date", t, () -> BinaryStringDataUtil.toDate(BinaryStringData.fromString(t)));
        for (String t : new String[] {"2020-1-1 1:2:3", "2020-02-31 00:00:00", "2020-02-31", "2020-1-1 25:61:61", "2020-1-1 1:2", "2020-1-1 1:2:3.", "2020-1-1 1:2:3.x", "2020-1-1 1:2:3.123456789", "2020-1-1 1:2:3.1234567890", "2020-1-1 +1:2:3", "20-1-1 1:2:3", "2020-13-1 1:2:3", "2020-0-1", "2020-1-32", "2020-1-1 ::", "2020-1-1 1::3"})
            row("parse-jdbc", t + "|9", () -> value(DateTimeUtils.parseTimestampData(t, "'~'", 9), 9));
        for (String t : new String[] {"10", "10:20", "10:20:30", "1:2:3", "10:20:30.5", "10:20:30.123", "10:20:30.1234", "10:20:30.1235", "10:20:30.9999", "10:20:30.", "10:20:30.x", "24:00:00", "23:59:59", "00:00:00", "23:60", "23:59:60", "", ":", "10:", "10::", " 10 : 20 : 30 ", "10:20:30:40", "a", "10:a", "10:20+02:00", "10:20:30-01:30", "10+2", "10:20:30.5+02:00", "10:20:30+a", "-10:00", "10:20:30 PM", "10.5"})
            for (int p : new int[] {0, 1, 2, 3}) row("parse-time", t + "|" + p, () -> BinaryStringDataUtil.toTime(BinaryStringData.fromString(t), p));
    }
}
