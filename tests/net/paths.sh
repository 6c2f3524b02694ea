#!/usr/bin/env bash
# shellcheck disable=SC2154
# What changes below a tunnel: packets that are too large for the path, a path that becomes narrower, a
# link that goes down and comes back, another address. Routes and virtual addresses are there after it.
#
#     tests/net/paths.sh [--plane xfrm]    with the data plane of a kernel, inside user-mode-linux
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip paths: needs root, for network namespaces"
    exit 0
}
plane=esp
[ "${1:-}" != --plane ] || plane=${2:?a data plane}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping python3
if [ "$plane" = xfrm ] && [ "${IN_UML:-}" != yes ]; then
    rm -r "$net_dir" # that is made inside
    IN_UML=yes exec tests/kernel/in-uml --seconds 380 "$0" "$@"
fi
shrike_programs

# west is a gateway that has a virtual address of its own, too, and may be anywhere.
conf() {
    local side=$1 addrs=$2 lines=$3 near=$4 far=$5
    cat >"$net_dir/$side.conf" <<END_OF_CONF
shrike {
    kernel = $plane
    retransmit_timeout = 0.5
}
connections {
    net {
        $addrs
        $lines
        local {
            auth = psk
            id = $side.example
        }
        remote {
            auth = psk
        }
        children {
            site {
                local_ts = $near
                remote_ts = $far
            }
            host {
                $([ "$side" = west ] && echo "remote_ts = $far" || echo "local_ts = $near")
            }
        }
    }
}
pools {
    some {
        addrs = 10.9.0.1-10.9.0.9
    }
}
secrets {
    ike {
        secret = "Sixteen octets or more of it"
    }
}
END_OF_CONF
}

up() {
    shriked_start west && shriked_start east && shrike_at west up net site &&
        shrike_at west up net host && goes_on
}

# Both tunnels: of the nets, and of the virtual address.
goes_on() {
    both_ways && pings west 3 10.2.0.10 -I 10.9.0.1
}

# A try takes seconds where it fails.
back() {
    local end=$((SECONDS + 20))
    until goes_on; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.2
    done
}

# The gateway says how large a packet may be, and that is true.
too_large_is_told() {
    local largest=$1 mtu
    on alice ip route flush cache
    on alice ping -M 'do' -s 1472 -c 2 -i 0.2 -W 2 10.2.0.10 >"$net_dir/pings" 2>&1 || true
    mtu=$(sed -n 's/.*mtu *= *\([0-9]*\).*/\1/p' "$net_dir/pings" | head -n 1)
    [ "${mtu:-9999}" -le "$largest" ] || { cat "$net_dir/pings"; return 1; }
    pings alice 2 10.2.0.10 -M 'do' -s $((mtu - 28))
}

# What does not fit into one packet and may be cut, arrives.
is_cut() {
    pings alice 2 10.2.0.10 -M dont -s 3000
}

# 200,000 octets by TCP, from alice to bob.
tcp() {
    background bob "$net_dir/bob.log" python3 -c '
import socket
s = socket.create_server(("10.2.0.10", 7000))
c, _ = s.accept()
n = 0
while True:
    d = c.recv(65536)
    if not d: break
    n += len(d)
c.sendall(str(n).encode())'
    local server=$pid got
    within 5 sh -c "nsenter --net=/run/netns/${net_prefix}bob ss -Hltn | grep -q 7000" || return 1
    got=$(on alice python3 -c '
import socket
c = socket.create_connection(("10.2.0.10", 7000), 10)
c.sendall(bytes(200000))
c.shutdown(socket.SHUT_WR)
print(c.recv(100).decode())')
    finish "$server"
    [ "$got" = 200000 ]
}

# The path of both gateways takes less from now on.
narrower() {
    at west link set wan0 mtu 1320
    at east link set wan0 mtu 1320
    is_cut && tcp && { [ "$plane" = esp ] || too_large_is_told 1300; }
}

link_comes_back() {
    at west link set wan0 down
    sleep 1
    at west link set wan0 up
    back
}

# Another address takes the place of the one that there was.
other_address() {
    on west sh -c 'echo 1 >/proc/sys/net/ipv4/conf/wan0/promote_secondaries'
    at west addr add 192.0.2.77/24 dev wan0
    at west addr del 192.0.2.1/24 dev wan0
    back && shrike_at west --json | grep -q '192\.0\.2\.77'
}

nothing_is_left() {
    finish "$shriked_west"
    [ -z "$(at west -4 route show table 220 2>/dev/null)" ] && ! at west addr | grep -q 10.9.0. || return 1
    [ "$plane" = esp ] || { [ -z "$(at west xfrm state)" ] && ! at west xfrm policy | grep -q 'dir '; }
}

site_to_site_net
conf west "remote_addrs = 192.0.2.2" "vips = 0.0.0.0" 10.1.0.0/24 10.2.0.0/24
conf east "local_addrs = 192.0.2.2" "pools = some" 10.2.0.0/24 10.1.0.0/24
test_of "two tunnels, a virtual address" up || exit 1
test_of "what is too large is told" too_large_is_told 1450 || true
test_of "what is larger than a packet arrives" is_cut || true
test_of "TCP finds its size" tcp || true
test_of "the path becomes narrower" narrower || true
test_of "a link goes down and comes back" link_comes_back || true
test_of "another address" other_address || true
test_of "nothing is left" nothing_is_left || true
[ $net_failed -eq 0 ]
