#!/usr/bin/env bash
# shellcheck disable=SC2154
# Two gateways with the data plane of a kernel (XFRM), inside user-mode-linux: suites, tunnel and
# transport mode, BEET, AH, IPComp, IPv4 and IPv6, in UDP and not; rekeys, traps, shunts, moves, limits;
# processes that die, another program, an end by force; and that nothing is left of it in the end.
# One boot. With names, those rows alone, or the second part: "second".
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/kernel/resident.sh
. tests/kernel/resident.sh
if [ "${IN_UML:-}" != yes ]; then
    tools/need iproute2 iputils-ping
    rm -r "$net_dir" # that is made inside
    IN_UML=yes exec tests/kernel/in-uml --seconds 380 "$0" "$@"
fi
shrike_programs
resident_start

# name, mode, IP of the ends, encap, suite (ah: of AH), more lines of the child
rows() {
    cat <<END
gcm tunnel 4 no aes128gcm16
esn tunnel 4 yes aes256gcm16-esn
cbc6 tunnel 6 no aes128-sha256
transport transport 4 no aes128gcm16
transport6 transport 6 no aes256-sha512-esn
chacha transport 4 yes chacha20poly1305
ccm tunnel 4 no aes128ccm16
ctr tunnel 6 no aes128ctr-sha384
cmac tunnel 4 yes aes256-aescmac
beet beet 4 no aes128gcm16
beet6in4 beet 4 yes aes256-sha512-esn
beet4in6 beet 6 no chacha20poly1305-esn
ah tunnel 4 no ah:sha256
ah6 transport 6 no ah:sha512-esn
comp tunnel 4 no aes128gcm16 ipcomp=yes
compah transport 4 no ah:sha256 ipcomp=yes
limits tunnel 4 no aes128gcm16 rekey_packets=60 life_packets=5000 rand_packets=0
END
}

# connection SIDE NAME MODE IP ENCAP SUITE [KEY=VALUE...]
connection() {
    local mine=1 theirs=2 net=192.0.2. side=$1 name=$2 mode=$3 ip=$4 encap=$5 suite=$6 other=east
    shift 6
    [ "$side" = west ] || mine=2 theirs=1 other=west
    [ "$ip" = 4 ] || net=2001:db8::
    echo "    $name {
        local_addrs = $net$mine
        remote_addrs = $net$theirs
        encap = $encap
        proposals = aes128-sha256-x25519
        local {
            auth = psk
            id = $name.$side
        }
        remote {
            auth = psk
            id = $name.$other
        }
        children {
            $name {
                mode = $mode"
    case $suite in
    ah:*) echo "                ah_proposals = ${suite#ah:}" ;;
    *) echo "                esp_proposals = $suite" ;;
    esac
    if [[ " $* " == *" ipcomp=yes "* ]] && [ "$mode" = tunnel ]; then # of one family
        echo "                local_ts = 10.$mine.0.0/24"
        echo "                remote_ts = 10.$theirs.0.0/24"
    elif [ "$mode" = beet ]; then
        echo "                local_ts = $(inside $name $mine)"
        echo "                remote_ts = $(inside $name $theirs)"
    elif [ "$mode" = tunnel ]; then
        echo "                local_ts = 10.$mine.0.0/24,fd0$mine::/64"
        echo "                remote_ts = 10.$theirs.0.0/24,fd0$theirs::/64"
    fi
    printf '                %s\n' "$@"
    echo "            }
        }
    }"
}

# inside NAME NUMBER: the one address of that side that packets in BEET mode are from and for.
inside() {
    if [[ $1 == *6in4 ]]; then echo "fd0$2::1"; else echo "10.$2.0.1"; fi
}

conf_of_rows() {
    local side=$1 row
    echo "shrike {
    kernel = xfrm
    plugins {
        kernel-netlink {
            mtu = 1390
            mss = 1300
        }
    }
}
connections {"
    while read -r row; do
        # shellcheck disable=SC2086
        connection "$side" $row
    done < <(rows)
    echo "}"
    secrets
}

secrets() {
    echo "secrets {
    ike-1 {
        secret = \"Sixteen octets or more of it\"
    }
}"
}

# ---- what the kernel has ----

