// Prints simple_patterns.tsv. Class path: flink-table-common, flink-core and what they need, version 2.3.0.
import java.text.SimpleDateFormat;
import java.time.*;
import java.time.zone.*;
import java.util.*;
import org.apache.flink.table.utils.DateTimeUtils;

class SimplePatterns {
    static void parse(String pattern, String... texts) {
        for (String text : texts) {
            String result;
            try {
                SimpleDateFormat format = new SimpleDateFormat(pattern, Locale.US);
                format.setTimeZone(TimeZone.getTimeZone("UTC"));
                result = "" + format.parse(text).getTime();
            } catch (Exception e) {
                result = "!";
            }
            System.out.println("parse\t" + pattern + "|" + text + "\t" + result);
        }
    }

    static void wall(String zone, long second) {
        String text = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC).toString().replace('T', ' ');
        if (text.length() == 16) text += ":00";
        System.out.println("instant\t" + zone + "|" + second * 1000 + "\t" + DateTimeUtils.unixTimestamp(text, TimeZone.getTimeZone(zone)) * 1000);
    }

    public static void main(String[] args) {
        Locale.setDefault(Locale.US);
        System.out.println("# Made by SimplePatterns.java on Java " + Runtime.version().feature() + " with Flink 2.3.0: operation, arguments, result (! is an error)");
        Random random = new Random(7);
        String[] patterns = {"yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.SSS", "yyyyMMdd", "yyyyMMddHHmmss", "yyyyMMddHHmmssSSS", "d/M/yy", "hh:mm a", "K k H h", "EEE, d MMM yyyy", "EEEE d MMMM yyyy", "E EE MMMMMM", "D DDD", "w ww W WW", "YYYY-'W'ww-u", "YY Y", "F", "u uu", "S SS SSS SSSSSS", "y yy yyy yyyy yyyyy", "M MM L LL LLL LLLL", "aaa", "G y", "'o''clock' ''", "[yyyy]", "yyyy年", "yyyy-MM-dd'T'HH:mm:ss"};
        List<Long> times = new ArrayList<>(List.of(0L, 1602338645123L, 1609588800005L, 1735516799999L, -1L, -1000000000000L, 253402300799999L, 1583020800000L, 1596240000000L));
        for (int i = 0; i < 4; i++) times.add((long) (random.nextDouble() * 4e12));
        for (String pattern : patterns)
            for (long t : times) {
                String text = DateTimeUtils.formatTimestampMillis(t, pattern, TimeZone.getTimeZone("UTC"));
                System.out.println("format\t" + pattern + "|" + t + "\t" + text);
                // Two-digit years depend on the day; weeks without a year that weeks belong to are not read.
                if (!pattern.contains("yy yyy") && !pattern.contains("w ww W") && !pattern.contains("YY Y") && !pattern.equals("F") && !pattern.contains("/yy")) parse(pattern, text);
            }
        parse("yyyy-MM-dd HH:mm:ss", "2020-10-10 00:00:05", "2020-1-1 1:2:3", "2020-10-10 00:00:05.9", "2020-10-10 00:00:05 and more", " 2020-10-10 00:00:05", "2020-10-10  00:00:05", "2020 -10-10 00:00:05", "2020- 10- 10 00: 00: 05", "2020-10-10", "2020-10-10 ", "2020-10-10T00:00:05", "2020-13-01 00:00:00", "2020-00-01 00:00:00", "2020-02-30 00:00:00", "2020-10-00 00:00:00", "2020-10-10 25:61:61", "2020-10-10 -1:00:00", "2020-10--1 00:00:00", "", "x", "12020-01-01 00:00:00", "2020-10-10 00:00:", "+2020-10-10 00:00:00");
        parse("yyyy-MM-dd", "2020-10-10", "2020-10-10 12:00:00", "2020-10-1x", "2020-10-", "2020-10", "20201010", "2020-366-1", "2020-1-366", "99999-1-1");
        parse("yyyyMMdd", "20201010", "202010", "2020101", "20201010999", "2020 1 1");
        parse("yyyyMMddHHmmss", "20201010000005", "2020101000000", "20201010 00005");
        parse("d MMM yyyy", "1 Jan 2020", "1 january 2020", "1 JAN 2020", "1 Jann 2020", "1 Sept 2020", "1 May 2020", "1 Mayo 2020", "1 1 2020");
        parse("EEE, d MMM yyyy", "Sat, 10 Oct 2020", "Sun, 10 Oct 2020", "saturday, 10 October 2020", "xyz, 10 Oct 2020");
        parse("hh:mm a", "02:04 PM", "12:00 AM", "12:00 PM", "13:00 pm", "00:30 PM", "02:04", "02:04  am");
        parse("HH:mm a", "14:04 PM", "14:04 AM", "02:04 PM");
        parse("a HH:mm", "PM 02:04", "AM 14:04");
        parse("kk:mm", "24:30", "01:30", "25:00");
        parse("K:mm a", "0:30 PM", "12:30 AM");
        parse("a", "AM", "PM");
        parse("D yyyy", "60 2020", "366 2021", "0 2020");
        parse("yyyy-MM-dd D", "2020-02-01 60");
        parse("yyyy D MM-dd", "2020 60 02-01");
        parse("YYYY-MM-dd", "2020-10-10", "2021-01-02");
        parse("YYYY ww", "2020 10", "2020 54", "2020 0");
        parse("YYYY ww u", "2020 10 1", "2020 10 7", "2021 1 5");
        parse("dMMMyyyy", "10Oct2020", "1Oct2020", "010Oct2020");
        parse("hhmma", "0204PM", "12304AM");
        parse("E dd yyyy", "Sat 10 2020");
        parse("G y", "AD 2020", "ad 1999", " AD 2020", "XX 1");
        parse("SSS", "5", "123", "1234", "-5");
        parse("HH:mm:ss.SSS", "00:00:01.5", "00:00:01.500");
        parse("'at' HH", "at 10", "At 10", "at10");
        for (String zone : new String[] {"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai", "America/St_Johns"}) {
            ZoneRules rules = ZoneId.of(zone).getRules();
            Instant at = Instant.ofEpochSecond(1_500_000_000L);
            for (int i = 0; i < 2; i++) {
                wall(zone, at.getEpochSecond());
                ZoneOffsetTransition change = rules.nextTransition(at);
                if (change == null) break;
                at = change.getInstant();
                long local = Math.min(change.getDateTimeBefore().toEpochSecond(ZoneOffset.UTC), change.getDateTimeAfter().toEpochSecond(ZoneOffset.UTC));
                long length = Math.abs(change.getDuration().getSeconds());
                for (long near : new long[] {-1, 0, length / 2, length - 1, length, length * 2}) wall(zone, local + near);
            }
        }
    }
}
