#!/usr/bin/env bash
# Flink beside the benchmark of SQL: the same queries over the same events, in a cluster within one process.
#
#   flink.sh install                                  what `run` needs, if it is not there
#   flink.sh run EVENTS PARALLELISM ROUNDS QUERY...   a line for each run: query, round, seconds, seconds of processor time
#
# Needs java and javac (17 or later), python3 with pip, and 500 MB in FLINK_BENCH (target/flink). With FLINK_HOME the
# Flink there is used; otherwise the one of the package apache-flink-libraries, in version FLINK_VERSION.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=${FLINK_VERSION:-2.3.0}
work=${FLINK_BENCH:-$root/target/flink}
home=${FLINK_HOME:-$work/flink-$version}

install() {
  mkdir -p "$work"
  if [ ! -d "$home/lib" ]; then
    local download
    download=$(mktemp -d)
    python3 -m pip download -q --no-deps --disable-pip-version-check -d "$download" "apache-flink-libraries==$version" >&2
    (cd "$download" && python3 -m zipfile -e apache_flink_libraries-*.whl wheel)
    mkdir -p "$home"
    mv "$download/wheel/pyflink/lib" "$home/lib"
    rm -rf "$download"
  fi
  local classes=$work/classes
  if [ ! -d "$classes" ] || [ -n "$(find "$here/flink" -newer "$classes" -type f)" ]; then
    rm -rf "$classes"
    mkdir -p "$classes/META-INF/services"
    echo millstream.nexmark.NexmarkTableFactory > "$classes/META-INF/services/org.apache.flink.table.factories.Factory"
    javac -nowarn -d "$classes" -cp "$home/lib/*" "$here"/flink/*.java >&2
  fi
}

# What Flink's own scripts open of Java's modules.
opens=()
for name in java.lang java.lang.reflect java.net java.nio java.io java.text java.time java.util java.util.concurrent \
  java.util.concurrent.atomic java.util.concurrent.locks java.util.regex sun.net.util; do
  opens+=("--add-opens=java.base/$name=ALL-UNNAMED")
done

case ${1:-} in
  install) install ;;
  run)
    shift
    install
    cat > "$work/log4j2.properties" <<C
rootLogger.level = ERROR
rootLogger.appenderRef.e.ref = e
appender.e.type = Console
appender.e.name = e
appender.e.target = SYSTEM_ERR
appender.e.layout.type = PatternLayout
C
    exec java "${opens[@]}" "-Xmx${FLINK_HEAP:-6g}" "-Dlog4j.configurationFile=file:$work/log4j2.properties" \
      -cp "$work/classes:$home/lib/*" millstream.nexmark.Run "$root/sql/tests/parser/nexmark" "$@"
    ;;
  *)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
