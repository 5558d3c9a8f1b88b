# shellcheck shell=bash
# What the scripts of the outside systems share. To be sourced.
#
# Everything they install and write lies below one folder, SERVICES_HOME. Servers listen on the loopback interface only.

set -euo pipefail

SERVICES_HOME=${SERVICES_HOME:-${TMPDIR:-/tmp}/millstream-services}
# How long a server may take to start, in seconds. A loaded machine takes minutes for what takes seconds otherwise.
SERVICES_PATIENCE=${SERVICES_PATIENCE:-120}
mkdir -p "$SERVICES_HOME"

fail() {
    echo "$*" >&2
    exit 1
}

# Go may lie where its own installer puts it.
go_program() {
    command -v go || { [ -x /usr/local/go/bin/go ] && echo /usr/local/go/bin/go; }
}

is_open() {
    (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

is_running() {
    [ -f "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null
}

# await_port PORT PIDFILE LOG: returns once the port is open; fails when the process ends before.
await_port() {
    local port=$1 pidfile=$2 log=$3 deadline=$((SECONDS + SERVICES_PATIENCE))
    until is_open "$port"; do
        if ! is_running "$pidfile"; then
            tail -n 20 "$log" >&2
            fail "the server for port $port has ended: its log is $log"
        fi
        [ "$SECONDS" -lt "$deadline" ] || fail "port $port is still closed after $SERVICES_PATIENCE s: see $log"
        sleep 0.1
    done
}

# end_process PIDFILE SIGNAL: sends the signal and returns once the process is gone; after 30 s it is killed.
end_process() {
    local pidfile=$1 signal=$2 pid deadline=$((SECONDS + 30))
    is_running "$pidfile" || { rm -f "$pidfile"; return 0; }
    pid=$(cat "$pidfile")
    kill "-$signal" "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || kill -KILL "$pid" 2>/dev/null || true
        sleep 0.05
    done
    rm -f "$pidfile"
}
