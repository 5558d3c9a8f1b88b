#!/usr/bin/env bash
# One server that speaks the protocol of Amazon S3, for tests.
#
#   s3.sh install            builds or fetches the server, unless it is there
#   s3.sh start              starts the server and returns once it serves; installs first
#   s3.sh stop               lets it end in order
#   s3.sh kill               kills it, as a crash does; `start` goes on with what is on the disk, and with uploads that
#                            were being completed
#   s3.sh clean              kills it and deletes its data
#   s3.sh bucket NAME        makes a bucket
#   s3.sh uploads BUCKET     how many uploads have been begun there, and neither completed nor aborted
#
# S3_MEGABYTES: how large the disk is on which versitygw keeps its objects; it is in memory then, and gone with the server.
# S3_KIND: `versitygw` (the default: objects lie on the disk; `install` needs go) or `moto` (objects lie in memory, so that a
# kill loses them; `install` needs python3). S3_PORT (19500), SERVICES_HOME. The keys are `test` and `testtest`.

# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

kind=${S3_KIND:-versitygw}
port=${S3_PORT:-19500}
home=$SERVICES_HOME/$kind-on-$port
pidfile=$home/pid
log=$home/server.log
versitygw_version=v1.8.0
moto_version=5.2.5
case $kind in
versitygw)
    programs=$SERVICES_HOME/versitygw-$versitygw_version
    program=$programs/versitygw
    ;;
moto)
    programs=$SERVICES_HOME/moto-$moto_version
    program=$programs/bin/moto_server
    ;;
*) fail "S3_KIND is versitygw or moto, not $kind" ;;
esac

install() {
    [ ! -f "$programs/complete" ] || return 0
    mkdir -p "$programs"
    # Tests that run side by side install once.
    exec 8>"$programs/lock"
    flock 8
    if [ ! -f "$programs/complete" ]; then
        case $kind in
        versitygw)
            local go
            go=$(go_program) || fail "versitygw is not installed, and go, which builds it, is not there"
            GOBIN=$programs GOFLAGS=-mod=mod "$go" install "github.com/versity/versitygw/cmd/versitygw@$versitygw_version"
            ;;
        moto)
            python3 -m venv "$programs"
            "$programs/bin/pip" install --quiet --disable-pip-version-check "moto[server]==$moto_version"
            ;;
        esac
        touch "$programs/complete"
    fi
    exec 8>&-
}

# versitygw claims an upload by a new name of its folder while it completes it. Nothing takes that back after a crash, and the
# upload is called completed from then on, though it never is (v1.8.0, CompleteMultipartUpload).
return_claims() {
    find "$home/data" "$home/attributes" -depth -type d -name '*.inprogress' | while read -r claimed; do
        local name=${claimed##*/}
        mv --no-target-directory "$claimed" "${claimed%/*}/${name%%.*}"
    done
}

start() {
    install
    ! is_open "$port" || fail "port $port is taken: choose another with S3_PORT"
    mkdir -p "$home/data"
    case $kind in
    versitygw)
        # Attributes of objects lie beside them: not every disk has extended attributes.
        mkdir -p "$home/attributes"
        return_claims
        local disk=()
        if [ -n "${S3_MEGABYTES:-}" ]; then
            # A mount that only the server sees needs no rights.
            disk=(unshare --mount --map-root-user bash -c
                'mount -t tmpfs -o size="$0"m tmpfs "$1" && shift && exec "$@"' "$S3_MEGABYTES" "$home/data")
        fi
        ROOT_ACCESS_KEY=test ROOT_SECRET_KEY=testtest "${disk[@]}" "$program" --port "127.0.0.1:$port" --quiet \
            posix --sidecar "$home/attributes" "$home/data" >>"$log" 2>&1 </dev/null &
        ;;
    moto) "$program" -H 127.0.0.1 -p "$port" >>"$log" 2>&1 </dev/null & ;;
    esac
    echo $! >"$pidfile"
    await_port "$port" "$pidfile" "$log"
}

request() {
    curl --silent --show-error --fail --aws-sigv4 aws:amz:us-east-1:s3 --user test:testtest \
        --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"
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
bucket) request --output /dev/null --request PUT "http://127.0.0.1:$port/${2:?a name}" ;;
uploads)
    listed=$(request "http://127.0.0.1:$port/${2:?a bucket}?uploads=")
    { grep -o '<UploadId>' || true; } <<<"$listed" | wc -l
    ;;
*)
    grep '^#  ' "${BASH_SOURCE[0]}" | cut -c4- >&2
    exit 2
    ;;
esac
