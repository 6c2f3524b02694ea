# shellcheck shell=bash disable=SC2154
# What the interoperation tests share: sourced by each of them, in the root of the sources. The hosts
# are those of tests/net/lib.sh, the peer is that of peer.sh. ${program[HOST]} says what runs on a
# host: shrike or strongswan.

[ "$(id -u)" -eq 0 ] || {
    echo "skip ${0##*/}: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/interop/peer.sh
. tests/interop/peer.sh
declare -A program

say() { echo "# $*"; }

# net_conf ID KEY=VALUE... -- KEY=VALUE...: a connection "net" with a child "net", in words that
# either program understands: what is said of the connection, then what is said of the child.
net_conf() {
    local id=$1 word indent=8
    shift
    printf 'connections {\n    net {\n        version = 2\n'
    for word in "$@"; do
        if [ "$word" != -- ]; then
            printf '%*s%s = %s\n' $indent '' "${word%%=*}" "${word#*=}"
            continue
        fi
        cat <<END
        local {
            auth = psk
            id = $id
        }
        remote {
            auth = psk
        }
        children {
            net {
END
        indent=16
    done
    cat <<'END'
            }
        }
    }
}
secrets {
    ike-1 {
        secret = "Sixteen octets or more of it"
    }
}
END
}

# peer_must_start HOST [PLANE]: or this script ends.
peer_must_start() {
    peer_start "$@" && return
    echo "not ok the peer starts"
    tail -n 5 "$net_dir/$1.charon.out" "$net_dir/$1.charon.log" | sed 's/^/# /'
    exit 1
}

# program_start HOST: with what "connection HOST" of the script prints; strongSwan with the ESP of
# $peer_plane. program_stop HOST: it ends.
program_start() {
    if [ "${program[$1]}" = shrike ]; then
        connection "$1" >"$net_dir/$1.conf"
        : >"$net_dir/$1.log"
        shriked_start "$1"
    else
        mkdir -p "$net_dir/$1.swanctl"
        connection "$1" >"$net_dir/$1.swanctl/swanctl.conf"
        peer_start "$1" "${peer_plane:-libipsec}" && peer "$1" --load-all
    fi
}

program_stop() {
    local of=charon_$1
    [ "${program[$1]}" = strongswan ] || of=shriked_$1
    finish "${!of}"
}

# program_up HOST: it calls the other end.
program_up() {
    if [ "${program[$1]}" = shrike ]; then
        shrike_at "$1" up net net
    else
        peer "$1" --initiate --child net --timeout 10
    fi
}

# control_of HOST: its control socket.
control_of() {
    local of=vici
    [ "${program[$1]}" = shrike ] || of=charon.vici
    echo "$net_dir/$1.$of"
}
