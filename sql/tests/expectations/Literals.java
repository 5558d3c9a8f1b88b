// Prints literals.tsv. Class path: flink-table-planner_2.12 and what it needs, version 2.3.0.
import org.apache.calcite.sql.*;
import org.apache.calcite.sql.parser.*;

class Literals {
    interface Call { Object get() throws Throwable; }

    static void row(String operation, String text, Call call) {
        String result;
        try {
            result = call.get().toString();
        } catch (Throwable e) {
            result = "!";
        }
        System.out.println(operation + "\t" + text + "\t" + result);
    }

    public static void main(String[] args) {
        System.out.println("# Made by Literals.java on Java " + Runtime.version().feature() + " with Flink 2.3.0: operation, text, the literal as Calcite prints it (! is an error)");
        String[] dates = {"2020-10-10", "2020-1-1", "2020-02-30", "2020-02-29", "2021-02-29", "20-1-1", "0000-01-01", "0001-01-01", "9999-12-31", "-2020-01-01", "+2020-01-01", "2020-13-01", "2020-00-01", "2020-01-00", "2020/01/01", "20200101", "2020-10", "2020", "", "a", "2020-10-10x", "2020-10-10 "};
        String[] times = {"10:00:00", "1:2:3", "10:00", "24:00:00", "23:59:59", "23:59:60", "23:60:00", "10:00:00.0", "10:00:00.5", "10:00:00.123", "10:00:00.", "10:00:00 ", "10:00:00.x", "", "10", "-1:00:00", "10:00:00Z"};
        for (String date : dates) {
            row("date", date, () -> SqlParserUtil.parseDateLiteral(date, SqlParserPos.ZERO));
            row("timestamp", date, () -> SqlParserUtil.parseTimestampLiteral(date, SqlParserPos.ZERO));
            row("timestamp", date + " 10:20:30.450", () -> SqlParserUtil.parseTimestampLiteral(date + " 10:20:30.450", SqlParserPos.ZERO));
        }
        for (String time : times) {
            row("time", time, () -> SqlParserUtil.parseTimeLiteral(time, SqlParserPos.ZERO));
            row("timestamp", "2020-10-10 " + time, () -> SqlParserUtil.parseTimestampLiteral("2020-10-10 " + time, SqlParserPos.ZERO));
            row("date", "2020-10-10 " + time, () -> SqlParserUtil.parseDateLiteral("2020-10-10 " + time, SqlParserPos.ZERO));
        }
        for (String fraction : new String[] {"1", "12", "123456", "000001", "123456789", "100000000"})
            row("timestamp", "2020-10-10 00:00:00." + fraction, () -> SqlParserUtil.parseTimestampLiteral("2020-10-10 00:00:00." + fraction, SqlParserPos.ZERO));
        row("timestamp", "2020-10-10T00:00:05", () -> SqlParserUtil.parseTimestampLiteral("2020-10-10T00:00:05", SqlParserPos.ZERO));
    }
}