# Somebody else's, which is nobody's business here.
somebody_elses() {
    at west xfrm state add src 198.51.100.1 dst 198.51.100.2 proto esp spi 0x999 reqid 16 \
        mode tunnel aead 'rfc4106(gcm(aes))' 0x0123456789012345678901234567890123456789 128
    at west xfrm policy add src 198.51.100.0/24 dst 203.0.113.0/24 dir out \
        tmpl src 198.51.100.1 dst 198.51.100.2 proto esp reqid 16 mode tunnel
}

is_left_alone() {
    at west xfrm state get src 198.51.100.1 dst 198.51.100.2 proto esp spi 0x999 &&
        at west xfrm policy get src 198.51.100.0/24 dst 203.0.113.0/24 dir out
}

# has_states SIDE N, has_policies SIDE N: so many are ours.
declare -A others=([west]=1 [east]=0)
has_states() { ask sas "$1" $(($2 + others[$1])); }
has_policies() { ask policies "$1" $(($2 + others[$1])); }

kernel_has_nothing() {
    has_states west 0 && has_states east 0 && has_policies west 0 && has_policies east 0
}

kernel_has() {
    local side state policy
    for side in west east; do
        state=$(at "$side" xfrm state) policy=$(at "$side" xfrm policy)
        [[ $state == *"proto $type "* && $policy == *"mode $mode"* ]] &&
            ask states "$side" $((2 + others[$side])) || return 1
        [[ $suite != *-esn || $state == *flag*esn* ]] || return 1
        [ "$encap" = no ] || [[ $state == *'encap type espinudp sport 4500 dport 4500'* ]] || return 1
    done
}

was_protected() {
    local side
    for side in west east; do
        ask carried $side $type && [ "${answer% *}" -eq 2 ] || return 1
        [[ $more != *ipcomp* ]] || { ask carried $side comp && [ "${answer% *}" -ge 1 ]; } || return 1
    done
}

what_there_is() {
    local side
    for side in west east; do
        at "$side" -s xfrm state
        at "$side" xfrm policy
        on "$side" awk '$2 > 0' /proc/net/xfrm_stat
    done
    return 1
}

# ---- the rows ----

large_ping() { ask reach "$1" any "$2" 2 3000; }

traffic() {
    if [ "$mode" = tunnel ]; then
        both_ways && { [[ $more == *ipcomp* ]] || ping_at alice fd02::10; } && large_ping alice 10.2.0.10
    elif [ "$mode" = beet ]; then
        large_ping west "$(inside "$name" 2)" && ping_at east "$(inside "$name" 1)"
    elif [ "$ip" = 4 ]; then
        large_ping west 192.0.2.2 && ping_at east 192.0.2.1
    else
        ping_at west 2001:db8::2 && ping_at east 2001:db8::1
    fi
}

spis() { at "$1" xfrm state | grep -o 'spi 0x[0-9a-f]*' | sort; }

# other_spis SIDE BEFORE: none of those of before
other_spis() {
    spis "$1" | grep -v 0x00000999 >"$net_dir/spis"
    [ -s "$net_dir/spis" ] && ! grep -qxFf <(echo "$2") "$net_dir/spis"
}

# The limit of packets has had the kernel call for another Child SA.
limits_call() {
    local before
    before=$(spis west)
    ping_at alice 10.2.0.10 80 && within 5 other_spis west "$before" && ping_at alice 10.2.0.10 20
}

row() {
    local name=$1 mode=$2 ip=$3 encap=$4 suite=$5 type=esp code=0
    shift 5
    local more=$*
    [[ $suite != ah:* ]] || type=ah
    shrike_at west up "$name" "$name" || return 1
    if [ "$name" = limits ]; then
        limits_call || what_there_is || code=1
    else
        { kernel_has && traffic && was_protected; } || what_there_is || code=1
    fi
    shrike_at west down "$name" && within 5 kernel_has_nothing && return $code
}

# ---- the second part: one connection, called for by a trap, beside shunts ----

