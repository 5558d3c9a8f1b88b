#!/usr/bin/env bash
# One NATS server with JetStream, for tests.
#
#   nats.sh install            builds the server, unless it is there
#   nats.sh start              starts the server and returns once it serves; installs first
#   nats.sh stop               lets it end in order
#   nats.sh kill               kills it, as a crash does; `start` goes on with what is on the disk
#   nats.sh clean              kills it and deletes its data
#
# NATS_PORT (14222), SERVICES_HOME, and NATS_SETTINGS: lines for the configuration. `install` needs go.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

port=${NATS_PORT:-14222}
home=$SERVICES_HOME/nats-on-$port
pidfile=$home/pid
log=$home/server.log
version=v2.15.2
programs=$SERVICES_HOME/nats-server-$version

install() {
    [ ! -f "$programs/complete" ] || return 0
    mkdir -p "$programs"
    # Tests that run side by side install once.
    exec 8>"$programs/lock"
    flock 8
    if [ ! -f "$programs/complete" ]; then
        local go
        go=$(go_program) || fail "nats-server is not installed, and go, which builds it, is not there"
        GOBIN=$programs GOFLAGS=-mod=mod "$go" install "github.com/nats-io/nats-server/v2@$version"
        touch "$programs/complete"
    fi
    exec 8>&-
}

start() {
    install
    ! is_open "$port" || fail "port $port is taken: choose another with NATS_PORT"
    mkdir -p "$home"
    cat >"$home/server.conf" <<SETTINGS
listen: "127.0.0.1:$port"
jetstream {
    store_dir: "$home/data"
}
${NATS_SETTINGS:-}
SETTINGS
    # The port opens when all streams have been recovered.
    "$programs/nats-server" --config "$home/server.conf" >>"$log" 2>&1 </dev/null &
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
*)
    grep '^#  ' "${BASH_SOURCE[0]}" | cut -c4- >&2
    exit 2
    ;;
esac
