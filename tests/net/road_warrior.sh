#!/usr/bin/env bash
# shellcheck disable=SC2154
# Road warriors: two clients behind one NAT get virtual addresses and DNS servers from a gateway.
#
#     laptop 192.168.1.10 \
#                          nat 192.168.1.1 | 192.0.2.1 -- gateway 192.0.2.2 | 10.2.0.1 -- server
#     phone  192.168.1.11 /
#
# server is 10.2.0.10 and fd02::10; the pools are 10.3.0.0/28 and fd03::/120.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip road warrior: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping nftables
shrike_programs
# shellcheck source=tests/net/road.sh
. tests/net/road.sh

road_net
road_gateway_conf >"$net_dir/gateway.conf"
for name in laptop phone; do road_client_conf $name >"$net_dir/$name.conf"; done

up() {
    shriked_start gateway "$@" && shriked_start laptop "$@" && shriked_start phone "$@" &&
        shrike_at laptop up home net && shrike_at phone up home net
}

own_addresses() {
    road_has laptop 10.3.0.1/32 && road_has laptop fd03::1/128 &&
        road_has phone 10.3.0.2/32 && road_has phone fd03::2/128
}

listed() {
    grep -qF 'virtual 10.3.0.1, fd03::1' <<<"$(shrike_at gateway list)" &&
        grep -qF 'virtual 10.3.0.1, fd03::1' <<<"$(shrike_at laptop list)"
}

# An IKE SA that takes the place of another has its addresses.
rekeyed() {
    shrike_at laptop rekey home && sleep 0.5 && road_has laptop 10.3.0.1/32 && road_reaches laptop
}

gone() {
    ! road_has laptop 10.3.0.1/32 && ! road_has laptop fd03::1/128 &&
        [ "$(cat "$net_dir/laptop.resolv")" = "nameserver 192.168.1.1" ] &&
        ! grep -q 10.2.0.0 <<<"$(at laptop route show table 220)"
}

down() {
    shrike_at laptop down home && within 5 gone && road_reaches phone
}

# The same again, though the other is there.
again() {
    shrike_at laptop up home net && road_has laptop 10.3.0.1/32 && road_has laptop fd03::1/128 &&
        road_reaches laptop && road_reaches phone
}

# A new net goes on with the IKE SAs of the old one, and with its addresses.
client_again() {
    kill -KILL "$(role_of laptop net)" && sleep 1
    road_has laptop 10.3.0.1/32 && road_dns laptop && road_reaches laptop &&
        shrike_at laptop down home && within 5 gone && shrike_at laptop up home net &&
        road_reaches laptop
}

# A new net of the gateway knows the leases: the phone does not get what the laptop has.
gateway_again() {
    kill -KILL "$(role_of gateway net)" && sleep 1
    road_reaches laptop && road_reaches phone && shrike_at phone down home &&
        shrike_at phone up home net && road_has phone 10.3.0.2/32 && road_has phone fd03::2/128 &&
        road_reaches phone && road_reaches laptop
}

# All processes of the client are killed: what is in the system is the next start's.
client_killed() {
    kill -KILL "$shriked_laptop"
    wait "$shriked_laptop" 2>/dev/null || true
    at laptop route get 10.2.0.10 | grep 'dev shrike0' && road_has laptop 10.3.0.1/32 || return 1
    shriked_start laptop "$@" && shrike_at laptop up home net && road_has laptop 10.3.0.1/32 &&
        road_dns laptop && road_reaches laptop && road_reaches phone &&
        shrike_at laptop down home && within 5 gone && shrike_at laptop up home net && road_reaches laptop
}

# Another program takes over from both, as they are.
upgraded() {
    install -m 755 "$shriked" "$net_dir/shriked-other"
    shrike_at laptop upgrade "$net_dir/shriked-other" &&
        shrike_at gateway upgrade "$net_dir/shriked-other" && road_has laptop 10.3.0.1/32 &&
        within 5 road_dns laptop && road_reaches laptop && shrike_at laptop down home &&
        within 5 gone && shrike_at laptop up home net && road_reaches laptop && road_reaches phone
}

# One made from scratch before the old one is closed, too; this ends and begins the laptop.
reauthenticated() {
    finish "$shriked_laptop"
    road_client_conf laptop | sed 's/^        version = 2/&\n        reauth_time = 3s\n        rand_time = 0s/' \
        >"$net_dir/laptop.conf"
    shriked_start laptop "$@" && shrike_at laptop up home net &&
        within 10 grep -q 'another one has taken its place' "$net_dir/laptop.log" &&
        road_has laptop 10.3.0.1/32 && road_has laptop fd03::1/128 && road_dns laptop &&
        road_reaches laptop
}

# Whoever ends leaves nothing behind.
ended() {
    finish "$shriked_phone" && [ "$(cat "$net_dir/phone.resolv")" = "nameserver 192.168.1.1" ] &&
        ! road_has phone 10.3.0.2/32
}

test_of "two clients behind one NAT come up" up "$@" || true
test_of "each has addresses of its own" own_addresses || true
test_of "the laptop reaches the server and is reached" road_reaches laptop || true
test_of "the phone too" road_reaches phone || true
test_of "DNS servers are in the file" road_dns laptop || true
test_of "the listings show the addresses" listed || true
test_of "they stay when the IKE SA is rekeyed" rekeyed || true
test_of "down: addresses, servers and routes are gone" down || true
test_of "the same client gets the same again" again || true
if [ $# -eq 0 ]; then
    test_of "a client whose net has crashed" client_again || true
    test_of "a gateway whose net has crashed" gateway_again || true
    test_of "other programs take over" upgraded || true
fi
test_of "a client that was killed and started again" client_killed "$@" || true
test_of "they stay when it is reauthenticated" reauthenticated "$@" || true
test_of "one that ends leaves nothing behind" ended || true
[ $net_failed -eq 0 ]
