#!/usr/bin/env bash
# One PostgreSQL server for tests, with logical decoding on. A cluster that the system has is left alone.
#
#   postgres.sh install                installs the server with apt, if there is none and it may
#   postgres.sh start                  starts the server and returns once it serves; makes its cluster first
#   postgres.sh stop                   lets it end in order
#   postgres.sh kill                   stops it at once, as a crash does; `start` recovers what is on the disk
#   postgres.sh ready                  whether it serves
#   postgres.sh clean                  stops it at once and deletes its data
#   postgres.sh psql ARGUMENT...       runs psql on it
#
# POSTGRES_PORT (15543), SERVICES_HOME, and POSTGRES_SETTINGS: lines for postgresql.conf. Needs the programs of a server,
# in PATH or where Debian has them. The server refuses to be root: started by root it runs as the user `postgres`.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

port=${POSTGRES_PORT:-15543}
home=$SERVICES_HOME/postgres-on-$port
data=$home/data
log=$home/server.log

# The folder of the newest server's programs: those in PATH may be wrappers.
programs() {
    local found
    found=$(find /usr/lib/postgresql/*/bin -maxdepth 1 -name initdb 2>/dev/null | sort -V | tail -n 1)
    [ -n "$found" ] || found=$(command -v initdb) || fail "PostgreSQL is not installed: there is no initdb"
    dirname "$found"
}

# Runs a program as somebody who may run a server.
as_owner() {
    # From a folder that the other user may be in.
    (cd / && if [ "$(id -u)" = 0 ]; then exec runuser -u postgres -- "$@"; else exec "$@"; fi)
}

make_cluster() {
    mkdir -p "$home"
    [ "$(id -u)" != 0 ] || chown postgres "$home"
    as_owner "$bin/initdb" --pgdata="$data" --username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync \
        >"$home/initdb.log" 2>&1 || { cat "$home/initdb.log" >&2; fail "the cluster cannot be made"; }
    # A killed server loses nothing without fsync, a killed machine would. With synchronous_commit off a killed server would, too.
    cat >>"$data/postgresql.conf" <<SETTINGS
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
wal_level = logical
max_replication_slots = 32
max_wal_senders = 32
max_connections = 200
max_slot_wal_keep_size = 4GB
shared_buffers = 64MB
fsync = off
full_page_writes = off
synchronous_commit = on
${POSTGRES_SETTINGS:-}
SETTINGS
}

start() {
    ! is_open "$port" || fail "port $port is taken: choose another with POSTGRES_PORT"
    [ -f "$data/PG_VERSION" ] || make_cluster
    as_owner "$bin/pg_ctl" --pgdata="$data" --log="$log" --wait --timeout="$SERVICES_PATIENCE" --silent start >&2 ||
        { tail -n 20 "$log" >&2; fail "the server does not start: its log is $log"; }
}

stop() {
    [ -f "$data/postmaster.pid" ] || return 0
    as_owner "$bin/pg_ctl" --pgdata="$data" --mode="$1" --wait --silent stop >&2
}

# The system's package would make a cluster of its own, and start it.
install() {
    (programs) >/dev/null 2>&1 && return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "PostgreSQL is not installed, and this script may not install it"
    mkdir -p /etc/postgresql-common
    [ -f /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql >/dev/null
}

if [ "${1:-}" = install ]; then
    install
    exit
fi
bin=$(programs)
case ${1:-} in
start) start ;;
stop) stop fast ;;
kill) stop immediate ;;
ready) as_owner "$bin/pg_isready" --host=127.0.0.1 --port="$port" --quiet ;;
clean)
    stop immediate || true
    rm -rf "$home"
    ;;
psql)
    shift
    exec "$bin/psql" --host=127.0.0.1 --port="$port" --username=postgres --set=ON_ERROR_STOP=1 "$@"
    ;;
*)
    grep '^#  ' "${BASH_SOURCE[0]}" | cut -c4- >&2
    exit 2
    ;;
esac
