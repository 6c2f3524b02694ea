#!/usr/bin/env bash
# shellcheck disable=SC2154
# Shunts in the usual picture of two sites, which can also reach each other in the clear: what is
# dropped as long as no tunnel takes it, and what goes past a tunnel that would take it. Bob has a
# second network, 10.9.0.0/24 and fd09::/64.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip shunts: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
shrike_programs

site_to_site_net
address bob eth0 10.9.0.10/24 fd09::10/64
for net in 10.2.0.0/24 10.9.0.0/24; do at west route add $net via 192.0.2.2; done
for net in fd02::/64 fd09::/64; do at west -6 route add $net via 2001:db8::2; done
at east route add 10.1.0.0/24 via 192.0.2.1
at east -6 route add fd01::/64 via 2001:db8::1
at east addr add 10.9.0.1/24 dev lan0
at east addr add fd09::1/64 dev lan0 nodad

# shunts SIDE LINE...: a connection of shunts alone, in front of what SIDE has.
shunts() {
    local side=$1
    shift
    {
        echo 'connections { shunts { children {'
        printf '%s\n' "$@"
        echo '} } }'
        cat "$net_dir/$side.conf"
    } >"$net_dir/new.conf"
    mv "$net_dir/new.conf" "$net_dir/$side.conf"
}

# in_tunnel yes|no COMMAND...: it succeeds, and its packets were, or were not, in west's tunnel.
in_tunnel() {
    local should=$1 before after
    shift
    before=$(tunnelled)
    "$@" || return 1
    after=$(tunnelled)
    case $should in
    yes) [ "$after" -gt "$before" ] ;;
    no) [ "$after" -eq "$before" ] ;;
    esac
}

# Packets that west has sent into its tunnel.
tunnelled() {
    at west -s -j link show dev shrike0 | python3 -c '
import json, sys
print(json.load(sys.stdin)[0]["stats64"]["tx"]["packets"])'
}

answers() {
    ping_at alice "$1" && ping_at alice "$2"
}

silent() {
    local to
    for to in "$@"; do
        ! on alice ping -q -c 2 -i 0.05 -W 1 "$to" >/dev/null || return 1
    done
}

rules() {
    {
        at west rule show
        at west -6 rule show
    } | grep -c 'proto 220' || true
}

tcp() {
    on "$1" timeout 5 python3 -c "
import socket
socket.create_connection(('$2', $3), 3).close()"
}

# ---- drop ----

gateway_conf west
gateway_conf east
shunts west 'never { local_ts = 10.1.0.0/24, fd01::/64
    remote_ts = 10.2.0.0/24, fd02::/64
    mode = drop
    start_action = trap }'

dropped() {
    shriked_start west "$@" && shriked_start east || return 1
    silent 10.2.0.10 fd02::10 || return 1
    ! on bob ping -q -c 2 -i 0.05 -W 1 10.1.0.10 || return 1
    answers 10.9.0.10 fd09::10 && ping_at west 192.0.2.2
}

own_packets() {
    ! on west ping -q -c 1 -W 1 -I 10.1.0.1 10.2.0.10 && ! on west ping -q -c 1 -W 1 -I fd01::1 fd02::10
}

tunnel_takes_them() {
    shrike_at west up west-east && both_ways && ping_at alice fd02::10 &&
        in_tunnel yes ping_at alice 10.2.0.10
}

dropped_again() {
    shrike_at west down west-east && silent 10.2.0.10 fd02::10
}

listed() {
    shrike_at west >"$net_dir/list" && grep -q 'never.*drop' "$net_dir/list"
}

reloaded() {
    gateway_conf west
    shrike_at west reload && within 5 answers 10.2.0.10 fd02::10 && [ "$(rules)" -eq 0 ]
}

test_of "in the clear both sites reach each other" both_ways || true
test_of "what is dropped does not, and all else does" dropped "$@" || true
test_of "nor does the gateway itself with an address of its site" own_packets || true
test_of "it is listed" listed || true
test_of "a tunnel takes what is dropped without it" tunnel_takes_them || true
test_of "and when it is down, nothing leaves in the clear" dropped_again || true
test_of "without the shunt it does" reloaded || true

