#!/usr/bin/env bash
# shellcheck disable=SC2154
# MOBIKE (RFC 4555) and NATs against strongSwan, in both roles, under a hundred packets a second: two
# road warriors behind one NAT; the NAT forgets its mappings; one goes from the café's network to the
# cell's and back, and from IPv4 to IPv6. Prints the pauses.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
# shellcheck source=tests/net/roam_lib.sh
. tests/net/roam_lib.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping nftables python3
shrike_programs

roam_net

# connection HOST: walker and second call east, which does not know from where.
connection() {
    local number=1 peer=(remote_addrs=203.0.113.1) local_ts remote_ts=10.2.0.0/24
    [ "$1" != second ] || number=2
    local_ts=10.1.$number.1/32
    [ "$1" != east ] || peer=() local_ts=10.2.0.0/24 remote_ts=10.1.0.0/16
    net_conf "$1.example" "${peer[@]}" proposals=aes128gcm16-prfsha256-x25519 dpd_delay=2s encap=yes -- \
        local_ts=$local_ts remote_ts=$remote_ts esp_proposals=aes128gcm16
}

# sas HOST: its IKE SAs with their ends.
sas() {
    if [ "${program[$1]}" = shrike ]; then shrike_at "$1" list; else peer "$1" --list-sas; fi
}

up() {
    program_start east && program_start walker && program_start second && program_up walker &&
        program_up second && both_reach
}

reaches() { pings "$1" 3 10.2.0.10 -I "$2"; }
both_reach() { reaches walker 10.1.1.1 && reaches second 10.1.2.1; }
seen_from() { sas "$1" | grep -F "$2"; }

rebinds() {
    walk_begin second 10.1.2.1 || return 1
    moves walker 10.1.1.1 "$1" nat_forgets || return 1
    walk_end second && [ "$pause" -le "$1" ]
}

to_the_cell() {
    moves walker 10.1.1.1 "$1" at walker link set wlan0 down && seen_from east 198.51.2.10
}

to_the_cafe() {
    at walker link set wlan0 up
    walker_routes
    sleep 1
    moves walker 10.1.1.1 "$1" at walker addr del 198.51.2.10/24 dev wwan0 && seen_from east 198.51.1.1
}

to_ipv6() {
    cell_gives_ipv6
    moves walker 10.1.1.1 "$1" at walker link set wlan0 down && seen_from east 2001:db8:2::10
}

back_to_ipv4() {
    at walker link set wlan0 up
    walker_routes
    sleep 1
    moves walker 10.1.1.1 "$1" at walker link set wwan0 down && seen_from east 198.51.1.1
}

end() {
    program_stop walker && program_stop second && program_stop east
    at walker link set wwan0 up
    at walker addr replace 198.51.2.10/24 dev wwan0
    walker_routes
}

# row CLIENTS GATEWAY MS MS: the longest pauses that a rebinding and a move may make.
row() {
    pauses=()
    program[walker]=$1 program[second]=$1 program[east]=$2
    local who="$1 roams, $2 is the gateway"
    test_of "$who: two behind one NAT" up || true
    test_of "$who: the NAT forgets its mappings" rebinds "$3" || true
    test_of "$who: from the café to the cell" to_the_cell "$4" || true
    test_of "$who: and back" to_the_cafe "$4" || true
    test_of "$who: to IPv6" to_ipv6 "$4" || true
    test_of "$who: and back to IPv4" back_to_ipv4 "$4" || true
    echo "# $who: pauses in ms, in this order: ${pauses[*]}"
    end
}

# strongSwan's ESP in user space does not tell of another end of its peer, so that as a gateway it
# follows a NAT only when IKE speaks: here every two seconds. As a client it waits before it acts.
row shrike strongswan 4500 1500
row strongswan shrike 1500 4000
[ $net_failed -eq 0 ]
