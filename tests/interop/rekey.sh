#!/usr/bin/env bash
# shellcheck disable=SC2154
# Rekeying against strongSwan while five hundred packets a second go both ways: Child SAs, IKE SAs,
# by either side, with a key exchange of the Child SA's own or without; reauthentication; and both
# sides at once, over a road so long that each asks before it hears the other.
#
#     west (Shrike) ==== road ==== east (strongSwan)
#
# The same with strongSwan in the west shows what strongSwan itself loses. Behind west is 10.1.0.1,
# behind east 10.2.0.1.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping python3
shrike_programs

# connection SIDE: for $pfs.
connection() {
    local mine=1 theirs=2 near=192.0.2.1 far=203.0.113.1
    [ "$1" = west ] || mine=2 theirs=1 near=203.0.113.1 far=192.0.2.1
    net_conf "$1.example" local_addrs=$near remote_addrs=$far proposals=aes128gcm16-prfsha256-x25519 \
        encap=yes -- local_ts=10.$mine.0.0/24 remote_ts=10.$theirs.0.0/24 "esp_proposals=aes128gcm16$pfs"
}

ping_begin() {
    : >"$net_dir/ping.out"
    background west "$net_dir/ping.out" stdbuf -oL ping -i 0.002 -I 10.1.0.1 10.2.0.1
    ping_pid=$pid
    within 5 grep -q icmp_seq=20 "$net_dir/ping.out"
}

# What was lost between the first and the last answer, in $lost of $sent; and the numbers of those.
ping_end() {
    sleep 0.6
    kill -INT "$ping_pid"
    wait "$ping_pid" || true
    read -r lost sent which < <(python3 - "$net_dir/ping.out" <<'END'
import re, sys
seen = set(map(int, re.findall(r"icmp_seq=(\d+) ttl", open(sys.argv[1]).read())))
lost = [n for n in range(1, max(seen) + 1) if n not in seen]
print(len(lost), max(seen), ",".join(map(str, lost[:40])))
END
    )
}

# drops: what Shrike's data plane has dropped for a reason that rekeying could give.
drops() {
    STRONGSWAN_CONF=$net_dir/east.swanctl/strongswan.conf timeout 30 /usr/sbin/swanctl --stats --raw \
        --uri "unix://$net_dir/west.vici" | tr -s ' {}' '\n' |
        grep -E '^(no_sa|replayed|late|forged|selector|exhausted|expired|trapped|no_room|send|tun)=' |
        paste -sd ' '
}

