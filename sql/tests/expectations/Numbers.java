// Prints numbers.tsv. Java 19 or later; class path: flink-table-common, flink-core and what they need, version 2.3.0.
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.*;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.data.binary.BinaryStringDataUtil;

class Numbers {
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

    public static void main(String[] args) {
        System.out.println("# Made by Numbers.java on Java " + Runtime.version().feature() + " with Flink 2.3.0: operation, arguments, result (! is an error)");
        Random random = new Random(1);
        List<Double> doubles = new ArrayList<>(List.of(0.0, -0.0, 1.0, -1.0, 100.0, 0.1, 1e-3, 9.999e-4, 1e7, 9999999.0, 12345678.0, 1e10, 1e-5, 2e23, 1.0 / 3,
            123456.789, 1e21, 1e22, 1e23, 9007199254740993.0, Double.MIN_VALUE, Double.MAX_VALUE, Double.MIN_NORMAL, Double.NaN, Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY, 2.0E-3, 4.35, 1.1, 5e-324 * 3, 2.2250738585072011E-308, 8.41E21, 5.0E-324 * 7, 1e15, 1e16, 1e17, 0.001234, 1234567.5));
        for (int i = 0; i < 80; i++) doubles.add(Double.longBitsToDouble(random.nextLong()));
        for (int i = 0; i < 60; i++) doubles.add(random.nextInt(2_000_000) / Math.pow(10, random.nextInt(9)));
        for (int i = 0; i < 25; i++) doubles.add(Math.scalb(1.0, random.nextInt(2000) - 1000));
        for (int i = 1; i < 20; i++) doubles.add(Double.MIN_VALUE * i);
        for (double d : doubles) row("double", Long.toHexString(Double.doubleToLongBits(d)), () -> Double.toString(d));
        List<Float> floats = new ArrayList<>(List.of(0f, -0f, 1f, 0.1f, 1e10f, 3.4e38f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NaN, Float.NEGATIVE_INFINITY, 1e-3f, 1e7f, 2e-44f, 8.5899346E9f, 16777216f, 33554432f));
        for (int i = 0; i < 80; i++) floats.add(Float.intBitsToFloat(random.nextInt()));
        for (int i = 0; i < 40; i++) floats.add((float) (random.nextInt(200_000) / Math.pow(10, random.nextInt(7))));
        for (int i = 1; i < 20; i++) floats.add(Float.MIN_VALUE * i);
        for (float f : floats) row("float", Integer.toHexString(Float.floatToIntBits(f)), () -> Float.toString(f));

        String[] texts = {"", " ", "0", "-0", "+7", "-", "+", "12", " 12 ", "  -12", "1 2", "1.5", "-1.9", ".5", "5.", ".", "-.", "1.x", "1.5.2", "1e3", "1E3", "0x10", "abc", "12a",
            "127", "128", "-128", "-129", "32767", "32768", "-32769", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
            "-9223372036854775808", "-9223372036854775809", "99999999999999999999", "00000000000000000000000012", "1,000", "1_000", "+-1", "--1", "- 1", "2147483647.999", "NaN", "Infinity",
            "-Infinity", "+Infinity", "1.5f", "1.5d", "1.5D", "1.5F", "1.5l", "1e400", "-1e400", "1e-400", "1e5", "1e+5", "1e-5", "1e", "e1", "4.9E-324", "2.4703282292062327e-324", "1.7976931348623159e308", "3.4028236e38",
            "16777217", "0.1", "1.0000000596046448", "9007199254740993", "123456789012345678901234567890", "NaNd", "Infinityf", "nan", "inf", "1d2", "1.d", ".5f", "\u00a01", "1.1.1e1", "1e1.5"};
        for (String t : texts) {
            BinaryStringData s = BinaryStringData.fromString(t);
            BinaryStringData trimmed = s.trim();
            row("tinyint", t, () -> BinaryStringDataUtil.toByte(trimmed));
            row("smallint", t, () -> BinaryStringDataUtil.toShort(trimmed));
            row("int", t, () -> BinaryStringDataUtil.toInt(trimmed));
            row("bigint", t, () -> BinaryStringDataUtil.toLong(trimmed));
            row("parse-double", t, () -> Long.toHexString(Double.doubleToLongBits(BinaryStringDataUtil.toDouble(trimmed))));
            row("parse-float", t, () -> Integer.toHexString(Float.floatToIntBits(BinaryStringDataUtil.toFloat(trimmed))));
        }
        String[] booleans = {"t", "T", "true", "TRUE", "tRue", "y", "YES", "1", "f", "False", "n", "no", "NO", "0", "", " true", "true ", "2", "on", "off", "tru", "10"};
        for (String t : booleans) row("parse-boolean", t, () -> BinaryStringDataUtil.toBoolean(BinaryStringData.fromString(t)));

        List<BigDecimal> decimals = new ArrayList<>();
        for (int scale : new int[] {0, 1, 2, 5, 6, 7, 8, 18, 37, 38})
            for (String unscaled : new String[] {"0", "1", "-1", "10", "-15", "1234567", "999999999999999999", "-12345678901234567890123456789012345678", "99999999999999999999999999999999999999"})
                decimals.add(new BigDecimal(new BigInteger(unscaled), scale));
        for (int i = 0; i < 60; i++) decimals.add(new BigDecimal(new BigInteger(random.nextInt(126), random), random.nextInt(39)));
        for (BigDecimal d : decimals) {
            String arguments = d.unscaledValue() + " " + d.scale();
            row("decimal", arguments, d::toPlainString);
            row("decimal-row", arguments, d::toString);
        }
        // Precisions above 18 take BigDecimal's way in Flink.
        String[] decimalTexts = {"0", "1", "-1", "+1", "1.5", "1.25", "1.35", "-1.25", "0.05", "0.049", "99.95", "99.94", " 7 ", "1e3", "1E2", "12.5e-1", "1e-30", "1e30", "1e38", "1e37", "0e50", ".5", "5.", ".", "", " ", "-", "abc", "1x", "1 2",
            "1e", "1e+", "1e+2", "1e-2", "1e2.5", "12345678901234567890", "1234567890123456789012345678901234567", "12345678901234567890123456789012345678", "0.00000000000000000000000000000000000001", "0.5e-37", "0000012", "1.2.3",
            "99999999999999999999999999999999999999.4", "99999999999999999999999999999999999999.5", "1e99999999999", "1e-99999999999", "NaN", "Infinity", "1_0", "0x1", "1d", "-0", "-0.00", "--1", "+-1"};
        int[][] types = {{19, 0}, {19, 1}, {20, 2}, {38, 0}, {38, 1}, {38, 18}, {38, 38}};
        for (String t : decimalTexts)
            for (int[] p : types)
                row("parse-decimal", t + "|" + p[0] + " " + p[1], () -> BinaryStringDataUtil.toDecimal(BinaryStringData.fromString(t), p[0], p[1]).toBigDecimal().unscaledValue());
        // Up to 18 digits Flink's own code reads: texts where it agrees with BigDecimal.
        String[] shortTexts = {"0", "1", "-1.5", "1.25", "1.35", "-1.25", "1e2", "12.5e-1", ".5", "5.", "", " ", "-", "abc", " 3 ", "99.4", "1.2.3", "1e-10"};
        int[][] shortTypes = {{5, 0}, {5, 1}, {5, 2}, {10, 3}, {18, 6}};
        for (String t : shortTexts)
            for (int[] p : shortTypes)
                row("parse-decimal", t + "|" + p[0] + " " + p[1], () -> BinaryStringDataUtil.toDecimal(BinaryStringData.fromString(t), p[0], p[1]).toBigDecimal().unscaledValue());
    }
}
