// Prints patterns.tsv. Class path: flink-table-common, flink-core and what they need, version 2.3.0.
import java.lang.reflect.Method;
import java.time.*;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.*;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.utils.DateTimeUtils;

class Patterns {
    static Method complete;

    static void parse(String pattern, String... texts) {
        for (String text : texts) {
            String result;
            try {
                TemporalAccessor accessor = DateTimeFormatter.ofPattern(pattern, Locale.US).parse(text);
                LocalDateTime t = (LocalDateTime) complete.invoke(null, accessor, 9);
                result = TimestampData.fromLocalDateTime(t).getMillisecond() + " " + t.getNano() % 1_000_000;
            } catch (Exception e) {
                result = "!";
            }
            System.out.println("parse\t" + pattern + "|" + text + "\t" + result);
        }
    }

    public static void main(String[] args) throws Exception {
        System.out.println("# Made by Patterns.java on Java " + Runtime.version().feature() + " with Flink 2.3.0: operation, arguments, result (! is an error)");
        Locale.setDefault(Locale.US);
        complete = DateTimeUtils.class.getDeclaredMethod("fromTemporalAccessor", TemporalAccessor.class, int.class);
        complete.setAccessible(true);
        Random random = new Random(6);
        String[] patterns = {"yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss", "yyyyMMdd", "yyyyMMddHHmmss", "yyyyMMddHHmmssSSS", "yyyy/MM/dd", "dd.MM.yyyy", "d/M/yy", "HH:mm", "hh:mm a", "h:mm:ss a", "K k H h", "kk:mm", "EEE, d MMM yyyy HH:mm:ss", "EEEE d MMMM yyyy", "EEEEE MMMMM", "E M",
            "D", "DD", "DDD", "w", "ww", "YYYY-'W'ww", "YY", "Y", "Q", "QQ", "QQQ", "QQQQ", "QQQQQ", "q L LL LLL LLLL", "n", "nnnnnnnnnn", "S", "SS", "SSSSSS", "SSSSSSSSS", "y", "yy", "yyy", "yyyy", "yyyyy", "u", "uu", "uuu", "uuuu", "uuuuuu", "M", "MM", "d", "H", "m", "s", "m:s", "'quoted' ''", "yyyy 'o''clock'", "[yyyy][-MM]", "a", "yyyy年MM月dd日", "yyyy-MM-dd HH", "yyyy-MM", "MM-dd", "ss.SSS"};
        List<LocalDateTime> times = new ArrayList<>(List.of(LocalDateTime.of(1970, 1, 1, 0, 0), LocalDateTime.of(2020, 10, 10, 14, 4, 5, 123_456_789), LocalDateTime.of(2021, 1, 2, 12, 0, 0, 5_000_000), LocalDateTime.of(2024, 12, 29, 23, 59, 59, 999_999_999), LocalDateTime.of(1969, 12, 31, 0, 30, 0, 1), LocalDateTime.of(12020, 3, 4, 5, 6, 7), LocalDateTime.of(-44, 3, 15, 9, 0), LocalDateTime.of(1, 1, 1, 0, 0)));
        for (int i = 0; i < 3; i++) times.add(LocalDateTime.ofEpochSecond((long) (random.nextDouble() * 4e9), random.nextInt(1_000_000_000), ZoneOffset.UTC));
        for (String pattern : patterns)
            for (LocalDateTime t : times) {
                TimestampData data = TimestampData.fromLocalDateTime(t);
                String text = DateTimeUtils.formatTimestamp(data, pattern);
                System.out.println("format\t" + pattern + "|" + data.getMillisecond() + " " + data.getNanoOfMillisecond() + "\t" + text);
                parse(pattern, text);
            }
        parse("yyyy-MM-dd HH:mm:ss", "2020-10-10 00:00:05", "2020-1-1 00:00:05", "2020-10-10 00:00:05.1", "2020-10-10", " 2020-10-10 00:00:05", "2020-10-10 00:00:05 ", "0000-10-10 00:00:05", "-2020-10-10 00:00:05", "+2020-10-10 00:00:05", "+12020-10-10 00:00:05", "12020-10-10 00:00:05", "2020-02-30 00:00:00", "2020-02-31 24:00:00", "2020-02-28 24:00:01", "2020-04-31 00:00:00", "2020-13-01 00:00:00", "2020-10-32 00:00:00", "2020-10-10 25:00:00", "2020-10-10 23:60:00", "2020-10-10 23:59:60", "2020-00-10 00:00:00", "", "x", "2020-10-10T00:00:05");
        parse("yyyyMMdd", "20201010", "2020101", "202010101", "+120201010", "00201010", "20200230");
        parse("yyyyMMddHHmmssSSS", "20201010000005123", "2020101000000512", "202010100000051234");
        parse("yyyyMMddHHmm", "202010100102", "2020101001");
        parse("HHmmss", "010203", "10203", "240000");
        parse("Hmm", "123", "1234", "12345", "12");
        parse("yMMdd", "20201010", "201010", "11010", "-20201010");
        parse("yyMMdd", "201010", "991231", "000101", "2020101");
        parse("d/M/yy", "1/2/20", "01/02/99", "31/02/21", "32/1/20", "1/2/2020", "-1/2/20", "+1/2/20");
        parse("uuuu-MM-dd", "0000-01-01", "-0001-01-01", "-0000-01-01", "2020-01-01", "+10000-01-01");
        parse("u-M-d", "0-1-1", "-1-1-1", "2020-01-001", "12020-1-1");
        parse("hh:mm a", "02:04 PM", "12:00 AM", "12:00 PM", "00:30 PM", "13:00 PM", "02:04 pm", "02:04", "2:04 PM");
        parse("hh:mm", "02:04", "12:04");
        parse("HH:mm a", "14:04 PM", "14:04 AM", "02:04 PM", "24:00 AM");
        parse("K:mm a", "0:30 PM", "11:30 AM", "12:30 AM");
        parse("kk:mm", "24:30", "01:30", "25:00", "00:10");
        parse("HH:mm", "24:00", "24:01", "23:59", "14:4");
        parse("HH:ss", "24:00", "12:30");
        parse("HH.SSS", "12.500", "24.000");
        parse("mm:ss", "59:59", "60:00");
        parse("EEE, d MMM yyyy", "Sat, 10 Oct 2020", "Sun, 10 Oct 2020", "sat, 10 Oct 2020", "Sat, 10 October 2020", "Sat, 10 Sept 2020", "Saturday, 10 Oct 2020");
        parse("EEEE d MMMM yyyy", "Saturday 10 October 2020", "Sat 10 October 2020", "Friday 1 May 2020", "Sunday 31 May 2020");
        parse("MMMMM d", "J 1", "F 1", "M 2", "S 30", "D 5");
        parse("EEEEE", "M", "T", "S", "F", "W");
        parse("yyyy-DDD", "2020-001", "2020-366", "2021-366", "2020-000", "2020-367", "2020-1", "2020-1000");
        parse("yyyy D MM", "2020 60 02", "2020 60 03");
        parse("yyyy-MM-dd D", "2020-02-29 60", "2020-02-29 61");
        parse("yyyy D", "2020 60", "2020 060");
        parse("yyyy-'Q'Q", "2020-Q3", "2020-Q5");
        parse("yyyy-MM-dd QQQ", "2020-02-29 Q1", "2020-02-29 Q2", "2020-02-29 q1");
        parse("yyyy-MM-dd w", "2020-02-29 9", "2020-02-29 8");
        parse("YYYY w yyyy-MM-dd", "2020 9 2020-02-29", "2021 9 2020-02-29", "2021 1 2020-12-27");
        parse("YYYY-MM-dd", "2020-10-10");
        parse("YYYY w E", "2020 9 Sat", "2021 1 Mon", "2020 53 Sun", "2022 53 Sun", "2020 54 Sun", "2020 0 Sun");
        parse("YYYY w E MM", "2020 9 Sat 02", "2020 9 Sat 03");
        parse("yyyy-MM", "2020-10", "2020-13", "2020-1");
        parse("yyyy", "2020", "999", "10000", "+10000", "0000");
        parse("MM-dd", "02-28", "02-29", "02-30", "12-31");
        parse("dd", "31", "32", "00", "1");
        parse("yyyy-MM-dd[ HH:mm[:ss]]", "2020-10-10", "2020-10-10 01:02", "2020-10-10 01:02:03", "2020-10-10 01", "2020-10-10 01:02:");
        parse("[yyyy-MM-dd][dd.MM.yyyy]", "2020-10-11", "11.10.2020", "", "2020-10-1111.10.2020", "2020-10-1112.10.2020");
        parse("yyyy-MM-dd HH:mm:ss.SSS", "2020-10-10 00:00:05.123", "2020-10-10 00:00:05.12", "2020-10-10 00:00:05.1234", "2020-10-10 00:00:05");
        parse("yyyy-MM-dd HH:mm:ss.SSSSSSSSS", "2020-10-10 00:00:05.123456789", "2020-10-10 00:00:05.000000001");
        parse("s.n", "5.123", "5.999999999", "5.1000000000", "5.-1");
        parse("yyyy u", "2020 2020", "2020 2019", "0045 -44", "0045 -0044", "0001 0");
        parse("yyyyyy", "002020", "+0002020", "2020", "+1234567", "1234567");
        parse("'T'HH", "T10", "t10", "10");
        parse("dd MMM", "10 Mai", "10 May", "10 Mayx");
    }
}
