#!/usr/bin/env bash
# shellcheck disable=SC2154
# Post-quantum preshared keys (RFC 8784) against strongSwan, in both roles: used by both, demanded,
# done without where both may, and refused, each with its reason.
#
#     west (shriked) ---- east (charon)
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip ppk: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/interop/peer.sh
. tests/interop/peer.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping
shrike_programs

host west east
link west wan east wan
address west wan 192.0.2.1/24
address east wan 192.0.2.2/24
number=0

# connection NAME WEST EAST: one between both; each side has the PPK "must", which demands it, "may",
# or "no", which has neither a name nor a secret of it.
connection() {
    number=$((number + 1))
    address west lo "10.1.$number.1/32"
    address east lo "10.2.$number.1/32"
    half west "$1" "$2" 1 2 >>"$net_dir/west.connections"
    half east "$1" "$3" 2 1 >>"$net_dir/east.connections"
}

half() {
    local ppk="" other=east
    [ "$1" = west ] || other=west
    [ "$3" = no ] || ppk="ppk_id = $2"
    [ "$3" != must ] || ppk="$ppk"$'\n'"ppk_required = yes"
    cat <<END
$2 {
    version = 2
    local_addrs = 192.0.2.$4
    remote_addrs = 192.0.2.$5
    proposals = aes128gcm16-prfsha256-x25519
    $ppk
    local {
        auth = psk
        id = $1.$2
    }
    remote {
        auth = psk
        id = $other.$2
    }
    children {
        $2 {
            local_ts = 10.$4.$number.1/32
            remote_ts = 10.$5.$number.1/32
            esp_proposals = aes128gcm16
        }
    }
}
END
}

# secret SIDE NAME OCTETS
secret() {
    printf 'ppk-%s {\n    id = %s\n    secret = "%s"\n}\n' "$2" "$2" "$3" >>"$net_dir/$1.secrets"
}

ppk="a text that only a test may have for its secret"
connection used may may
connection demanded must must
connection west-has-it may no
connection east-has-it no may
connection west-must must no
connection east-must no must
connection differs may may
for side in west east; do
    secret $side used "$ppk 1"
    secret $side demanded "$ppk 2"
    secret $side "$side-has-it" "$ppk 3"
    secret $side "$side-must" "$ppk 4"
    secret $side differs "$ppk of $side"
done

file() {
    echo "connections {" && cat "$net_dir/$1.connections" && echo "}"
    printf 'secrets {\nike-1 {\n    secret = "Sixteen octets or more of it"\n}\n'
    cat "$net_dir/$1.secrets" && echo "}"
}

start() {
    file west >"$net_dir/west.conf" && mkdir -p "$net_dir/east.swanctl" || return 1
    file east >"$net_dir/east.swanctl/swanctl.conf"
    shriked_start west && peer_start east && peer east --load-all
}

# begin SIDE NAME
begin() {
    if [ "$1" = west ]; then
        shrike_at west up "$2"
    else
        peer east --initiate --child "$2" --timeout 10
    fi
}

of_west() { shrike_at west list --json | grep -c '"ppk": true'; }
of_east() { peer east --list-sas | grep -c PPK; }

# up SIDE NAME YES: that side calls; are both keys of a PPK, or neither?
up() {
    local n with=0
    [ "$3" = without ] || with=1
    n=$(sed -n "/^$2 {/,/^}/s/.*local_ts = 10.1.\([0-9]*\).1.*/\1/p" "$net_dir/west.connections")
    begin "$1" "$2" && pings west 3 "10.2.$n.1" -I "10.1.$n.1" || return 1
    [ "$(of_west || true)" = $with ] && [ "$(of_east || true)" = $with ] &&
        shrike_at west rekey "$2" && shrike_at west down "$2" && within 5 gone
}

gone() { ! peer east --list-sas | grep -q ESTABLISHED; }

# refused SIDE NAME REASON: Shrike knows why.
refused() {
    ! begin "$1" "$2" && shrike_at west why "$2" --json >"$net_dir/why" && cat "$net_dir/why" &&
        grep -q "\"$3\"" "$net_dir/why"
}

test_of "both start" start || true
for side in west east; do
    test_of "$side calls: used" up $side used with || true
    test_of "$side calls: demanded by both" up $side demanded with || true
done
test_of "west calls, east lacks it: done without" up west west-has-it without || true
test_of "east calls, west lacks it: done without" up east east-has-it without || true
test_of "east calls without: done without" up east west-has-it without || true
test_of "west calls without: done without" up west east-has-it without || true
test_of "west demands it, east lacks it" refused west west-must AUTH_FAILED || true
test_of "east calls without, west demands it" refused east west-must PPK_LACKING || true
test_of "east demands it, west lacks it" refused east east-must PPK_UNKNOWN || true
test_of "west calls without, east demands it" refused west east-must AUTH_FAILED || true
test_of "west calls, both have another" refused west differs AUTH_FAILED || true
test_of "east calls, both have another" refused east differs AUTH_PPK || true
[ $net_failed -eq 0 ]
