// Prints intervals.tsv. Class path: flink-table-planner_2.12 and what it needs, version 2.3.0.
import java.time.*;
import java.util.*;
import org.apache.calcite.avatica.util.TimeUnit;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.parser.SqlParserUtil;
import org.apache.flink.table.planner.calcite.FlinkTypeSystem;
import org.apache.flink.table.utils.DateTimeUtils;

class Intervals {
    interface Call { Object get() throws Throwable; }

    static void row(String operation, String arguments, Call call) {
        String result;
        try {
            result = call.get().toString();
        } catch (Throwable e) {
            result = "!";
        }
        System.out.println(operation + "\t" + arguments + "\t" + result);
    }

    static Object literal(String text, SqlIntervalQualifier q) {
        q.evaluateIntervalLiteral(text, SqlParserPos.ZERO, FlinkTypeSystem.INSTANCE);
        return q.isYearMonth() ? (Object) Math.toIntExact(SqlParserUtil.intervalToMonths(text, q)) : SqlParserUtil.intervalToMillis(text, q);
    }

    static void literals(String start, int precision, String end, int fraction, String... texts) {
        for (String text : texts) {
            SqlIntervalQualifier q = new SqlIntervalQualifier(TimeUnit.valueOf(start), precision, end == null ? null : TimeUnit.valueOf(end), fraction, SqlParserPos.ZERO);
            row("literal", start + " " + precision + " " + end + " " + fraction + " " + text, () -> literal(text, q));
        }
    }

    public static void main(String[] args) {
        System.out.println("# Made by Intervals.java on Java " + Runtime.version().feature() + " with Flink 2.3.0: operation, arguments, result (! is an error)");
        Random random = new Random(4);
        List<Long> millis = new ArrayList<>(List.of(0L, 1L, -1L, 10L, 500L, 999L, 1000L, 1500L, -1500L, 59_999L, 60_000L, 3_600_000L, -3_600_000L, 86_400_000L, 86_399_999L, 90_061_001L, -90_061_001L, -500L, 172_800_000L, 36_000_000_000_000L, 61_000L, -61_000L, -60_500L));
        for (int i = 0; i < 60; i++) millis.add((long) (random.nextGaussian() * Math.pow(10, random.nextInt(13))));
        for (long m : millis) {
            row("millis", "" + m, () -> DateTimeUtils.formatIntervalDayTime(m));
            row("millis-row", "" + m, () -> Duration.ofMillis(m));
        }
        List<Integer> months = new ArrayList<>(List.of(0, 1, -1, 11, 12, -12, 13, -13, 24, 119, 120, 1200, 119_999));
        for (int i = 0; i < 30; i++) months.add(random.nextInt(4000) - 2000);
        for (int m : months) {
            row("months", "" + m, () -> DateTimeUtils.formatIntervalYearMonth(m));
            row("months-row", "YEAR null " + m, () -> Period.ofYears(m / 12));
            row("months-row", "YEAR MONTH " + m, () -> Period.of(m / 12, m % 12, 0));
            row("months-row", "MONTH null " + m, () -> Period.ofMonths(m));
        }
        String[] simple = {"0", "1", "-1", "+1", "12", "99", "100", "-99", "1.5", "", " ", " 1", "1 ", "a", "1-2", "1 2", "--1", "01", "001", "1:2", "-", "1000000000"};
        for (String unit : new String[] {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE"}) {
            literals(unit, -1, null, -1, simple);
            literals(unit, 3, null, -1, "100", "999", "1000", "-999");
            // Calcite's quarters and weeks overflow without a word.
            if (!unit.equals("QUARTER") && !unit.equals("WEEK")) literals(unit, 10, null, -1, "2147483647", "9999999999");
        }
        literals("SECOND", -1, null, -1, simple);
        literals("SECOND", -1, null, -1, "1.5", "1.123", "1.1234", "1.123456", "1.1234567", ".5", "1.", "-1.5", "99.999999", "0.001", "0.0009", "59.9");
        literals("SECOND", 3, null, 3, "100", "1.123", "1.1234", "999.999", "1000");
        literals("SECOND", 2, null, 0, "1", "1.0", "1.5");
        literals("YEAR", -1, "MONTH", -1, "1-6", "0-0", "-1-6", "+1-6", "1-11", "1-12", "99-11", "100-1", "1", "1-", "-6", "1-6-7", " 1-6 ", "01-06", "1-006", "1 - 6", "-0-1");
        literals("YEAR", 4, "MONTH", -1, "1000-1", "9999-11", "10000-0");
        literals("DAY", -1, "HOUR", -1, "1 10", "1 23", "1 24", "-1 10", "1", "1 1", "99 00", "100 0", "1  10", "1:10", "1 010");
        literals("DAY", -1, "MINUTE", -1, "1 10:30", "1 10:59", "1 10:60", "-1 10:30", "1 24:00", "1 1:1", "1 10", "1 10:3", "10:30");
        literals("DAY", -1, "SECOND", -1, "1 10:30:00.5", "1 10:30:00", "-1 10:30:00.123456", "+1 10:30:00", "1 10:30:60", "1 24:00:00", "99 23:59:59.999999", "100 0:0:0", "1 1:1:1", "1 10:30:00.1234567", "1 10:30", "1 10:30:00.", "0 0:0:0.001", "1 10:30:0.0005");
        literals("DAY", 3, "SECOND", 3, "100 0:0:0", "1 10:30:00.123", "1 10:30:00.1234", "1 10:30:00.1");
        literals("HOUR", -1, "MINUTE", -1, "10:30", "99:59", "100:00", "10:60", "-10:30", "1:1", "10", "10:030");
        literals("HOUR", -1, "SECOND", -1, "10:30:15", "10:30:15.5", "-10:30:15.123456", "99:59:59", "100:0:0", "10:60:0", "10:30:60", "10:30", "1:1:1");
        literals("HOUR", 4, "SECOND", -1, "1000:30:15");
        literals("MINUTE", -1, "SECOND", -1, "30:15", "30:15.5", "99:59.999", "100:00", "-30:15", "30:60", "30", "1:1", "30:15.1234567");
    }
}
