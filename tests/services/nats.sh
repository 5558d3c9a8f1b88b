#!/usr/bin/env bash
# NATS with JetStream, for tests: one server, or a cluster of several.
#
#   nats.sh install            builds the server, unless it is there
#   nats.sh start [SERVER]     starts all servers, or this one, and returns once they serve; installs first
#   nats.sh stop [SERVER]      lets them end in order
#   nats.sh kill [SERVER]      kills them, as a crash does; `start` goes on with what is on the disk
#   nats.sh clean              kills all servers and deletes their data
#
# NATS_SERVERS (1) is the number of servers, which are counted from 1 and named `server-1` and so on. NATS_PORT (14222) is the port of
# the first; those for the others of a cluster take the ports behind: two for each server. SERVICES_HOME, and NATS_SETTINGS: lines
# for the configuration. `install` needs go.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

servers=${NATS_SERVERS:-1}
first_port=${NATS_PORT:-14222}
version=v2.15.2
programs=$SERVICES_HOME/nats-server-$version

# Which servers an action is for: the one that is named, or all.
chosen() {
    if [ -n "${1:-}" ]; then echo "$1"; else seq 1 "$servers"; fi
}

# at SERVER: everything below is about this server from now on.
at() {
    server=$1
    port=$((first_port + 2 * (server - 1)))
    home=$SERVICES_HOME/nats-on-$port
    pidfile=$home/pid
    log=$home/server.log
}

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

# What makes a cluster of the servers.
cluster() {
    [ "$servers" -gt 1 ] || return 0
    local each
    echo "server_name: server-$server"
    echo "cluster {"
    echo "    name: millstream"
    echo "    listen: \"127.0.0.1:$((port + 1))\""
    echo "    routes: ["
    for each in $(chosen); do
        echo "        \"nats://127.0.0.1:$((first_port + 2 * each - 1))\""
    done
    echo "    ]"
    echo "}"
}

# Starts the server, and does not wait for it.
launch() {
    ! is_open "$port" || fail "port $port is taken: choose another with NATS_PORT"
    mkdir -p "$home"
    cat >"$home/server.conf" <<SETTINGS
listen: "127.0.0.1:$port"
jetstream {
    store_dir: "$home/data"
}
$(cluster)
${NATS_SETTINGS:-}
SETTINGS
    "$programs/nats-server" --config "$home/server.conf" >>"$log" 2>&1 </dev/null &
    echo $! >"$pidfile"
}

start() {
    install
    local each
    for each in $(chosen "$@"); do
        at "$each"
        launch
    done
    for each in $(chosen "$@"); do
        at "$each"
        # The port opens when all streams have been recovered.
        await_port "$port" "$pidfile" "$log"
    done
}

# end SIGNAL [SERVER]
end() {
    local each
    for each in $(chosen "${2:-}"); do
        at "$each"
        end_process "$pidfile" "$1"
    done
}

clean() {
    end KILL
    local each
    for each in $(chosen); do
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
*)
    grep '^#  ' "${BASH_SOURCE[0]}" | cut -c4- >&2
    exit 2
    ;;
esac
