#!/usr/bin/env bash
# shellcheck disable=SC2154
# A thousand tunnels between two hosts of one user-mode-linux: installed, rekeyed, removed; by Shrike, and
# beside it by strongSwan. Prints for each how long they took, the processor time of all processes and of
# the one that speaks to the kernel, and how many round trips of netlink a tunnel takes.
#
#     tests/kernel/scale.sh [COUNT [strongswan|shrike]]
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
count=${1:-1000} programs=${2:-strongswan shrike}
if [ "${IN_UML:-}" != yes ]; then
    tools/need "${peer_packages[@]}" iproute2 python3 strace
    [ -n "${NET_DIR:-}" ] || rm -r "$net_dir" # that is made inside
    IN_UML=yes exec tests/kernel/in-uml --seconds 1800 --memory 2048M "$0" "$count" "$programs"
fi
shrike_programs

# connections SIDE: all of them, as either program reads them.
connections() {
    local near=192.0.2.1 far=192.0.2.2 mine=1 theirs=2 other=east n
    [ "$1" = west ] || near=192.0.2.2 far=192.0.2.1 mine=2 theirs=1 other=west
    echo "connections {"
    for ((n = 1; n <= count; n++)); do
        echo "    t$n {
        version = 2
        local_addrs = $near
        remote_addrs = $far
        proposals = aes128gcm16-prfsha256-x25519
        encap = no
        local {
            auth = psk
            id = t$n.$1.example
        }
        remote {
            auth = psk
            id = t$n.$other.example
        }
        children {
            net {
                local_ts = 10.$mine.$((n / 250)).$((n % 250 + 1))/32
                remote_ts = 10.$theirs.$((n / 250)).$((n % 250 + 1))/32
                esp_proposals = aes128gcm16
            }
        }
    }" # a builtin, not a thousand processes
    done
    printf '}\nsecrets {\n    ike-1 {\n        secret = "Sixteen octets or more of it"\n    }\n}\n'
}

connection() { # of program_start
    [ "${program[$1]}" != shrike ] || printf 'shrike {\n    kernel = xfrm\n}\n'
    connections "$1"
}

# worker: the process on west that speaks to the kernel.
worker() {
    if [ "${program[west]}" = shrike ]; then role_of west xfrm; else echo "$charon_west"; fi
}

# ticks PID: of processor time of that process, in hundredths of a second.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

# all_ticks: those of the daemon on west.
all_ticks() {
    local pid_of=shriked_west p sum=0
    [ "${program[west]}" = shrike ] || pid_of=charon_west
    for p in "${!pid_of}" $(cat "/proc/${!pid_of}/task/${!pid_of}/children"); do sum=$((sum + $(ticks "$p"))); done
    echo $sum
}

start() { program_start west && program_start east; }

tunnels() {
    tests/kernel/scale.py "$1" "$(control_of west)" "${net_prefix}west" "$(control_of east)" "${net_prefix}east"
}

# Of a few tunnels: how often the worker sends to the kernel's XFRM and hears an answer.
round_trips() {
    local few=20 tracer sent
    background west "$net_dir/strace.err" strace -f -q -yy -e trace=sendto,sendmsg -o "$net_dir/strace" \
        -p "$(worker)"
    tracer=$pid
    sleep 2
    tunnels $few >"$net_dir/few" || return 1
    finish "$tracer"
    sent=$(grep -c 'NETLINK:\[XFRM' "$net_dir/strace") || true
    say "${program[west]}: netlink: $((sent * 100 / few)) round trips for 100 tunnels, rekeyed once" \
        >>"$net_dir/says"
    [ "$sent" -gt 0 ]
}

all_of_them() {
    local before worker_before
    before=$(all_ticks) worker_before=$(ticks "$(worker)")
    tunnels "$count" >"$net_dir/times" || {
        cat "$net_dir/times"
        return 1
    }
    before=$(($(all_ticks) - before)) worker_before=$(($(ticks "$(worker)") - worker_before))
    {
        while read -r line; do say "${program[west]}: $line"; done <"$net_dir/times"
        say "${program[west]}: processor time of a tunnel: $((before * 10000 / count)) us, of that in the" \
            "process that speaks to the kernel $((worker_before * 10000 / count)) us"
    } >"$net_dir/says"
}

host west east
link west wan0 east wan0
address west wan0 192.0.2.1/24
address east wan0 192.0.2.2/24
# shellcheck disable=SC2034  # of lib.sh and peer.sh
peer_plane=netlink peer_patience=300 peer_settings='dos_protection = no'
for of in $programs; do
    program[west]=$of program[east]=$of
    test_of "$of starts with $count connections" start || exit 1
    test_of "$of: $count tunnels installed, rekeyed, removed" all_of_them || true
    test_of "$of: what it asks of the kernel" round_trips || true
    cat "$net_dir/says"
    program_stop west
    program_stop east
done
[ $net_failed -eq 0 ]
