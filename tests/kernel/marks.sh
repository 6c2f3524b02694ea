#!/usr/bin/env bash
# shellcheck disable=SC2154
# What the configuration says of the kernel's SAs and policies, inside user-mode-linux: marks, of
# which each Child SA may have its own, priorities, none at all, the outer header, offload, the
# numbers of XFRM interfaces (which this kernel has not: tests/kernel/interfaces.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/kernel/resident.sh
. tests/kernel/resident.sh
# shellcheck source=tests/kernel/conf.sh
. tests/kernel/conf.sh
if [ "${IN_UML:-}" != yes ]; then
    tools/need iproute2 iputils-ping iptables
    rm -r "$net_dir" # that is made inside
    IN_UML=yes exec tests/kernel/in-uml --seconds 240 "$0" "$@"
fi
shrike_programs
resident_start

nothing_left() {
    local side
    for side in west east; do
        ask sas "$side" 0 && ask policies "$side" 0 || return 1
    done
}

# row COMMAND...: with both daemons, which go on, and have nothing in the kernel then.
row() {
    local code=0 side
    shrike_at west reload && shrike_at east reload || return 1
    set -x
    "$@" || code=1
    { set +x; } 2>/dev/null
    for side in west east; do
        [ $code -eq 0 ] || {
            at "$side" -s xfrm state && at "$side" xfrm policy && at "$side" route show table 220
        } >"$net_dir/$side.state.log"
        on "$side" iptables-legacy -t mangle -F
    done
    shrike_at west down net >/dev/null 2>&1 || true
    conf west </dev/null
    shrike_at west reload || return 1
    within 5 nothing_left && return $code
}

mark() {
    on "$1" iptables-legacy -t mangle -A "$2" "${@:4}" -j MARK --set-mark "$3"
}

