# shellcheck shell=bash disable=SC2154
# The picture of road warriors: see road_warrior.sh. Sourced after lib.sh.

road_net() {
    host laptop phone nat gateway server
    on nat ip link add lan type bridge
    at nat link set lan up
    local name
    for name in laptop phone; do
        link "$name" eth0 nat "$name"
        at nat link set "$name" master lan
    done
    link nat wan gateway wan
    link gateway lan server eth0
    address nat lan 192.168.1.1/24
    address nat wan 192.0.2.1/24
    address laptop eth0 192.168.1.10/24
    address phone eth0 192.168.1.11/24
    address gateway wan 192.0.2.2/24
    address gateway lan 10.2.0.1/24 fd02::1/64
    address server eth0 10.2.0.10/24 fd02::10/64
    for name in laptop phone; do
        at $name route add default via 192.168.1.1
        echo "nameserver 192.168.1.1" >"$net_dir/$name.resolv"
    done
    at server route add default via 10.2.0.1
    at server -6 route add default via fd02::1
    router nat gateway
    masquerade nat wan
}

# What the gateway says, in the language of both daemons.
road_gateway_conf() {
    cat <<END
connections {
    people {
        version = 2
        local_addrs = 192.0.2.2
        pools = four, six
        local {
            auth = psk
            id = gateway.example
        }
        remote {
            auth = psk
        }
        children {
            net {
                local_ts = 10.2.0.0/24, fd02::/64
            }
        }
    }
}
pools {
    four {
        addrs = 10.3.0.0/28
        dns = 10.2.0.53
    }
    six {
        addrs = fd03::/120
        dns = fd02::53
    }
}
$(road_secrets)
END
}

# road_client_conf NAME: what a client says, likewise; but the section shrike, which only Shrike
# knows.
road_client_conf() {
    cat <<END
connections {
    home {
        version = 2
        remote_addrs = 192.0.2.2
        vips = 0.0.0.0, ::
        local {
            auth = psk
            id = $1.example
        }
        remote {
            auth = psk
            id = gateway.example
        }
        children {
            net {
                remote_ts = 10.2.0.0/24, fd02::/64
            }
        }
    }
}
$(road_secrets)
END
    [ "${2:-}" = plain ] || echo "shrike { dns = $net_dir/$1.resolv }"
}

road_secrets() {
    cat <<END
secrets {
    ike-1 {
        secret = "Sixteen octets or more of it"
    }
}
END
}

# road_has HOST ADDRESS/BITS: on whatever device.
road_has() {
    grep -qF " $2 " <<<"$(at "$1" -o addr show)"
}

# road_address HOST FAMILY: its virtual address.
road_address() {
    at "$1" -o "-$2" addr show | sed -nE 's/.* ((10\.3\.0\.|fd03::)[0-9a-f]+)\/.*/\1/p'
}

# road_reaches HOST: the server, with its virtual addresses, and the server it. The routes come a
# moment after the Child SA.
road_reaches() {
    within 5 road_reaches_now "$1"
}

road_reaches_now() {
    local four six
    four=$(road_address "$1" 4) six=$(road_address "$1" 6)
    [ -n "$four" ] && [ -n "$six" ] && ping_at "$1" 10.2.0.10 && ping_at "$1" fd02::10 &&
        ping_at server "$four" && ping_at server "$six"
}

# road_dns HOST: the servers of the gateway stand before the host's own.
road_dns() {
    [ "$(grep -o 'nameserver .*' "$net_dir/$1.resolv" | tr '\n' ' ')" = \
        "nameserver 10.2.0.53 nameserver fd02::53 nameserver 192.168.1.1 " ]
}
