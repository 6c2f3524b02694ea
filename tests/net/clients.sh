#!/usr/bin/env bash
# shellcheck disable=SC2154
# Two hundred clients of the control socket that do not read, stop in the middle or send nonsense
# (tests/net/vici_crowd.py): handshakes take no longer, memory stays within the bound that
# docs/VICI.md states, and who behaves is served.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip clients: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping python3
shrike_programs

rounds=16
site_to_site_net
for side in west east; do gateway_conf $side; done

# handshakes: how many tenths of a ms one takes, called from east: the quickest quarter of some, since
# whatever else this machine does only adds to it.
handshakes() {
    local n from to
    for ((n = 0; n < rounds; n++)); do
        from=$(date +%s%N)
        shrike_at east up west-east >/dev/null || return 1
        to=$(date +%s%N)
        echo $(((to - from) / 100000))
        shrike_at east down west-east >/dev/null || return 1
    done | sort -n | sed -n "$((rounds / 4))p"
}

memory() { sed -n "s/^$1:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$control/status"; }

# The crowd is there, and has done what harm it can, when its requests are not read any more.
crowd() {
    background west "$net_dir/crowd" nice -n 19 tests/net/vici_crowd.py "$net_dir/west.vici" 60
    crowd=$pid
    within 20 grep -q there "$net_dir/crowd" && sleep 2
}

times() {
    local quiet crowded
    quiet=$(handshakes) && crowd && crowded=$(handshakes) || return 1
    echo "in tenths of a ms: $quiet alone, $crowded in the crowd"
    [ "$crowded" -le $((2 * quiet + 200)) ]
}

# 64 MiB for all; 64 KiB and one answer of 2 KiB for each, each way; and what the heap wastes.
memory_is_bounded() {
    echo "kB before: $before; most: $(memory VmHWM)"
    [ "$(memory VmHWM)" -le $((before + 96 * 1024)) ] &&
        [ "$(memory VmHWM)" -ge $((before + 32 * 1024)) ] # they did try
}

others_are_served() {
    local n from to
    from=$(date +%s%N)
    for ((n = 0; n < 10; n++)); do
        shrike_at west version >/dev/null && shrike_at west list >/dev/null || return 1
    done
    to=$(date +%s%N)
    echo "20 commands in $(((to - from) / 1000000)) ms"
    [ $(((to - from) / 1000000)) -le 10000 ]
}

all_is_given_back() {
    finish "$crowd"
    within 10 sh -c "[ \$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$control/status) -le \
        $((before + 24 * 1024)) ]" || {
        echo "kB before: $before, now: $(memory VmRSS)"
        return 1
    }
    shrike_at east up west-east && both_ways && kill -0 "$control"
}

shriked_start west "$@" && shriked_start east "$@" || {
    echo "not ok start"
    exit 1
}
control=$(role_of west control)
control=${control:-$shriked_west} # in one process
before=$(memory VmRSS)
test_of "handshakes take as long as alone" times || true
test_of "memory is bounded" memory_is_bounded || true
test_of "those who behave are served" others_are_served || true
test_of "what they held is given back" all_is_given_back || true
[ $net_failed -eq 0 ]