# gateway SIDE: what it is told
gateway() {
    local mine=1 theirs=2 addresses="remote_addrs = 192.0.2.2" action=trap
    [ "$1" = west ] || mine=2 theirs=1 addresses="local_addrs = 192.0.2.2" action=none
    cat <<END
shrike {
    kernel = xfrm
    plugins {
        kernel-netlink {
            mtu = 1390
            mss = 1300
        }
    }
}
connections {
    net {
        $addresses
        proposals = aes128-sha256-x25519
        local {
            auth = psk
            id = net.$1
        }
        remote {
            auth = psk
        }
        children {
            net {
                esp_proposals = aes128gcm16
                local_ts = 10.$mine.0.0/24
                remote_ts = 10.$theirs.0.0/24
                start_action = $action
            }
            past {
                local_ts = 10.$mine.0.$((mine == 1 ? 0 : 12))/$((mine == 1 ? 24 : 32))
                remote_ts = 10.$theirs.0.$((mine == 1 ? 12 : 0))/$((mine == 1 ? 32 : 24))
                mode = pass
                start_action = trap
            }
            nowhere {
                local_ts = 10.$mine.0.0/24
                remote_ts = 10.3.0.0/24
                mode = drop
                start_action = $action
            }
        }
    }
}
END
    secrets
}

other_files() {
    address bob eth0 10.2.0.12/24 10.3.0.10/24
    at west route add 10.2.0.12 via 192.0.2.2
    at west route add 10.3.0.0/24 via 192.0.2.2
    at east route add 10.3.0.0/24 dev lan0
    at east route add 10.1.0.0/24 via 192.0.2.1
    ping_at alice 10.3.0.10 || return 1 # as long as nothing is said of it
    gateway west >"$net_dir/west.conf"
    gateway east >"$net_dir/east.conf"
    shrike_at west reload && shrike_at east reload && has_policies west 7
}

shunts_hold() {
    ping_at alice 10.2.0.12 && ! ping_at alice 10.3.0.10 2 && has_states west 0
}

a_packet_calls() {
    ! on alice ping -q -c 1 -W 1 10.2.0.10
    within 5 ping_at alice 10.2.0.10 && settled && larval_life 7 && routes_have_metrics || what_there_is
}

routes_have_metrics() { at west route show table 220 | grep -q '^10\.2\.0\.0/24 .*mtu 1390 advmss 1300'; }

# How long the kernel waits for an SA that it has asked for, in seconds.
larval_life() { [ "$(on west cat /proc/sys/net/core/xfrm_acq_expires)" -eq "$1" ]; }

settled() { has_states west 2 && has_states east 2; }

# under_ping COMMAND...: 50 packets a second all the while. $lost of them are lost, $gap in a row.
under_ping() {
    local code=0 back sent
    ask ping alice any 10.2.0.10
    sleep 0.2
    "$@" || code=1
    sleep 0.2
    ask pinged 20
    read -r back sent gap <<<"$answer"
    lost=$((sent - back))
    echo "under $*: $lost of $sent packets lost, $gap in a row"
    return $code
}

nothing_lost() { under_ping "$@" && [ "$lost" -eq 0 ]; }
back_within_2_s() { under_ping "$@" && [ "$gap" -le 100 ]; }

at_once() {
    local one
    shrike_itself west rekey "$@" &
    one=$!
    shrike_itself east rekey "$@" || true # the other one's may have taken its place
    wait $one || true
}

rekeys() {
    local before
    before=$(spis west)
    shrike_at west rekey net net && shrike_at east rekey net net && shrike_at west rekey net &&
        shrike_at east rekey net && at_once net net && at_once net && within 5 settled &&
        other_spis west "$before" || what_there_is
}

moves() {
    address west wan0 192.0.2.11/25
    at west addr del 192.0.2.1/24 dev wan0
    within 10 ends_at 192.0.2.11 || what_there_is || return 1
    address west wan0 192.0.2.1/24
    at west addr del 192.0.2.11/25 dev wan0
    within 10 ends_at 192.0.2.1 && numbers_go_on || what_there_is
}

# The kernel has moved the SAs itself: what is put in again begins 4,096 further.
numbers_go_on() {
    local side number
    for side in west east; do
        for number in $(at $side xfrm state | grep -o 'oseq 0x[0-9a-f]*' | cut -d ' ' -f 2); do
            [ $((number)) -lt 4096 ] || return 1
        done
    done
}

