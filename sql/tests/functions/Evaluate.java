// Fills a table of this folder: reads its lines, takes the first column as an expression, and prints expression, type and
// result. Lines that begin with # are kept; `# key = value` sets an option for what follows.
// Class path: flink-table-planner, flink-table-runtime, flink-clients and what they need, version 2.3.0.
//
//     java -cp 'libs/*' Evaluate.java < cast.tsv > filled.tsv
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.*;
import org.apache.flink.table.api.internal.TableResultInternal;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.CloseableIterator;

class Evaluate {
    static final int AT_ONCE = 60;

    final TableEnvironment environment = TableEnvironment.create(EnvironmentSettings.inStreamingMode());
    final List<String> output = new ArrayList<>();
    /** Where in the output the expressions stand that have a type and still want a result. */
    final List<Integer> pending = new ArrayList<>();
    final List<String> expressions = new ArrayList<>();

    static String oneLine(String text) {
        return String.valueOf(text).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r");
    }

    static String failure(Throwable error) {
        while (error.getCause() != null) error = error.getCause();
        return "! " + oneLine(error.getClass().getName() + ": " + error.getMessage());
    }

    String[] run(List<String> expressions) throws Exception {
        StringBuilder query = new StringBuilder("SELECT ");
        for (int i = 0; i < expressions.size(); i++) {
            query.append(i == 0 ? "" : ", ").append(expressions.get(i)).append(" AS c").append(i);
        }
        TableResultInternal result = (TableResultInternal) environment.executeSql(query.toString());
        try (CloseableIterator<RowData> rows = result.collectInternal()) {
            return result.getRowDataToStringConverter().convert(rows.next());
        }
    }

    void evaluate(List<Integer> places) {
        if (places.isEmpty()) return;
        List<String> asked = new ArrayList<>();
        for (int place : places) asked.add(expressions.get(place));
        try {
            String[] values = run(asked);
            for (int i = 0; i < values.length; i++) append(places.get(i), oneLine(values[i]));
        } catch (Throwable error) {
            if (places.size() == 1) {
                append(places.get(0), failure(error));
                return;
            }
            int half = places.size() / 2;
            evaluate(places.subList(0, half));
            evaluate(places.subList(half, places.size()));
        }
    }

    void append(int place, String result) {
        output.set(place, output.get(place) + "\t" + result);
    }

    void flush() {
        for (int from = 0; from < pending.size(); from += AT_ONCE) {
            evaluate(pending.subList(from, Math.min(pending.size(), from + AT_ONCE)));
        }
        pending.clear();
    }

    void line(String line) {
        if (line.isBlank() || line.startsWith("#")) {
            String[] option = line.startsWith("# ") ? line.substring(2).split(" = ", 2) : new String[0];
            if (option.length == 2) {
                flush();
                environment.getConfig().set(option[0].trim(), option[1].trim());
            }
            add(line, "");
            return;
        }
        String expression = line.split("\t", 2)[0];
        try {
            Table table = environment.sqlQuery("SELECT " + expression);
            String type = table.getResolvedSchema().getColumnDataTypes().get(0).getLogicalType().asSummaryString();
            pending.add(output.size());
            add(expression + "\t" + type, expression);
        } catch (Throwable error) {
            add(expression + "\t!\t" + failure(error), expression);
        }
    }

    void add(String line, String expression) {
        output.add(line);
        expressions.add(expression);
    }

    public static void main(String[] args) throws Exception {
        Evaluate evaluate = new Evaluate();
        evaluate.environment.getConfig().set("table.local-time-zone", "UTC");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = input.readLine()) != null; ) evaluate.line(line);
        evaluate.flush();
        evaluate.output.forEach(System.out::println);
        System.exit(0);
    }
}
