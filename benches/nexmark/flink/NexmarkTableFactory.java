package millstream.nexmark;

import java.util.Set;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;

/** The connector 'nexmark': events.num events, all of whose fields are made, as by the connector of Nexmark itself. */
public final class NexmarkTableFactory implements DynamicTableSourceFactory {
    private static final ConfigOption<Long> EVENTS = ConfigOptions.key("events.num").longType().noDefaultValue();
    private static final ConfigOption<Long> FIRST_RATE =
        ConfigOptions.key("first-event.rate").longType().defaultValue(10_000L);
    private static final ConfigOption<Long> NEXT_RATE =
        ConfigOptions.key("next-event.rate").longType().defaultValue(10_000L);
    private static final ConfigOption<Integer> PERSONS =
        ConfigOptions.key("person.proportion").intType().defaultValue(1);
    private static final ConfigOption<Integer> AUCTIONS =
        ConfigOptions.key("auction.proportion").intType().defaultValue(3);
    private static final ConfigOption<Integer> BIDS = ConfigOptions.key("bid.proportion").intType().defaultValue(46);

    @Override
    public String factoryIdentifier() {
        return "nexmark";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(EVENTS);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(FIRST_RATE, NEXT_RATE, PERSONS, AUCTIONS, BIDS);
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        helper.validate();
        ReadableConfig options = helper.getOptions();
        if (!options.get(FIRST_RATE).equals(options.get(NEXT_RATE))) {
            throw new IllegalArgumentException("the rate of events cannot change here");
        }
        Generator generator = new Generator(
            options.get(FIRST_RATE), options.get(PERSONS), options.get(AUCTIONS), options.get(BIDS));
        RowType type = (RowType) context.getPhysicalRowDataType().getLogicalType();
        return new Source(options.get(EVENTS), generator, type);
    }

    private record Source(long events, Generator generator, RowType type) implements ScanTableSource {
        @Override
        public ChangelogMode getChangelogMode() {
            return ChangelogMode.insertOnly();
        }

        @Override
        public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
            return new DataStreamScanProvider() {
                @Override
                public DataStream<RowData> produceDataStream(ProviderContext cx, StreamExecutionEnvironment env) {
                    return env
                        .fromSource(new NumberSequenceSource(0, events - 1), WatermarkStrategy.noWatermarks(), "Nexmark")
                        .map(new Events(events, generator))
                        .returns(InternalTypeInfo.of(type));
                }

                @Override
                public boolean isBounded() {
                    return true;
                }
            };
        }

        @Override
        public DynamicTableSource copy() {
            return this;
        }

        @Override
        public String asSummaryString() {
            return "nexmark";
        }
    }

    /**
     * The event of a position. A subtask has positions that follow one another; their events are every n-th of the
     * stream, so that time goes on alike in all n subtasks.
     */
    private static final class Events extends RichMapFunction<Long, RowData> {
        private final long events;
        private final Generator generator;
        private int subtasks;

        Events(long events, Generator generator) {
            this.events = events;
            this.generator = generator;
        }

        @Override
        public void open(OpenContext context) {
            subtasks = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
            if (events % subtasks != 0) {
                throw new IllegalArgumentException("events.num must be a multiple of the parallelism");
            }
        }

        @Override
        public RowData map(Long position) {
            long each = events / subtasks;
            return generator.event(position % each * subtasks + position / each);
        }
    }
}
