#!/usr/bin/env bash
# Apache Kafka for tests, made of the artifacts of Maven Central: one node, or several, each broker and controller in one
# process.
#
#   kafka.sh install                   fetches the jars (54 MB), unless they are there
#   kafka.sh start [NODE]              starts all nodes, or this one, and returns once they serve; installs first
#   kafka.sh stop [NODE]               lets them end in order
#   kafka.sh kill [NODE]               kills them, as a crash does; `start` goes on with what is on the disk
#   kafka.sh clean                     kills all nodes and deletes their data
#   kafka.sh topic NAME PARTITIONS …   makes topics
#   kafka.sh tool CLASS ARGUMENT...    runs one of Kafka's own tools
#
# KAFKA_BROKERS (1) is the number of nodes, which are counted from 1. With three or more, topics have three replicas, of which two
# must have a record before it counts.
#
# KAFKA_PORT (19092) is the port of the first node; its controller takes the one after it, and the next node the two after
# that. KAFKA_VERSION, SERVICES_HOME, and KAFKA_SETTINGS: lines for server.properties. Needs java (17 or later), and for
# `install` mvn.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=${KAFKA_VERSION:-4.3.1}
brokers=${KAFKA_BROKERS:-1}
libraries=$SERVICES_HOME/kafka-$version
# Three replicas need memory three times.
heap=$([ "$brokers" -eq 1 ] && echo 512m || echo 256m)

# Which nodes an action is for: the one that is named, or all.
nodes() {
    if [ -n "${1:-}" ]; then echo "$1"; else seq 1 "$brokers"; fi
}

# at NODE: everything below is about this node from now on.
at() {
    node=$1
    port=$((${KAFKA_PORT:-19092} + 2 * (node - 1)))
    controller_port=$((port + 1))
    home=$SERVICES_HOME/kafka-on-$port
    pidfile=$home/pid
    log=$home/server.log
}
at 1

install() {
    [ ! -f "$libraries/complete" ] || return 0
    command -v mvn >/dev/null || fail "Kafka is not installed, and mvn, which fetches it, is not there"
    mkdir -p "$libraries"
    # Tests that run side by side install once.
    exec 8>"$libraries/lock"
    flock 8
    if [ -f "$libraries/complete" ]; then
        exec 8>&-
        return 0
    fi
    # Without a binding of SLF4J 1.7 the broker says nothing at all.
    cat >"$libraries/pom.xml" <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>millstream.tests</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
  </dependencies>
</project>
POM
    mvn --quiet --batch-mode --file "$libraries/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$libraries/jars"
    cat >"$libraries/log4j2.yaml" <<LOG
Configuration:
  Appenders:
    Console: {name: stderr, target: SYSTEM_ERR, PatternLayout: {pattern: "%d %p %c: %m%n"}}
  Loggers:
    Root: {level: "\${sys:level:-WARN}", AppenderRef: [{ref: stderr}]}
LOG
    touch "$libraries/complete"
    exec 8>&-
}

# Replaces the shell by Java.
java_main() {
    # Small and quick to start: C1 only, one collector thread.
    exec java -Xms64m "-Xmx$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
        -Dlog4j2.configurationFile="$libraries/log4j2.yaml" -cp "$libraries/jars/*" "$@"
}

# The controllers, as all nodes must know them.
voters() {
    local voter first=${KAFKA_PORT:-19092} all=()
    for voter in $(nodes); do
        all+=("$voter@127.0.0.1:$((first + 2 * voter - 1))")
    done
    (IFS=, && echo "${all[*]}")
}

# Starts the node, and does not wait for it.
launch() {
    local replicas=1 in_sync=1
    [ "$brokers" -lt 3 ] || { replicas=3 in_sync=2; }
    ! is_open "$port" || fail "port $port is taken: choose another with KAFKA_PORT"
    mkdir -p "$home"
    cat >"$home/server.properties" <<SETTINGS
node.id=$node
process.roles=broker,controller
controller.quorum.voters=$(voters)
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$home/data
auto.create.topics.enable=false
default.replication.factor=$replicas
min.insync.replicas=$in_sync
# As little to create at the first use as can be.
offsets.topic.num.partitions=1
offsets.topic.replication.factor=$replicas
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync
group.initial.rebalance.delay.ms=0
transaction.max.timeout.ms=3600000
# Timed-out transactions are looked for this often.
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
${KAFKA_SETTINGS:-}
SETTINGS
    if [ ! -f "$home/data/meta.properties" ]; then
        (java_main kafka.tools.StorageTool format --cluster-id 4L6g3nShT-eMCtK--X86sw \
            --config "$home/server.properties") >"$home/format.log" 2>&1 ||
            { cat "$home/format.log" >&2; fail "the node's storage cannot be formatted"; }
    fi
    (java_main kafka.Kafka "$home/server.properties") >>"$log" 2>&1 </dev/null &
    echo $! >"$pidfile"
}

start() {
    install
    local each
    for each in $(nodes "$@"); do
        at "$each"
        launch
    done
    # A node serves once the controllers have a majority, so it may need those that are started after it.
    for each in $(nodes "$@"); do
        at "$each"
        await_port "$port" "$pidfile" "$log"
    done
}

# end SIGNAL [NODE]
end() {
    local each
    for each in $(nodes "${2:-}"); do
        at "$each"
        end_process "$pidfile" "$1"
    done
}

clean() {
    end KILL
    local each
    for each in $(nodes); do
        at "$each"
        rm -rf "$home"
    done
}

case ${1:-} in
install) install ;;
start) start "${2:-}" ;;
stop) end TERM "${2:-}" ;;
kill) end KILL "${2:-}" ;;
clean) clean ;;
topic)
    shift
    while [ $# -gt 0 ]; do
        (java_main org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$port" \
            --create --topic "$1" --partitions "${2:?a number of partitions}")
        shift 2
    done
    ;;
tool)
    shift
    java_main "$@"
    ;;
*)
    grep '^#  ' "${BASH_SOURCE[0]}" | cut -c4- >&2
    exit 2
    ;;
esac
