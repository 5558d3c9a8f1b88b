// Prints zones.tsv. Class path: flink-table-common, flink-core and what they need, version 2.3.0.
import java.time.*;
import java.time.zone.*;
import java.util.*;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.utils.DateTimeUtils;
import org.apache.flink.table.utils.DateTimeUtils.TimeUnitRange;

class Zones {
    static void row(String operation, String zone, long value, long result) {
        System.out.println(operation + "\t" + zone + " " + value + "\t" + result);
    }

    static void both(String zone, ZoneId id, long second) {
        TimeZone tz = TimeZone.getTimeZone(id);
        long millis = second * 1000;
        row("local", zone, millis, DateTimeUtils.timestampWithLocalZoneToTimestamp(TimestampData.fromEpochMillis(millis), tz).getMillisecond());
        row("instant", zone, millis, DateTimeUtils.timestampToTimestampWithLocalZone(TimestampData.fromEpochMillis(millis), tz).getMillisecond());
    }

    public static void main(String[] args) {
        System.out.println("# Made by Zones.java on Java " + Runtime.version().feature() + " with Flink 2.3.0: operation, zone and milliseconds, result (! is an error)");
        Random random = new Random(5);
        String[] regions = {"America/Los_Angeles", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Europe/London", "Europe/Berlin", "Europe/Moscow", "Asia/Shanghai", "Asia/Kolkata", "Asia/Tehran", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Africa/Cairo", "UTC", "Asia/Tokyo"};
        for (String zone : regions) {
            ZoneId id = ZoneId.of(zone);
            for (int i = 0; i < 6; i++) both(zone, id, (long) (random.nextDouble() * 4_000_000_000L));
            ZoneRules rules = id.getRules();
            Instant at = Instant.ofEpochSecond(900_000_000L + random.nextInt(300_000_000));
            for (int i = 0; i < 4; i++) {
                ZoneOffsetTransition change = rules.nextTransition(at);
                if (change == null) break;
                at = change.getInstant();
                for (long near : new long[] {-1, 0, 1800, 3599})
                    both(zone, id, at.getEpochSecond() + near);
                // On the clock: within the gap or the hour that comes twice, and at its ends.
                long local = Math.min(change.getDateTimeBefore().toEpochSecond(ZoneOffset.UTC), change.getDateTimeAfter().toEpochSecond(ZoneOffset.UTC));
                long length = Math.abs(change.getDuration().getSeconds());
                for (long near : new long[] {-1, 0, length / 2, length - 1, length})
                    both(zone, id, local + near);
            }
            for (String unit : new String[] {"YEAR", "MONTH", "WEEK", "DAY", "HOUR"}) {
                long millis = (long) (random.nextDouble() * 2_000_000_000_000L);
                TimeZone tz = TimeZone.getTimeZone(zone);
                row("floor", unit + " " + zone, millis, DateTimeUtils.timestampFloor(TimeUnitRange.valueOf(unit), millis, tz));
                row("ceil", unit + " " + zone, millis, DateTimeUtils.timestampCeil(TimeUnitRange.valueOf(unit), millis, tz));
            }
        }
        for (long second : new long[] {-2_717_650_800L, -2_500_000_000L, -1_633_280_400L, -3_000_000_000L, -10_000_000_000L})
            both("America/New_York", ZoneId.of("America/New_York"), second);
        for (String zone : new String[] {"UTC", "GMT", "UT", "Z", "z", "UTC+8", "UTC+08:00", "GMT+8", "GMT+08", "GMT+0800", "GMT-08:30", "GMT0", "GMT+0", "GMT-0", "UT+1", "+8", "+08", "+0830", "+08:30", "-08:30", "+08:30:15", "+083015", "+18:00", "+18:01", "-18:00", "+19", "+1:30", "+8:00", "08:00", "+", "", " ", "UTC+", "UTC8", "GMT+25", "GMT+08:60",
            "PST", "EST", "CET", "EST5EDT", "Europe/Berlin", "europe/berlin", "Europe/Nowhere", "US/Pacific", "Etc/GMT+8", "Etc/UTC", "Asia/Calcutta", "America/Argentina/Buenos_Aires", "Cuba", "Zulu", "Universal"}) {
            String offset;
            try {
                offset = "" + ZoneId.of(zone).getRules().getOffset(Instant.ofEpochSecond(1_600_000_000L)).getTotalSeconds();
            } catch (DateTimeException e) {
                offset = "!";
            }
            System.out.println("zone\t" + zone + "\t" + offset);
        }
        for (String zone : new String[] {"UTC", "GMT", "UT", "Z", "UTC+8", "GMT+8", "GMT+08", "GMT+0800", "GMT+830", "GMT-08:30", "GMT-8:30", "GMT+23:59", "GMT+24", "GMT+8:3", "GMT+8:60", "+08:00", "", "PST", "EST", "HST", "MST", "ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CAT", "CNT", "CST", "CTT", "EAT", "ECT", "IET", "IST", "JST", "MIT", "NET", "NST", "PLT", "PNT", "PRT", "SST", "VST", "Europe/Berlin", "europe/berlin", "Nowhere", "GMT+", "GMT+12345"})
            System.out.println("legacy\t" + zone + "\t" + TimeZone.getTimeZone(zone).getOffset(1_600_000_000_000L) / 1000);
    }
}
