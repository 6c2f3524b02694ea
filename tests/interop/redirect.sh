#!/usr/bin/env bash
# shellcheck disable=SC2154
# Redirection (RFC 5685) against strongSwan, in both roles: a client and two gateways of one name, with
# the same address behind them. Gateways lead the client elsewhere once it is connected; Shrike's also
# in IKE_SA_INIT and in IKE_AUTH, by address and by name.
#
#     client 198.51.100.1 -- road -- first 203.0.113.1
#                                 -- second 203.0.114.1
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip redirect: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/interop/peer.sh
. tests/interop/peer.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping
shrike_programs

first=203.0.113.1 second=203.0.114.1

# connect HOST ADDRESS NETWORK: a cable to the road, which leads to the others.
connect() {
    link "$1" road road "$1"
    address "$1" road "$2.1/24"
    address road "$1" "$2.254/24"
    at "$1" route add default via "$2.254"
}

host client first second road
connect client 198.51.100
connect first 203.0.113
connect second 203.0.114
router road
address client lo 10.1.1.1/32
address first lo 10.2.0.10/24
address second lo 10.2.0.10/24

# connection HOST [LINE]: as either program reads it, with one line more.
connection() {
    local id=gate.example peer=client.example remote="" mine=10.2.0.0/24 theirs=10.1.1.1/32
    if [ "$1" = client ]; then
        id=client.example peer=gate.example remote="remote_addrs = $first"
        mine=10.1.1.1/32 theirs=10.2.0.0/24
    fi
    cat <<END
connections {
    net {
        version = 2
        $remote
        ${2:-}
        proposals = aes128gcm16-prfsha256-x25519
        local {
            auth = psk
            id = $id
        }
        remote {
            auth = psk
            id = $peer
        }
        children {
            net {
                local_ts = $mine
                remote_ts = $theirs
                esp_proposals = aes128gcm16
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

# start HOST PROGRAM [LINE]
declare -A program
start() {
    program[$1]=$2
    if [ "$2" = shrike ]; then
        connection "$1" "${3:-}" >"$net_dir/$1.conf"
        : >"$net_dir/$1.log"
        shriked_start "$1"
    else
        mkdir -p "$net_dir/$1.swanctl"
        connection "$1" >"$net_dir/$1.swanctl/swanctl.conf"
        peer_start "$1" && peer "$1" --load-all
    fi
}

stop() {
    local name of
    for name in "$@"; do
        of=charon_$name
        [ "${program[$name]}" = shrike ] && of=shriked_$name
        finish "${!of}"
    done
}

begin() {
    if [ "${program[client]}" = shrike ]; then
        shrike_at client up net net
    else
        peer client --initiate --child net --timeout 20
    fi
}

sas() {
    if [ "${program[$1]}" = shrike ]; then shrike_at "$1" list; else peer "$1" --list-sas; fi
}

reaches() { pings client 3 10.2.0.10 -I 10.1.1.1; }
has() {
    if [ "${program[$1]}" = shrike ]; then
        shrike_at "$1" --json | grep -q ESTABLISHED
    else
        peer "$1" --list-sas | grep -q ESTABLISHED
    fi
}
has_not() { ! has "$1"; }

# is_at GATEWAY OTHER ADDRESS: there it is, and nowhere else.
is_at() {
    within 10 has "$1" && within 10 has_not "$2" && sas client | grep -qF "$3" && reaches
}

up() { begin && is_at first second $first; }
up_there() { begin && is_at second first $second; }
# What becomes of it then is not ours: charon 5.9.8 is led away in IKE_AUTH, calls the other gateway,
# and ends with a segmentation fault of its own.
understood() {
    begin || true
    within 10 grep -q "redirected to $second" "$net_dir/client.charon.log"
}

lead() {
    if [ "${program[first]}" = shrike ]; then
        shrike_at first redirect net "$1"
    else
        peer first --redirect --ike net --gateway "$1"
    fi
}
led() { lead "$1" && is_at second first $second; }

# once CLIENT GATEWAY: of one that is connected.
once() {
    local who="$1 is the client, $2 the gateway"
    start client "$1" && start first "$2" && start second "$2"
    test_of "$who: it is connected" up || true
    test_of "$who: it is led elsewhere" led $second || true
    stop client first second
}

# at_once CLIENT EXCHANGE: by Shrike's connection.
at_once() {
    start client "$1" && start second shrike &&
        start first shrike "redirect_to = $second"$'\n'"redirect_at = $2"
    local then=up_there
    [ "$1 $2" != "strongswan auth" ] || then=understood
    test_of "$1 is the client, Shrike leads it elsewhere in IKE_${2^^}" $then || true
    stop client first second
}

once shrike strongswan
once strongswan shrike
once shrike shrike
for client in strongswan shrike; do
    at_once $client init
    at_once $client auth
done
[ $net_failed -eq 0 ]