# packets SIDE DESTINATION: what the SA there has carried.
packets() {
    at "$1" -s xfrm state | awk -v to="$2" '
        $1 == "src" { here = $4 == to }
        here && /[0-9]\(bytes\), [0-9]+\(packets\)/ { sub(/.*, /, ""); sub(/\(.*/, ""); print }'
}

has() {
    at "$1" xfrm "$2" | grep -F -- "$3" >/dev/null
}

# ---- rows ----

# What has no mark is not its traffic; what has it is, and gets another one when it has come.
only_what_has_the_mark() {
    shrike_at west up net net || return 1
    has west state 'mark 0x2a/0xffffffff' && has west policy 'mark 0x2a/0xffffffff' || return 1
    has east state 'output-mark 0x7/0xff' && has east policy 'mark 0x7/0xff' || return 1
    ping_at alice 10.2.0.10 || return 1 # in clear: east's policy is for another mark, too
    [ "$(packets west 192.0.2.2)" = 0 ] || return 1
    mark west PREROUTING 42 -s 10.1.0.0/24
    on east iptables-legacy -t mangle -A FORWARD -m mark --mark 7/0xff -d 10.2.0.0/24
    ping_at alice 10.2.0.10 || return 1
    [ "$(packets west 192.0.2.2)" = 3 ] || return 1
    on east iptables-legacy -t mangle -nvxL FORWARD | awk '/10.2.0.0/ && $1 == 3 { ok = 1 } END { exit !ok }'
}

# Two Child SAs with the same selectors: which one a packet takes, its mark decides. Scripts are told
# what it is. A rekey keeps it.
each_its_own() {
    local one two
    shrike_at west up net one && shrike_at west up net two || return 1
    within 5 test -s "$net_dir/two.script" || return 1
    one=$(cat "$net_dir/one.script") two=$(cat "$net_dir/two.script")
    [ "$one" = "1/0xffffffff 1/0xffffffff" ] && [ "$two" = "2/0xffffffff 2/0xffffffff" ] || return 1
    [ "$(at west xfrm policy | grep -c 'dir out')" = 2 ] || return 1
    mark west PREROUTING 1 -s 10.1.0.0/24
    mark west POSTROUTING 1 -p icmp
    ping_at alice 10.2.0.10 || return 1
    shrike_at west rekey net two && shrike_at west rekey net one || return 1
    sleep 1.5
    [ "$(at west xfrm policy | grep -c 'dir out')" = 2 ] && has west state 'mark 0x2/0xffffffff' &&
        ! has west state 'mark 0x3/' && ping_at alice 10.2.0.10
}

# A drop of a lower number comes before a tunnel.
by_number() {
    shrike_at west up net net || return 1
    has west policy 'priority 77' && has west policy 'priority 5' || return 1
    ! ping_at alice 10.2.0.10 1 && ping_at alice 10.2.0.1
}

none_at_all() {
    shrike_at west up net net || return 1
    [ "$(at west xfrm state | grep -c '^src')" = 2 ] &&
        [ -z "$(at west xfrm policy | grep 'dir ')" ] &&
        [ -z "$(at west route show table 220 | grep '10\.2\.')" ]
}

# seen NAME MATCH...: three packets of ESP that are such have come to east.
seen() {
    local name=$1 n
    shift
    on east iptables-legacy -t mangle -F
    on east iptables-legacy -t mangle -A PREROUTING -p esp "$@"
    on alice ping -q -c 3 -i 0.05 -W 2 -Q 0x2a -M do 10.2.0.10 >/dev/null || return 1
    n=$(on east iptables-legacy -t mangle -nvxL PREROUTING | awk '/esp|50/ && $1 ~ /^[0-9]+$/ { print $1 }')
    [ "$n" = 3 ] || {
        echo "$name: $n of 3"
        return 1
    }
}

# DSCP 10 and ECN 2 inside, and DF.
copied() {
    shrike_at west up net net || return 1
    seen DSCP -m dscp --dscp 10 && seen ECN -m ecn --ecn-ip-ect 2 && seen DF -m u32 --u32 '4&0x4000=0x4000'
}

not_copied() {
    shrike_at west up net net || return 1
    seen DSCP -m dscp --dscp 0 && seen ECN -m ecn --ecn-ip-ect 0 && seen DF -m u32 --u32 '4&0x4000=0'
}

# This kernel's device cannot: what must be done by it is refused, what may be is done by the kernel.
offload() {
    ! shrike_at west up net must || return 1
    grep -q 'the device cannot' "$net_dir/west.log" && [ -z "$(at west xfrm state)" ] || return 1
    ! shrike_at west up net all || return 1
    grep -q 'hw_offload = packet, and the device' "$net_dir/west.log" || return 1
    [ -z "$(at west xfrm state)" ] && [ -z "$(at west xfrm policy | grep '10\.2\.')" ] || return 1
    shrike_at west up net may && ping_at alice 10.2.0.10
}

# Here they are told to the kernel, and nothing meets them.
interface_numbers() {
    shrike_at west up net net || return 1
    [ "$(at west xfrm state | grep -c 'if_id 0x2a')" = 1 ] || return 1
    [ "$(at west xfrm policy | grep -c 'if_id 0x2a')" = 1 ] || return 1 # out
    [ "$(at west xfrm policy | grep -c 'if_id 0x29')" = 2 ] || return 1 # in and forward
    [ -z "$(at west route show table 220 | grep '10\.2\.')" ]
}

site_to_site_net
at west route add 10.2.0.0/24 via 192.0.2.2
lines_of west
lines_of east
shriked_start west
shriked_start east

# rows: those whose name has the word that the script was given.
wanted=${1:-}
try() {
    [[ $1 != *"$wanted"* ]] || test_of "$1" row "${@:2}" || true
}

lines_of west mark_out=42
lines_of east set_mark_in=7/0xff mark_in=7/0xff
try "a mark, and one that is set" only_what_has_the_mark

for name in one two; do
    child $name west mark_out=%unique mark_in=%unique set_mark_in=%same \
        updown="echo \$PLUTO_MARK_IN \$PLUTO_MARK_OUT >$net_dir/$name.script"
done | conf west
for name in one two; do child $name east; done | conf east
try "each Child SA has a mark of its own" each_its_own

{
    child net west priority=77
    printf 'drop {\n mode = drop\n start_action = trap\n priority = 5\n remote_ts = 10.2.0.10\n local_ts = 10.1.0.0/24\n}\n'
} | conf west
lines_of east
try "priorities" by_number

lines_of west policies=no
try "no policies" none_at_all

lines_of west
try "the outer header has DSCP, ECN and DF of the inner one" copied

lines_of west copy_dscp=no copy_ecn=no copy_df=no
try "the outer header has none of them" not_copied

{ child must west hw_offload=crypto && child all west hw_offload=packet && child may west hw_offload=auto; } | conf west
try "offload" offload

lines_of west if_id_in=41 if_id_out=42
try "numbers of XFRM interfaces" interface_numbers

finish "$shriked_west"
finish "$shriked_east"
test_of "nothing is left at the end" nothing_left || true
[ $net_failed -eq 0 ]