# ---- pass ----

# Everything of the site goes into the tunnel, and all of it is passed on by the other end.
wide() {
    sed -i "s#remote_ts = .*#remote_ts = 0.0.0.0/0,::/0#" "$net_dir/west.conf"
    sed -i "s#local_ts = .*#local_ts = 0.0.0.0/0,::/0#" "$net_dir/east.conf"
    finish "$shriked_east"
    shunts west 'second { local_ts = 10.1.0.0/24, fd01::/64
    remote_ts = 10.9.0.0/24, fd09::/64
    mode = pass
    start_action = trap }
  web { remote_ts = 10.2.0.0/24[tcp/7000]
    mode = pass
    start_action = trap }
  own { local_ts = 192.0.2.1/32, 2001:db8::1/128
    remote_ts = 10.9.0.0/24, fd09::/64
    mode = pass
    start_action = trap }'
    shunts east 'second { local_ts = 10.9.0.0/24, fd09::/64
    remote_ts = 10.1.0.0/24, fd01::/64
    mode = pass
    start_action = trap }
  web { local_ts = 10.2.0.0/24[tcp/7000]
    mode = pass
    start_action = trap }'
    shriked_start east && shrike_at west reload && shrike_at west up west-east
}

web() {
    background bob "$net_dir/web.log" python3 -c "
import socket
a = socket.create_server(('10.2.0.10', 7000))
b = socket.create_server(('10.2.0.10', 7001))
print('ready', flush=True)
for s in (b, a, a, a):
    s.accept()[0].close()"
    within 5 grep -q ready "$net_dir/web.log" || return 1
    in_tunnel yes tcp alice 10.2.0.10 7001 && in_tunnel no tcp alice 10.2.0.10 7000
}

test_of "everything goes into the tunnel: up" wide || true
test_of "the other end of it" in_tunnel yes ping_at alice 10.2.0.10 || true
test_of "but not what is passed, IPv4" in_tunnel no ping_at alice 10.9.0.10 || true
test_of "but not what is passed, IPv6" in_tunnel no ping_at alice fd09::10 || true
test_of "nor what the gateway itself sends there, IPv4" in_tunnel no ping_at west 10.9.0.10 || true
test_of "nor what the gateway itself sends there, IPv6" in_tunnel no ping_at west fd09::10 || true
test_of "by port: one service in the clear, the others in the tunnel" web || true

# ---- all is dropped, and the system looks where packets come from ----

all_dropped() {
    on west sh -c 'for i in all default wan0 lan0 shrike0; do
        echo 2 >/proc/sys/net/ipv4/conf/$i/rp_filter; done'
    gateway_conf west
    shunts west 'all { mode = drop
    start_action = trap }'
    gateway_conf east
    shrike_at west down west-east && shrike_at east reload && shrike_at west reload || return 1
    silent 10.9.0.10 fd09::10 10.2.0.10 || return 1
    shrike_at west up west-east && both_ways && silent 10.9.0.10 fd09::10 || return 1
    shrike_at west down west-east && silent 10.2.0.10 fd02::10
}

killed() {
    kill -KILL "$shriked_west"
    within 5 eval '! shrike_at west version'
    silent 10.9.0.10 || return 1
    gateway_conf west
    shriked_start west && answers 10.9.0.10 fd09::10 && [ "$(rules)" -eq 0 ]
}

ended() {
    shunts west 'all { mode = drop
    start_action = trap }'
    shrike_at west reload && [ "$(rules)" -gt 0 ] || return 1
    finish "$shriked_west" 20
    [ "$(rules)" -eq 0 ] && answers 10.9.0.10 fd09::10
}

test_of "all is dropped but IKE, ESP and what a tunnel takes" all_dropped || true
test_of "rules of a daemon that was killed hold, and go with the next one" killed "$@" || true
test_of "an orderly end takes them away" ended || true
[ $net_failed -eq 0 ]
