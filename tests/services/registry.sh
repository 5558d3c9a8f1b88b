#!/usr/bin/env bash
# One schema registry for tests: Apicurio, which speaks the REST interface of Confluent's at /apis/ccompat/v7, made of the
# artifact of Maven Central.
#
#   registry.sh install                fetches the program (170 MB unpacked), unless it is there
#   registry.sh start                  starts the registry and returns once it serves; installs first
#   registry.sh stop                   lets it end in order
#   registry.sh kill                   kills it, as a crash does; `start` goes on with what is on the disk
#   registry.sh clean                  kills it and deletes its data
#
# REGISTRY_PORT (18085), REGISTRY_VERSION, SERVICES_HOME. Needs java (17 or later), and for `install` mvn.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=${REGISTRY_VERSION:-2.6.13.Final}
port=${REGISTRY_PORT:-18085}
program=$SERVICES_HOME/apicurio-$version
home=$SERVICES_HOME/registry-on-$port
pidfile=$home/pid
log=$home/server.log

install() {
    [ ! -f "$program/complete" ] || return 0
    command -v mvn >/dev/null || fail "the schema registry is not installed, and mvn, which fetches it, is not there"
    mkdir -p "$program"
    # Tests that run side by side install once.
    exec 8>"$program/lock"
    flock 8
    if [ -f "$program/complete" ]; then
        exec 8>&-
        return 0
    fi
    local archive=io.apicurio:apicurio-registry-app:$version:tar.gz:all
    mvn --quiet --batch-mode dependency:copy -Dartifact="$archive" -DoutputDirectory="$program/archive"
    tar -xzf "$program"/archive/*.tar.gz -C "$program"
    rm -rf "$program/archive"
    touch "$program/complete"
    exec 8>&-
}

is_serving() {
    # Written out, since curl may be missing: the port is open some seconds before the answers are right.
    local status
    exec 9<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'GET /apis/ccompat/v7/subjects HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&9
    read -r status <&9 || status=
    exec 9>&-
    [[ $status == *" 200 "* ]]
}

start() {
    install
    ! is_open "$port" || fail "port $port is taken: choose another with REGISTRY_PORT"
    mkdir -p "$home"
    local jar deadline=$((SECONDS + SERVICES_PATIENCE))
    jar=$(find "$program" -maxdepth 1 -name '*-runner.jar' | head -n 1)
    (
        cd "$home"
        QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT=$port QUARKUS_OTEL_SDK_DISABLED=true \
            REGISTRY_DATASOURCE_URL="jdbc:h2:file:$home/data" \
            exec java -Xms64m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -jar "$jar"
    ) >>"$log" 2>&1 </dev/null &
    echo $! >"$pidfile"
    await_port "$port" "$pidfile" "$log"
    until (is_serving) 2>/dev/null; do
        is_running "$pidfile" || fail "the registry has ended: its log is $log"
        [ "$SECONDS" -lt "$deadline" ] || fail "the registry does not serve after $SERVICES_PATIENCE s: see $log"
        sleep 0.2
    done
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
*)
    grep '^#  ' "${BASH_SOURCE[0]}" | cut -c4- >&2
    exit 2
    ;;
esac
