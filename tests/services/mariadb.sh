#!/usr/bin/env bash
# One MariaDB server with a binary log of rows, for tests.
#
#   mariadb.sh install                 installs the server from Debian's packages, unless it is there
#   mariadb.sh start                   starts the server and returns once it serves
#   mariadb.sh stop                    lets it end in order
#   mariadb.sh kill                    kills it, as a crash does; `start` recovers what was committed
#   mariadb.sh ready                   whether it serves
#   mariadb.sh clean                   kills it and deletes its data
#   mariadb.sh sql ARGUMENT...         runs the client on it
#
# MARIADB_PORT (15306), SERVICES_HOME, and MARIADB_OPTIONS: more options of the server, such as `--binlog-row-metadata=FULL`. The user
# `root` has no password.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

port=${MARIADB_PORT:-15306}
home=$SERVICES_HOME/mariadb-on-$port
data=$home/data
pidfile=$home/pid
log=$home/server.log

# The server refuses to be root.
owner=$(id -un)
[ "$(id -u)" != 0 ] || owner=mysql

make_database() {
    # A server that starts deletes the temporary tables of all others in the same folder.
    mkdir -p "$home/tmp"
    [ "$(id -u)" != 0 ] || chown "$owner" "$home" "$home/tmp"
    mariadb-install-db --no-defaults --user="$owner" --datadir="$data" --tmpdir="$home/tmp" --auth-root-authentication-method=normal --skip-test-db \
        >"$home/install.log" 2>&1 || { cat "$home/install.log" >&2; fail "the database cannot be made"; }
}

client() {
    mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --port="$port" --user=root "$@"
}

is_serving() {
    client --execute='SELECT 1' >/dev/null 2>&1
}

start() {
    ! is_open "$port" || fail "port $port is taken: choose another with MARIADB_PORT"
    [ -d "$data/mysql" ] || make_database
    # A killed server loses nothing without flushes to the disk, a killed machine would.
    # shellcheck disable=SC2086
    mariadbd --no-defaults --user="$owner" --datadir="$data" --tmpdir="$home/tmp" --port="$port" --bind-address=127.0.0.1 --socket="$home/socket" \
        --server-id=1 --log-bin=bin --binlog-format=ROW --binlog-row-image=FULL --max-connections=200 \
        --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=64M --skip-name-resolve \
        ${MARIADB_OPTIONS:-} >>"$log" 2>&1 </dev/null &
    echo $! >"$pidfile"
    await_port "$port" "$pidfile" "$log"
    local deadline=$((SECONDS + SERVICES_PATIENCE))
    until is_serving; do
        is_running "$pidfile" || { tail -n 20 "$log" >&2; fail "the server has ended: its log is $log"; }
        [ "$SECONDS" -lt "$deadline" ] || fail "the server does not serve after $SERVICES_PATIENCE s: see $log"
        sleep 0.1
    done
}

# The system's package would start a server of its own.
install() {
    command -v mariadbd >/dev/null && return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "MariaDB is not installed, and this script may not install it"
    DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends mariadb-server >/dev/null
}

case ${1:-} in
install) install ;;
start) start ;;
stop) end_process "$pidfile" TERM ;;
kill) end_process "$pidfile" KILL ;;
ready) is_serving ;;
clean)
    end_process "$pidfile" KILL
    rm -rf "$home"
    ;;
sql)
    shift
    client "$@"
    ;;
*)
    grep '^#  ' "${BASH_SOURCE[0]}" | cut -c4- >&2
    exit 2
    ;;
esac
