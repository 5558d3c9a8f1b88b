#!/usr/bin/env bash
# One Apache Kafka node for tests: broker and controller in one process, made of the artifacts of Maven Central.
#
#   kafka.sh install                   fetches the jars (54 MB), unless they are there
#   kafka.sh start                     starts the node and returns once it serves; installs first
#   kafka.sh stop                      lets it end in order
#   kafka.sh kill                      kills it, as a crash does; `start` goes on with what is on the disk
#   kafka.sh clean                     kills it and deletes its data
#   kafka.sh topic NAME PARTITIONS …   makes topics
#   kafka.sh tool CLASS ARGUMENT...    runs one of Kafka's own tools
#
# KAFKA_PORT (19092; the controller takes the one after it), KAFKA_VERSION, SERVICES_HOME, and KAFKA_SETTINGS: lines for
# server.properties. Needs java (17 or later), and for `install` mvn.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=${KAFKA_VERSION:-4.3.1}
port=${KAFKA_PORT:-19092}
controller_port=$((port + 1))
libraries=$SERVICES_HOME/kafka-$version
home=$SERVICES_HOME/kafka-on-$port
pidfile=$home/pid
log=$home/server.log

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
    exec java -Xms64m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
        -Dlog4j2.configurationFile="$libraries/log4j2.yaml" -cp "$libraries/jars/*" "$@"
}

start() {
    install
    ! is_open "$port" || fail "port $port is taken: choose another with KAFKA_PORT"
    mkdir -p "$home"
    cat >"$home/server.properties" <<SETTINGS
node.id=1
process.roles=broker,controller
controller.quorum.voters=1@127.0.0.1:$controller_port
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$home/data
auto.create.topics.enable=false
# One node, and as little to create at the first use as can be.
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
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
    await_port "$port" "$pidfile" "$log"
}

case ${1:-} in
install) install ;;
start) start ;;
stop) end_process "$pidfile" TERM ;;
kill) end_process "$pidfile" KILL ;;
clean)
    end_process "$pidfile" KILL
    rm -rf "$home"
    ;;
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