# own_exchange: has the Child SA a key exchange of its own, if it should?
own_exchange() {
    local found
    found=$(shrike_at west --json | python3 -c '
import json, sys
print(*{k["algorithms"]["key_exchange"] for conn in json.load(sys.stdin)["connections"]
        for sa in conn["ike_sas"] for k in sa["child_sas"]})')
    echo "key exchange: $found"
    if [ -n "$pfs" ]; then [ "$found" = CURVE_25519 ]; else [ "$found" = None ]; fi
}

# rekeys WORD...: those of tests/interop/rekey.py, under ping.
rekeys() {
    local code=0
    ping_begin || return 1
    tests/interop/rekey.py "$(control_of west)" "$(control_of east)" "$@" || code=$?
    ping_end
    return $code
}

# at_once WHAT TIMES: both sides in the same moment, until the requests have crossed so often on the
# long road. Then there is one pair, and a second later too. $crossed says how often they crossed,
# $left how often something else was left.
at_once() {
    local code=0
    crossed=0 left=$2
    long_road add
    rekeys at-once "$1" "$2" "$net_dir/ike.west" "$net_dir/ike.east" >"$net_dir/crossed" || code=$?
    long_road del
    cat "$net_dir/crossed"
    read -r _ crossed _ left _ < <(grep '^crossed' "$net_dir/crossed") || true
    return $code
}

# tunnel_begin and tunnel_end: for ${program[west]} and $pfs.
tunnel_begin() {
    connection east >"$net_dir/east.swanctl/swanctl.conf"
    peer east --load-all && program_start west && program_up west
}

tunnel_end() {
    program_stop west
    peer east --terminate --ike net --force --timeout 5 || true
}

# not_worse WHAT NAME: nothing lost; or no more than strongSwan loses of its own, and Shrike has
# dropped nothing. A reauthentication may cost a packet: neither side keeps an SA of an IKE SA that has
# been deleted, and the data plane of either hears of that beside the answer that goes to the other.
# What it sends meanwhile is of an SA that the other has no more.
not_worse() {
    local own=${owns[$1$pfs]:-0} may=0 after code=0
    after=$(drops)
    [ "$1 ${after#no_sa=* }" != "reauth ${before#no_sa=* }" ] || may=${times[reauth]}
    [ "$lost" -le "$may" ] || { [ "$lost" -le "$own" ] && [ "$after" = "$before" ]; } || code=1
    if [ $code -eq 0 ]; then
        echo "ok $2: $lost of $sent lost"
    else
        echo "not ok $2: $lost of $sent lost"
        net_failed=$((net_failed + 1))
    fi
    [ "$lost" -eq 0 ] || {
        say "lost: numbers $which; strongSwan alone lost up to $own in the same case"
        say "Shrike dropped before: $before"
        say "Shrike dropped after:  $after"
    }
}

# alone WHAT: what strongSwan loses when it is in the west too.
alone() {
    local what=$1 side
    for side in west east; do
        rekeys by $side "$what" "${times[$what]}" >/dev/null 2>&1 || say "it did not end well"
        own "$what" "${times[$what]} ${names[$what]} by $side$with"
    done
}

# alone_at_once WHAT: likewise.
alone_at_once() {
    at_once "$1" "${times[once]}" >/dev/null 2>&1 || true
    own "once-$1" "${times[once]} ${names[$1]} by both at once$with"
    say "$crossed of them crossed; $left left something else than one pair"
}

# own CASE NAME: print it and keep it.
own() {
    say "strongSwan alone, $2: $lost of $sent lost"
    [ "$lost" -le "${owns[$1$pfs]:-0}" ] || owns[$1$pfs]=$lost
}

# case_of NAME WHAT COMMAND...: it succeeds, and nothing is lost.
case_of() {
    local name=$1 what=$2
    shift 2
    before=$(drops)
    if "$@" >"$net_dir/case.log" 2>&1; then
        not_worse "$what" "$name"
    else
        test_of "$name" false || true
    fi
}

# cases WHAT...: Shrike against strongSwan, by either side.
cases() {
    local what side
    for what in "$@"; do
        for side in west east; do
            who=Shrike
            [ $side = west ] || who=strongSwan
            case_of "${times[$what]} ${names[$what]} by $who$with" "$what" \
                rekeys by $side "$what" "${times[$what]}"
            [ "$what" != child ] ||
                test_of "the key exchange of the Child SA, by $who$with" own_exchange || true
        done
    done
}

case_at_once() {
    case_of "${times[once]} ${names[$1]} by both, all crossing$with" "once-$1" at_once "$1" "${times[once]}"
    say "$crossed of them crossed"
}

# long_road add, or del: what goes from west to east and back is under way for 200 ms.
long_road() {
    local side
    for side in west east; do at road rule "$1" iif $side lookup 100; done
}

host west road east
link west wan0 road west
link road east east wan0
address west wan0 192.0.2.1/24
address road west 192.0.2.254/24
address road east 203.0.113.254/24
address east wan0 203.0.113.1/24
at west route add default via 192.0.2.254
at east route add default via 203.0.113.254
address west lo 10.1.0.1/24
address east lo 10.2.0.1/24
router road
background road "$net_dir/road.log" tests/net/long_road.py long 200
within 5 grep -q ready "$net_dir/road.log"
at road link set long txqueuelen 5000 up
on road sh -c 'for f in all long; do echo 0 >/proc/sys/net/ipv4/conf/$f/rp_filter; done'
at road route add default dev long table 100
ike_watched west wan0 ike.west
ike_watched east wan0 ike.east
mkdir -p "$net_dir/east.swanctl"
program[east]=strongswan
peer_must_start east

declare -A owns=() names=([child]="rekeys of the Child SA" [ike]="rekeys of the IKE SA"
    [reauth]="reauthentications") times=([child]=${CHILD_TIMES:-20} [ike]=${IKE_TIMES:-10}
    [reauth]=${REAUTH_TIMES:-5} [once]=${ONCE_TIMES:-5})
lost=0 sent=0 which='' before='' crossed=0 left=0
for pfs in "" -x25519; do
    with=${pfs:+, with a key exchange of the Child SA}
    whats=(child ike) onces=(child)
    [ -n "$pfs" ] || whats+=(reauth) onces+=(ike)
    program[west]=strongswan
    tunnel_begin >/dev/null 2>&1 || say "strongSwan alone is not up$with"
    for what in "${whats[@]}"; do alone "$what"; done
    for what in "${onces[@]}"; do alone_at_once "$what"; done
    tunnel_end >/dev/null 2>&1
    program[west]=shrike
    test_of "up$with" tunnel_begin || exit 1
    cases "${whats[@]}"
    for what in "${onces[@]}"; do case_at_once "$what"; done
    tunnel_end >/dev/null 2>&1
done
[ $net_failed -eq 0 ]
