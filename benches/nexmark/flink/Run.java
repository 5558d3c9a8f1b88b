package millstream.nexmark;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;

/**
 * Runs queries in a cluster within this process: FOLDER EVENTS PARALLELISM ROUNDS QUERY…
 *
 * Prints for each run: the query, the round, seconds by the clock, and seconds of processor time of the whole process,
 * the compiler's and the collector's with them. A line for "source" is the run that only reads the events.
 */
public final class Run {
    private static final String SOURCE = "CREATE TABLE nothing (n BIGINT) WITH ('connector' = 'blackhole');"
        + "INSERT INTO nothing SELECT CAST(event_type AS BIGINT) FROM nexmark WHERE event_type < 0";

    private Run() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        String events = arguments[1];
        String tables = Files.readString(folder.resolve("tables.sql"))
            .replace("'events.num' = '100000000'", "'events.num' = '" + events + "'");
        for (int round = 0; round < Integer.parseInt(arguments[3]); round++) {
            for (int at = 4; at < arguments.length; at++) {
                String name = arguments[at];
                String query =
                    name.equals("source") ? SOURCE : Files.readString(folder.resolve(name + ".sql"));
                try {
                    run(name, round, tables + "\n" + query, arguments[2]);
                } catch (Exception error) {
                    Throwable cause = error;
                    while (cause.getCause() != null) {
                        cause = cause.getCause();
                    }
                    System.out.println(name + " failed: " + String.valueOf(cause.getMessage()).lines().findFirst().orElse(""));
                }
            }
        }
        System.exit(0);
    }

    private static void run(String name, int round, String script, String parallelism) throws Exception {
        Configuration options = new Configuration();
        options.setString("parallelism.default", parallelism);
        // What Nexmark's own settings for Flink are.
        options.setString("table.exec.mini-batch.enabled", "true");
        options.setString("table.exec.mini-batch.allow-latency", "2 s");
        options.setString("table.exec.mini-batch.size", "50000");
        options.setString("table.optimizer.distinct-agg.split.enabled", "true");
        options.setString("taskmanager.numberOfTaskSlots", parallelism);
        options.setString("taskmanager.memory.network.max", "256 mb");
        options.setString("taskmanager.memory.network.min", "256 mb");
        TableEnvironment tables = TableEnvironment.create(
            EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(options).build());
        String insert = null;
        for (String statement : script.replaceAll("(?m)^\\s*--.*$", "").split(";")) {
            if (statement.isBlank()) {
                continue;
            }
            if (statement.strip().startsWith("INSERT")) {
                insert = statement;
            } else {
                tables.executeSql(statement);
            }
        }
        System.gc();
        double before = processor();
        long start = System.nanoTime();
        TableResult result = tables.executeSql(insert);
        result.await();
        double wall = (System.nanoTime() - start) / 1e9;
        System.out.printf(Locale.ROOT, "%s %d %.3f %.3f%n", name, round, wall, processor() - before);
    }

    private static double processor() {
        java.lang.management.OperatingSystemMXBean system =
            java.lang.management.ManagementFactory.getOperatingSystemMXBean();
        return ((com.sun.management.OperatingSystemMXBean) system).getProcessCpuTime() / 1e9;
    }
}