# Both SAs of both sides, and nothing beside them; what a packet has called for meanwhile lives for 7 s.
ends_at() {
    local side
    for side in west east; do
        [ "$(at $side xfrm state | grep -c "^src.* $1\b")" -eq 2 ] && has_states $side 2 || return 1
    done
}

# dies ROLE...: others take their places
dies() {
    local role old
    for role in "$@"; do
        old=$(role_of west "$role")
        kill -KILL "$old" && within 5 another_than "$role" "$old" || return 1
    done
    within 5 shrike_at west version
}

another_than() {
    local now
    now=$(role_of west "$1")
    [ -n "$now" ] && [ "$now" != "$2" ]
}

# Events come faster than they are taken, and meanwhile an inbound SA has gone, for which no packet
# calls.
events_are_lost() {
    local xfrm spi i
    xfrm=$(role_of west xfrm)
    spi=$(at west xfrm state | sed -n '/^src 192.0.2.2 dst 192.0.2.1/ { n; s/.*spi \(0x[0-9a-f]*\).*/\1/p }')
    kill -STOP "$xfrm"
    for i in {1..6000}; do
        echo "xfrm state add src 198.51.100.3 dst 198.51.100.4 proto esp spi $((0x10000 + i))" \
            'enc "ecb(cipher_null)" "" auth digest_null "" mode transport limit time-hard 1'
    done >"$net_dir/flood"
    on west ip -batch "$net_dir/flood" || { kill -CONT "$xfrm"; return 1; }
    sleep 1.5
    at west xfrm state delete src 192.0.2.2 dst 192.0.2.1 proto esp spi "$spi"
    kill -CONT "$xfrm"
    within 5 another_is_there "$spi"
}

another_is_there() {
    ! at west xfrm state | grep -q "$1" && ping_at alice 10.2.0.10
}

becomes_another() {
    local before
    before=$(spis west)
    shrike_at west upgrade "$(realpath "$shriked")" && sleep 1 && both_ways &&
        [ "$(spis west)" = "$before" ] && ! grep 'is made anew' "$net_dir/west.log"
}

# The tunnel of before carries packets until there is another one.
ends_by_force() {
    kill -KILL "$shriked_west"
    wait "$shriked_west" 2>/dev/null || true
    sleep 0.5
    shriked_start west && shrike_at west up net net
}

nothing_is_left() {
    finish "$shriked_west"
    finish "$shriked_east"
    kernel_has_nothing || what_there_is || return 1
    is_left_alone && larval_life 30 && ! grep 'while all were ending' "$net_dir/west.log" "$net_dir/east.log"
}

# ----

site_to_site_net
somebody_elses
conf_of_rows west >"$net_dir/west.conf"
conf_of_rows east >"$net_dir/east.conf"
started() { shriked_start west && shriked_start east; }
test_of "started" started || exit 1
while read -r name more; do
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    # shellcheck disable=SC2086
    test_of "$name: $more" row "$name" $more || true
done < <(rows)
if [ $# -eq 0 ] || [[ " $* " == *" second "* ]]; then
    test_of "other files: a trap, and shunts" other_files || true
    test_of "shunts: past the tunnel, and nowhere" shunts_hold || true
    test_of "a trap: the first packet calls" a_packet_calls || true
    test_of "rekeys by either side and by both at once: nothing lost" nothing_lost rekeys || true
    test_of "another address, and back: within 2 s" back_within_2_s moves || true
    for role in keys certs eap control net; do
        test_of "$role dies: nothing lost" nothing_lost dies "$role" || true
    done
    test_of "xfrm dies: back within 2 s" back_within_2_s dies xfrm || true
    test_of "what was left goes" within 15 settled || true
    test_of "events are lost: what has gone comes back" events_are_lost || true
    : >"$net_dir/west.log"
    test_of "another program takes over: nothing lost" nothing_lost becomes_another || true
    test_of "rekeys after all that: nothing lost" nothing_lost rekeys || true
    test_of "an end by force, and a start: back within 2 s" back_within_2_s ends_by_force || true
    test_of "what was left goes, behind an end by force" within 15 settled || true
fi
test_of "nothing is left, and what is somebody else's is left alone" nothing_is_left || true
[ $net_failed -eq 0 ]
