#!/usr/bin/env bash
# What tests/net/lib.sh begins and ends: its own processes, and nobody else's. And what it takes for lost.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip harness: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping procps python3

host west

# strongSwan 6's swanctl, told to watch, does this when its daemon goes.
a_signal_to_all_stays_with_its_sender() {
    local bystander sender
    background west "$net_dir/out.log" python3 -c \
        'import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL); time.sleep(20)'
    bystander=$pid
    sleep 0.3 # until it can be interrupted
    background west "$net_dir/out.log" sh -c 'kill -INT 0; sleep 20'
    sender=$pid
    sleep 0.3
    is_ours "$bystander" && [ "$(ps -o pgid= -p "$sender" | tr -d ' ')" != "$(ps -o pgid= -p $$ | tr -d ' ')" ]
}

# Numbers of processes come again, soon where there are many.
only_children_are_finished() {
    local other
    other=$(sleep 20 >/dev/null 2>&1 & echo $!)
    finish "$other"
    kill -0 "$other" || return 1
    kill -KILL "$other"
}

a_child_is_finished() {
    background west "$net_dir/out.log" sleep 20
    finish "$pid"
    ! kill -0 "$pid" 2>/dev/null
}

# answered NUMBER...: what ping says of these, and of one that nobody has let through.
answered() {
    echo "PING 10.2.0.10 (10.2.0.10) 56(84) bytes of data."
    printf '64 bytes from 10.2.0.10: icmp_seq=%d ttl=62 time=0.4 ms\n' "$@"
    echo "From 10.1.0.1 icmp_seq=9 Destination Host Unreachable"
}
what_is_missing_is_lost() {
    answered 1 2 3 | none_lost 3 && answered 2 1 3 3 | none_lost 3 && answered 1 2 3 4 | none_lost 3 &&
        ! answered 1 2 | none_lost 3 && ! answered 1 2 2 | none_lost 3 && ! none_lost 1 </dev/null &&
        ! answered 1 3 4 | none_lost 3 >"$net_dir/said" && grep -qx 'missing: 2' "$net_dir/said" &&
        { answered 1 2 && echo "9 packets transmitted, 2 received"; } >"$net_dir/said" &&
        none_lost 2 7 <"$net_dir/said" && ! none_lost 2 6 <"$net_dir/said"
}

everybody_is_reached_or_nobody() {
    ping_at west 127.0.0.1 && pings west 5 ::1 -s 1000 && ! ping_at west 192.0.2.9 1 && ! pings west 2 127.0.0.1 -i 3
}

test_of "a signal to a whole process group stays with its sender" a_signal_to_all_stays_with_its_sender || true
test_of "a number that another process has now is left alone" only_children_are_finished || true
test_of "what the script began is ended" a_child_is_finished || true
test_of "of pings, what is missing is lost" what_is_missing_is_lost || true
test_of "a ping reaches, or does not" everybody_is_reached_or_nobody || true
[ $net_failed -eq 0 ]
