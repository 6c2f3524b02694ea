#!/usr/bin/env bash
# shellcheck disable=SC2154
# A client that sends everything into the tunnel (0.0.0.0/0 and ::/0), and so also what is for the
# peer's own address: IKE and ESP themselves stay outside.
#
#     client 192.0.2.1 -- gateway 192.0.2.2, lan 10.2.0.1 -- server 10.2.0.10
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip full tunnel: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
shrike_programs

site_to_site_net
for side in west east; do
    [ $side = west ] && local_ts=192.0.2.1/32,2001:db8::1/128 remote_ts=0.0.0.0/0,::/0
    [ $side = east ] && local_ts=0.0.0.0/0,::/0 remote_ts=192.0.2.1/32,2001:db8::1/128
    [ $side = west ] && near=192.0.2.1 far=192.0.2.2 other=east
    [ $side = east ] && near=192.0.2.2 far=192.0.2.1 other=west
    cat >"$net_dir/$side.conf" <<END
connections {
    all {
        local_addrs = $near
        remote_addrs = $far
        local {
            auth = psk
            id = $side.example
        }
        remote {
            auth = psk
            id = $other.example
        }
        children {
            all {
                local_ts = $local_ts
                remote_ts = $remote_ts
            }
        }
    }
}
secrets {
    ike {
        secret = "Sixteen octets or more of it"
    }
}
END
done

up() {
    shriked_start east "$@" && shriked_start west "$@" && shrike_at west up all
}

# What the peer has received through the tunnel grows by the packets of a ping to its own address.
peer_inside() {
    on east sh -c 'ip -s link show dev shrike0' >"$net_dir/before"
    ping_at west 192.0.2.2 5 || return 1
    ping_at west 2001:db8::2 5 || return 1
    on east sh -c 'ip -s link show dev shrike0' >"$net_dir/after"
    local packets
    packets=$(paste "$net_dir/before" "$net_dir/after" | awk '/RX:/ { getline; print $(NF / 2 + 2) - $2; exit }')
    [ "$packets" -ge 10 ]
}

# One connection over the tunnel for long enough that IKE has spoken too, and it still holds.
still_there() {
    shrike_at west up all && ping_at west 10.2.0.10
}

test_of "everything goes into the tunnel: up" up "$@" || true
test_of "a host behind the peer, IPv4" ping_at west 10.2.0.10 || true
test_of "a host behind the peer, IPv6" ping_at west fd02::10 || true
test_of "the peer's own address, through the tunnel" peer_inside || true
test_of "IKE goes on beside it" still_there || true
test_of "and ends cleanly" shrike_at west down all || true
[ $net_failed -eq 0 ]
