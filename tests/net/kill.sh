#!/usr/bin/env bash
# shellcheck disable=SC2154
# Each process of shriked is killed under traffic: what goes on, and what comes back.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip kill: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
shrike_programs

site_to_site_net
gateway_conf west
gateway_conf east

up() {
    shriked_start west && shriked_start east && shrike_at west up west-east
}

# killed ROLE: kill that process of west; another one takes its place.
killed() {
    local old
    old=$(role_of west "$1")
    [ -n "$old" ] && kill -KILL "$old" || return 1
    within 5 another_than "$1" "$old"
}

another_than() {
    local now
    now=$(role_of west "$1")
    [ -n "$now" ] && [ "$now" != "$2" ]
}

# under_ping ROLE: 100 packets a second for 3 s while that process is killed.
# The file ping.out has how many were lost, and the longest gap by their numbers.
under_ping() {
    on alice ping -i 0.01 -c 300 -W 2 10.2.0.10 >"$net_dir/ping.out" &
    local pinger=$!
    sleep 1
    killed "$1" || return 1
    wait "$pinger" || true
    tail -n 3 "$net_dir/ping.out"
}

no_packet_lost() {
    under_ping "$1" && grep -q ' 0% packet loss' "$net_dir/ping.out"
}

back_within_2_s() {
    under_ping "$1" || return 1
    # The longest run of numbers that did not come back, in hundredths of a second.
    local gap
    gap=$(sed -n 's/.*icmp_seq=\([0-9]*\) .*/\1/p' "$net_dir/ping.out" | sort -n |
        awk '{ if ($1 - last - 1 > gap) gap = $1 - last - 1; last = $1 } END { print gap + 0, last }')
    echo "longest gap and last: $gap"
    read -r gap last <<<"$gap"
    [ "$gap" -le 200 ] && [ "$last" -gt 280 ]
}

said() {
    grep -E "$1.*(ended|killed)" "$net_dir/west.log"
}

# Without SAs of its own the new net makes new ones when asked; the orphans went on until then.
net_works_again() {
    within 5 shrike_at west up west-east && both_ways
}

# A new child can be negotiated: keys has its secrets, net reaches them.
handshake_again() {
    shrike_at west down west-east && shrike_at west up west-east && both_ways
}

test_of "up" up || true
test_of "keys: nothing lost" no_packet_lost keys || true
test_of "keys: a line in the log" said keys || true
test_of "keys: the next handshake works" handshake_again || true
test_of "control: nothing lost" no_packet_lost control || true
test_of "control: a line in the log" said control || true
test_of "control: the next handshake works" within 5 handshake_again || true
test_of "esp: traffic back within 2 s" back_within_2_s esp || true
test_of "esp: both ways" both_ways || true
test_of "net: nothing lost" no_packet_lost net || true
test_of "net: the child works on" both_ways || true
test_of "net: works again" net_works_again || true
[ $net_failed -eq 0 ]
