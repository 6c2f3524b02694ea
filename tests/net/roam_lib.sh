# shellcheck shell=bash disable=SC2154
# A host that roams, for tests/net/roam.sh and tests/interop/mobike.sh; sourced after tests/net/lib.sh.
#
#     walker -- wlan0 -- cafe (a NAT) --\
#       |       second -- cafe           core -- east -- bob
#     walker -- wwan0 -- cell ----------/
#
# walker has 10.1.1.1 of its own and second 10.1.2.1; bob has 10.2.0.10. The café gives 192.168.1.0/24
# and hides it behind 198.51.1.1; the cell gives 198.51.2.0/24 and 2001:db8:2::/64, and hides nothing.
# east is 203.0.113.1 and 2001:db8:9::1.

roam_net() {
    host walker second cafe cell core east bob
    link walker wlan0 cafe lan0
    link second wlan0 cafe lan1
    link walker wwan0 cell lan0
    link cafe wan0 core cafe
    link cell wan0 core cell
    link core east east wan0
    link east lan0 bob eth0
    at cafe link add lan type bridge
    at cafe link set lan up
    at cafe link set lan0 master lan
    at cafe link set lan1 master lan
    address walker wlan0 192.168.1.10/24
    address second wlan0 192.168.1.11/24
    address cafe lan 192.168.1.1/24
    address cafe wan0 198.51.1.1/24
    address core cafe 198.51.1.254/24
    address walker wwan0 198.51.2.10/24
    address cell lan0 198.51.2.1/24 2001:db8:2::1/64
    address cell wan0 198.51.3.1/24 2001:db8:3::1/64
    address core cell 198.51.3.254/24 2001:db8:3::fe/64
    address core east 203.0.113.254/24 2001:db8:9::fe/64
    address east wan0 203.0.113.1/24 2001:db8:9::1/64
    address east lan0 10.2.0.1/24
    address bob eth0 10.2.0.10/24
    address walker lo 10.1.1.1/32
    address second lo 10.1.2.1/32
    at cafe route add default via 198.51.1.254
    at cell route add default via 198.51.3.254
    at cell -6 route add default via 2001:db8:3::fe
    at core route add 198.51.2.0/24 via 198.51.3.1
    at core -6 route add 2001:db8:2::/64 via 2001:db8:3::1
    at east route add default via 203.0.113.254
    at east -6 route add default via 2001:db8:9::fe
    at bob route add default via 10.2.0.1
    router cafe cell core east
    masquerade cafe wan0
    walker_routes
}

# The café first, the cell where there is none. A link that went down has lost its routes.
walker_routes() {
    at walker route replace default via 192.168.1.1 dev wlan0 metric 100 2>/dev/null || true
    at walker route replace default via 198.51.2.1 dev wwan0 metric 200 2>/dev/null || true
    at walker -6 route replace default via 2001:db8:2::1 dev wwan0 metric 200 2>/dev/null || true
    at second route replace default via 192.168.1.1 dev wlan0
}

# The cell gives IPv6 too, from now until its link goes down: with both, either may be the way that
# answers first.
cell_gives_ipv6() {
    at walker addr replace 2001:db8:2::10/64 dev wwan0 nodad
    walker_routes
    sleep 1
}

# The NAT forgets its mappings; "masquerade random" gives other ports then.
nat_forgets() {
    on cafe python3 - <<'END'
import socket, struct
# NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE of nothing in particular: all
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
for family in (socket.AF_INET, socket.AF_INET6):
    body = struct.pack("=BBH", family, 0, 0)
    s.send(struct.pack("=IHHII", 16 + len(body), (1 << 8) | 2, 5, 1, 0) + body)
    answer = s.recv(4096)
    assert struct.unpack_from("=i", answer, 16)[0] == 0, answer
END
}

# walk_begin HOST FROM and walk_end HOST: a hundred packets a second to bob. Then $pause is the longest
# time without an answer, in ms, and $alive says whether answers still came in the end.
walk_begin() {
    : >"$net_dir/$1.ping"
    background "$1" "$net_dir/$1.ping" stdbuf -oL ping -i 0.01 -I "$2" 10.2.0.10
    eval "ping_$1=$pid"
    within 5 grep -q icmp_seq=20 "$net_dir/$1.ping"
}

walk_end() {
    local of=ping_$1
    kill -INT "${!of}"
    wait "${!of}" || true
    read -r pause alive < <(python3 - "$net_dir/$1.ping" <<'END'
import re, sys
text = open(sys.argv[1]).read()
seen = sorted({int(n) for n in re.findall(r"icmp_seq=(\d+) ttl", text)})
sent = int(re.search(r"(\d+) packets transmitted", text)[1])
time = int(re.search(r"time (\d+)ms", text)[1])
longest = max([b - a - 1 for a, b in zip(seen, seen[1:])], default=sent)
print(round(longest * time / sent), "yes" if seen and sent - seen[-1] < 40 else "no")
END
    )
    echo "pause: $pause ms; answers in the end: $alive"
    pauses+=("$pause")
    [ "$alive" = yes ]
}

# moves HOST FROM AT_MOST COMMAND...: under ping, do that; the pause is at most so many ms.
moves() {
    local name=$1 from=$2 most=$3
    shift 3
    walk_begin "$name" "$from" || return 1
    "$@" || return 1
    sleep 4
    walk_end "$name" && [ "$pause" -le "$most" ]
}
