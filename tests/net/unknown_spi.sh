#!/usr/bin/env bash
# shellcheck disable=SC2154
# ESP that belongs to no SA (RFC 7296 1.5): the sender is told, over the IKE SA or, without one, in
# the clear; now and then only; and a peer that has forgotten everything is found out.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip unknown-spi: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping tcpdump
shrike_programs

site_to_site_net
for side in west east; do
    gateway_conf $side
    # A peer that does not answer is given up after some seconds.
    sed -i '1i shrike {\n    retransmit_timeout = 0.5\n    retransmit_limit = 1\n    retransmit_tries = 3\n}' \
        "$net_dir/$side.conf"
done

up() {
    shriked_start west && shriked_start east && shrike_at west up west-east && both_ways
}

# forged COUNT: raw ESP packets from west to east with SPIs that nobody has.
forged() {
    on west python3 - "$1" <<'END'
import os, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
for n in range(int(sys.argv[1])):
    s.sendto((0x70000000 + n).to_bytes(4, "big") + os.urandom(96), ("192.0.2.2", 0))
END
}

lines() { grep -c "$1" "$net_dir/west.log" || true; }
has_lines() { [ "$(lines "$1")" -ge "$2" ]; }
unknown_there='the peer gets ESP of ours for which it has no SA'
hint='an unprotected message says that the peer has lost the SA'

told_over_the_ike_sa() {
    forged 1 && within 3 has_lines "$unknown_there" 1
}

# RFC 7296 2.21.4: the rate is limited, and nothing is changed by it.
a_flood_is_told_once() {
    local before
    before=$(lines "$unknown_there")
    forged 2000 && sleep 1 || return 1
    echo "lines before: $before, after: $(lines "$unknown_there")"
    [ "$(lines "$unknown_there")" -le $((before + 1)) ] && both_ways
}

# Late packets of a Child SA that went are nothing to tell of.
a_deleted_child_is_quiet() {
    local before
    before=$(cat "$net_dir"/{west,east}.log | grep -c "$unknown_there" || true)
    on alice ping -q -i 0.005 -c 300 -W 1 10.2.0.10 >/dev/null &
    local pinger=$!
    sleep 0.3
    shrike_at west down lan || return 1
    wait $pinger || true
    shrike_at west up west-east && both_ways &&
        [ "$(cat "$net_dir"/{west,east}.log | grep -c "$unknown_there" || true)" = "$before" ]
}

# The whole daemon of east is killed and begins anew: it knows neither the IKE SA nor its children.
hints_in_the_clear() {
    local p
    background east "$net_dir/tcpdump.log" tcpdump -i wan0 -n -l -v \
        'src host 192.0.2.2 and udp port 4500'
    dump=$pid
    within 5 grep -q listening "$net_dir/tcpdump.log" || return 1
    # shellcheck disable=SC2046  # pids
    kill -KILL "$shriked_east" $(for p in control keys esp net certs eap; do role_of east $p; done)
    wait "$shriked_east" || true
    rm -f "$net_dir/east.vici"
    shriked_start east || return 1
    on alice ping -q -i 0.01 -c 200 -W 1 10.2.0.10 >/dev/null || true
    within 3 has_lines "$hint" 1
}

# 200 packets in two seconds: a few hints a second at most (the engine's own limit), and one liveness check.
hints_are_few() {
    finish "$dump"
    local n
    n=$(grep -c 'inf2' "$net_dir/tcpdump.log" || true)
    echo "informational messages of east: $n; hints believed: $(lines "$hint")"
    [ "$n" -ge 1 ] && [ "$n" -le 30 ] && [ "$(lines "$hint")" -eq 1 ]
}

# The liveness check is not answered with anything that could be believed: the SA is given up.
found_out() {
    within 20 sh -c "! '$shrike' --socket '$net_dir/west.vici' --json | grep -q ESTABLISHED" &&
        shrike_at west up west-east && both_ways
}

test_of "up" up || true
test_of "told over the IKE SA" told_over_the_ike_sa || true
test_of "a flood is told of once" a_flood_is_told_once || true
test_of "late packets of a Child SA are not told of" a_deleted_child_is_quiet || true
test_of "told in the clear, by a peer that lost everything" hints_in_the_clear || true
test_of "by a few hints" hints_are_few || true
test_of "the SA is given up, and made again" found_out || true
[ $net_failed -eq 0 ]
