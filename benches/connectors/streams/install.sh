#!/usr/bin/env bash
# Fetches Kafka Streams from Maven Central into a folder, unless it is there, and says where its jars are.
set -euo pipefail

version=${KAFKA_VERSION:-4.3.1}
home=$1/kafka-streams-$version
if [ ! -f "$home/complete" ]; then
    mkdir -p "$home"
    cat >"$home/pom.xml" <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>millstream.benches</groupId>
  <artifactId>streams</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-streams</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
    mvn --quiet --batch-mode --file "$home/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$home/jars" >&2
    touch "$home/complete"
fi
echo "$home/jars"
