#!/usr/bin/env bash
# shellcheck disable=SC2154
# Roaming, Shrike at both ends, under a hundred packets a second: two road warriors behind one NAT; the
# NAT forgets its mappings; one goes from the café's network to the cell's and back, to IPv6, and
# through a time without any network. Prints the pauses.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip roam: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/net/roam_lib.sh
. tests/net/roam_lib.sh
tools/need iproute2 iputils-ping nftables python3
shrike_programs
pauses=()

roam_net

# walker_conf NAME NUMBER [LINE...]: lines go into the connection.
walker_conf() {
    local name=$1 number=$2
    shift 2
    cat <<END
connections {
    home {
        remote_addrs = 203.0.113.1
        $*
        local {
            auth = psk
            id = $name.example
        }
        remote {
            auth = psk
            id = east.example
        }
        children {
            home {
                local_ts = 10.1.$number.0/30
                remote_ts = 10.2.0.0/24
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
}

walker_conf walker 1 >"$net_dir/walker.conf"
walker_conf second 2 >"$net_dir/second.conf"
cat >"$net_dir/east.conf" <<END
connections {
    road {
        local {
            auth = psk
            id = east.example
        }
        remote {
            auth = psk
        }
        children {
            road {
                local_ts = 10.2.0.0/24
                remote_ts = 10.1.0.0/16
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

up() {
    shriked_start east "$@" && shriked_start walker "$@" && shriked_start second "$@" &&
        shrike_at walker up home && shrike_at second up home
}

reaches() { pings "$1" 3 10.2.0.10 -I "$2"; }
both_reach() { reaches walker 10.1.1.1 && reaches second 10.1.2.1; }

# seen_from HOST ADDRESS: its SA has this address at its own end.
seen_from() { shrike_at "$1" --json | grep -qF "$2"; }

rebinds() {
    walk_begin second 10.1.2.1 || return 1
    moves walker 10.1.1.1 500 nat_forgets || return 1
    walk_end second && [ "$pause" -le 500 ]
}

one_ike_sa_each() { [ "$(shrike_at east --json | grep -o ESTABLISHED | wc -l)" -eq 2 ]; }

to_the_cell() {
    moves walker 10.1.1.1 500 at walker link set wlan0 down && seen_from walker 198.51.2.10
}

to_the_cafe() {
    at walker link set wlan0 up
    walker_routes
    sleep 0.5
    moves walker 10.1.1.1 500 at walker addr del 198.51.2.10/24 dev wwan0 && seen_from walker 192.168.1.10
}

to_ipv6() {
    cell_gives_ipv6
    moves walker 10.1.1.1 500 at walker link set wlan0 down && seen_from walker 2001:db8:2::10
}

back_to_ipv4() {
    at walker link set wlan0 up
    walker_routes
    sleep 0.5
    moves walker 10.1.1.1 500 at walker link set wwan0 down && seen_from walker 192.168.1.10
}

# The café's link stays, but the system sends by the cell's now: what leaves from the café's address
# goes nowhere.
cell_first() { at walker route add default via 198.51.2.1 dev wwan0 metric 50; }
by_routes_alone() {
    at walker link set wwan0 up
    at walker addr replace 198.51.2.10/24 dev wwan0
    walker_routes
    sleep 0.5
    moves walker 10.1.1.1 4500 cell_first && seen_from walker 198.51.2.10 || return 1
    at walker route del default via 198.51.2.1 dev wwan0 metric 50
    at walker link set wwan0 down
    within 5 reaches walker 10.1.1.1
}

# Nothing at all for two seconds.
through_a_tunnel() {
    at walker link set wlan0 down
    sleep 2
    at walker link set wlan0 up
    walker_routes
}
after_a_time_without() { moves walker 10.1.1.1 3000 through_a_tunnel; }

# In all of it no IKE SA and no Child SA was made anew.
nothing_is_new() {
    local n
    n=$(cat "$net_dir"/{walker,second,east}.log | grep -cE '(IKE|Child) SA (established|closed|rekeyed)')
    echo "lines: $n"
    [ "$n" -eq 8 ] && both_reach
}

# The host's own address within the tunnel becomes another one: packets that name none leave from it.
has_source() { at walker route show table 220 | grep -F "src $1"; }
own_address() {
    at walker addr del "$1/32" dev lo
    at walker addr add "$2/32" dev lo
    within 2 has_source "$2" && ping_at walker 10.2.0.10
}
routes_follow() { has_source 10.1.1.1 && own_address 10.1.1.1 10.1.1.2 && own_address 10.1.1.2 10.1.1.1; }

test_of "two behind one NAT: up" up "$@" || true
test_of "both reach the other side" both_reach || true
test_of "the NAT forgets its mappings" rebinds || true
test_of "from the café to the cell" to_the_cell || true
test_of "and back" to_the_cafe || true
test_of "to IPv6" to_ipv6 || true
test_of "and back to IPv4" back_to_ipv4 || true
test_of "when routes alone change" by_routes_alone || true
test_of "through two seconds without a network" after_a_time_without || true
test_of "routes follow the host's addresses" routes_follow || true
test_of "two IKE SAs as ever" one_ike_sa_each || true
test_of "nothing was made anew" nothing_is_new || true
echo "# pauses in ms, in this order: ${pauses[*]}"
[ $net_failed -eq 0 ]
