// Prints calendar.tsv. Class path: flink-table-common, flink-core and what they need, version 2.3.0.
import java.time.*;
import java.time.temporal.*;
import java.util.*;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.utils.DateTimeUtils;
import org.apache.flink.table.utils.DateTimeUtils.TimeUnitRange;

class Calendar {
    public static void main(String[] args) {
        System.out.println("# Made by Calendar.java on Java " + Runtime.version().feature() + " with Flink 2.3.0: operation, arguments, result");
        Random random = new Random(3);
        TimeZone utc = TimeZone.getTimeZone("UTC");
        List<Long> millis = new ArrayList<>();
        for (String s : new String[] {"1970-01-01T00:00:00Z", "1999-12-31T23:59:59.999Z", "2000-01-01T00:00:00Z", "2000-02-29T12:00:00Z", "2001-01-01T00:00:00Z", "2004-12-31T10:20:30.456Z", "2005-01-01T10:00:00Z", "2008-12-29T00:00:00Z", "2010-01-03T00:00:00.001Z",
            "2020-10-10T00:00:05.123Z", "2020-03-31T23:00:00Z", "2020-04-01T00:00:00Z", "2020-07-01T01:00:00Z", "2020-10-01T00:00:00Z", "2020-12-01T00:00:00Z", "2020-12-31T00:00:00Z", "2021-01-01T00:00:00Z", "2021-01-03T00:00:00Z", "2021-01-04T00:00:00Z", "2024-01-07T05:00:00Z", "2100-02-28T23:59:59Z", "2100-03-01T00:00:00Z", "2200-06-30T06:30:00Z", "2999-12-31T00:00:00Z", "3001-01-01T00:00:00Z", "9998-12-31T23:59:59.999Z"})
            millis.add(Instant.parse(s).toEpochMilli());
        for (int i = 0; i < 8; i++) millis.add((long) (random.nextDouble() * 4102444800000L));
        for (int i = 0; i < 4; i++) millis.add((long) (random.nextDouble() * 253370764800000L));
        String[] extracted = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DOW", "DOY", "ISODOW", "ISOYEAR", "DECADE", "CENTURY", "MILLENNIUM", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND", "EPOCH"};
        for (long m : millis) {
            int nanos = random.nextInt(1_000_000);
            for (String unit : extracted) {
                long nano = unit.equals("NANOSECOND") ? m % 1000 * 1_000_000 + nanos : DateTimeUtils.extractFromTimestamp(TimeUnitRange.valueOf(unit), TimestampData.fromEpochMillis(m, nanos), utc);
                System.out.println("extract\t" + unit + " " + m + " " + nanos + "\t" + nano);
            }
        }
        // Before 1970 Flink truncates towards zero; java.time is asked instead.
        for (int i = 0; i < 25; i++) {
            LocalDateTime t = LocalDateTime.of(1970, 1, 1, 0, 0).minusSeconds((long) (random.nextDouble() * 62_000_000_000L)).minusNanos(random.nextInt(1_000_000_000));
            long m = t.toInstant(ZoneOffset.UTC).toEpochMilli();
            int nanos = t.getNano() % 1_000_000;
            Map<String, Object> fields = new TreeMap<>(Map.of("YEAR", t.getYear(), "QUARTER", t.get(IsoFields.QUARTER_OF_YEAR), "MONTH", t.getMonthValue(), "WEEK", t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), "ISOYEAR", t.get(IsoFields.WEEK_BASED_YEAR),
                "DAY", t.getDayOfMonth(), "DOY", t.getDayOfYear(), "ISODOW", t.getDayOfWeek().getValue(), "HOUR", t.getHour(), "NANOSECOND", t.getNano()));
            fields.put("MINUTE", t.getMinute());
            fields.put("SECOND", t.getSecond());
            fields.put("EPOCH", t.toEpochSecond(ZoneOffset.UTC));
            fields.forEach((unit, value) -> System.out.println("extract\t" + unit + " " + m + " " + nanos + "\t" + value));
        }
        for (int i = 0; i < 20; i++) {
            int days = random.nextInt(2932897);
            for (String unit : extracted)
                if (!unit.endsWith("SECOND") && !unit.equals("MINUTE") && !unit.equals("HOUR"))
                    System.out.println("extract-date\t" + unit + " " + days + "\t" + DateTimeUtils.extractFromDate(TimeUnitRange.valueOf(unit), days));
        }
        String[] rounded = {"MILLENNIUM", "CENTURY", "DECADE", "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND"};
        for (long m : millis)
            for (String unit : rounded) {
                TimeUnitRange range = TimeUnitRange.valueOf(unit);
                System.out.println("floor\t" + unit + " " + m + "\t" + DateTimeUtils.timestampFloor(range, m, utc));
                System.out.println("ceil\t" + unit + " " + m + "\t" + DateTimeUtils.timestampCeil(range, m, utc));
                if (List.of(rounded).indexOf(unit) < 7) {
                    System.out.println("floor-date\t" + unit + " " + m / 86_400_000 + "\t" + DateTimeUtils.unixDateFloor(range, m / 86_400_000));
                    System.out.println("ceil-date\t" + unit + " " + m / 86_400_000 + "\t" + DateTimeUtils.unixDateCeil(range, m / 86_400_000));
                }
            }
        for (int i = 0; i < 150; i++) {
            long a = millis.get(random.nextInt(millis.size()));
            int months = random.nextInt(400) - 200;
            System.out.println("add-months\t" + a + " " + months + "\t" + DateTimeUtils.addMonths(a, months));
        }
        for (String[] pair : new String[][] {{"2020-01-31T00:00:00Z", "2020-02-29T00:00:00Z"}, {"2020-01-31T10:00:00Z", "2020-02-29T09:00:00Z"}, {"2020-02-29T00:00:00Z", "2021-02-28T00:00:00Z"}, {"2020-02-01T10:00:00Z", "2020-01-01T00:00:00Z"}, {"2020-01-01T00:00:00Z", "2020-02-01T10:00:00Z"},
            {"2020-03-31T00:00:00Z", "2020-02-29T00:00:00Z"}, {"2020-03-30T12:00:00Z", "2020-02-29T13:00:00Z"}, {"2020-05-31T00:00:00Z", "2020-06-30T00:00:00Z"}, {"2019-12-31T23:59:59Z", "2020-01-01T00:00:00Z"}})
            for (int swap = 0; swap < 2; swap++) {
                long from = Instant.parse(pair[swap]).toEpochMilli(), to = Instant.parse(pair[1 - swap]).toEpochMilli();
                System.out.println("months-between\t" + from + " " + to + "\t" + DateTimeUtils.subtractMonths(to, from));
            }
        for (int i = 0; i < 200; i++) {
            long from = millis.get(random.nextInt(millis.size())), to = i % 3 == 0 ? DateTimeUtils.addMonths(from, random.nextInt(60) - 30) + random.nextInt(3) - 1 : millis.get(random.nextInt(millis.size()));
            System.out.println("months-between\t" + from + " " + to + "\t" + DateTimeUtils.subtractMonths(to, from));
        }
    }
}
