#!/usr/bin/env bash
# shellcheck disable=SC2154
# Road warriors, Shrike and strongSwan in both roles: the picture is that of tests/net/road.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
# shellcheck source=tests/net/road.sh
. tests/net/road.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping
shrike_programs

road_net

# ---- the peer is the gateway ----

clients_up() {
    road_gateway_conf >"$net_dir/gateway.swanctl/swanctl.conf"
    peer gateway --load-all || return 1
    local name
    for name in laptop phone; do
        road_client_conf $name >"$net_dir/$name.conf"
        shriked_start $name "$@" && shrike_at $name up home net || return 1
    done
}

different() {
    [ "$(road_address laptop 4)" != "$(road_address phone 4)" ] &&
        [ "$(road_address laptop 6)" != "$(road_address phone 6)" ]
}

lease_is() {
    peer gateway --list-pools --leases >"$net_dir/pools"
    grep "laptop.example" "$net_dir/pools" | grep -q "$1"
}

none_left() {
    [ -z "$(road_address laptop 4)$(road_address phone 6)" ]
}

clients_down() {
    shrike_at laptop down home && shrike_at phone down home &&
        within 5 none_left &&
        [ "$(cat "$net_dir/laptop.resolv")" = "nameserver 192.168.1.1" ] && within 5 lease_is offline
}

same_again() {
    local before=$1
    shrike_at laptop up home net && [ "$(road_address laptop 4)" = "$before" ] && road_reaches laptop
}

# ---- the peer is a client ----

peer_up() {
    local name
    for name in laptop phone; do finish "$(eval "echo \$shriked_$name")"; done
    finish "$charon_gateway"
    road_gateway_conf >"$net_dir/gateway.conf"
    shriked_start gateway "$@" || return 1
    for name in laptop phone; do
        peer_start $name || return 1
        road_client_conf $name plain >"$net_dir/$name.swanctl/swanctl.conf"
        peer $name --load-all && peer $name --initiate --child net --timeout 10 || return 1
    done
}

peer_got() {
    peer laptop --list-sas | tee "$net_dir/sas" | grep -q '\[10\.3\.0\.1 fd03::1\]' &&
        grep -q 'dns\|10.2.0.53' "$net_dir/laptop.charon.log"
}

peer_again() {
    peer laptop --terminate --ike home --timeout 10 && peer laptop --initiate --child net --timeout 10 &&
        road_has laptop 10.3.0.1/32 && road_reaches laptop && road_reaches phone
}

# Shrike's pools as a client of the peer's control protocol shows them.
pools_shown() {
    STRONGSWAN_CONF=$net_dir/laptop.swanctl/strongswan.conf timeout 10 /usr/sbin/swanctl \
        --list-pools --leases --uri "unix://$net_dir/gateway.vici" >"$net_dir/pools"
    grep -E '^four +10\.3\.0\.1 +2 / 0 / 14' "$net_dir/pools" &&
        grep -E "10\.3\.0\.1 +online +'laptop.example'" "$net_dir/pools"
}

peer_must_start gateway
test_of "two Shrikes behind one NAT come up" clients_up "$@" || true
test_of "each has addresses of its own" different || true
test_of "the laptop reaches the server and is reached" road_reaches laptop || true
test_of "the phone too" road_reaches phone || true
test_of "DNS servers are in the file" road_dns laptop || true
four=$(road_address laptop 4)
test_of "down: the addresses are gone, the lease is offline" clients_down || true
test_of "the same address again" same_again "$four" || true

test_of "two peers behind one NAT come up at Shrike" peer_up "$@" || true
test_of "they got addresses and DNS servers" peer_got || true
test_of "the laptop reaches the server and is reached" road_reaches laptop || true
test_of "the phone too" road_reaches phone || true
test_of "the same address again" peer_again || true
test_of "the pools and leases are shown" pools_shown || true
[ $net_failed -eq 0 ]
