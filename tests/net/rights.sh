#!/usr/bin/env bash
# shellcheck disable=SC2154
# What each process of shriked is: its user, capabilities and filter of system calls, as the system
# tells; and that a system call that is not among its own ends it, and another takes its place.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip rights: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping python3
shrike_programs

site_to_site_net
gateway_conf west
gateway_conf east
here=tests/net

up() {
    shriked_start west && shriked_start east && shrike_at west up west-east && both_ways
}

# of PID FIELD: a line of its status.
of() {
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# A line for each process: role, uid, gid, effective and bounding capabilities, no new privileges,
# seccomp mode, and whether its root is the host's.
list() {
    local name pid root uid gid
    for name in parent control keys esp net certs eap; do
        pid=$shriked_west
        [ "$name" = parent ] || pid=$(role_of west "$name")
        root=host
        [ "$(stat -Lc %d:%i "/proc/$pid/root")" = "$(stat -Lc %d:%i /)" ] || root=empty
        [ "$root" = host ] || [ -z "$(ls -A "/proc/$pid/root/")" ] || root=other
        read -r uid _ <<<"$(of "$pid" Uid)"
        read -r gid _ <<<"$(of "$pid" Gid)"
        echo "$name $uid $gid $(of "$pid" CapEff) $(of "$pid" CapBnd) $(of "$pid" NoNewPrivs)" \
            "$(of "$pid" Seccomp) $root"
    done
}

# Users that the host does not have are numbers. The parent's capabilities: NET_ADMIN,
# NET_BIND_SERVICE, NET_RAW, SETUID, SETGID, SETPCAP, SYS_CHROOT, KILL, DAC_READ_SEARCH.
user() {
    id -u "$1" 2>/dev/null || echo "$2"
}
group() {
    id -g "$1" 2>/dev/null || echo "$2"
}
wanted() {
    local name number caps root
    echo "parent 0 0 00000000000435e4 00000000000435e4 1 2 host"
    while read -r name number caps root; do
        echo "$name $(user "shrike-$name" "$number") $(group "shrike-$name" "$number")" \
            "$caps 0000000000000000 1 2 $root"
    done <<END
control 64613 0000000000000004 host
keys 64611 0000000000000000 empty
esp 64612 0000000000000000 empty
net 64610 0000000000000000 empty
certs 64614 0000000000000000 empty
eap 64615 0000000000000000 empty
END
}

each_is_what_it_should_be() {
    list >"$net_dir/list" && wanted | diff -u - "$net_dir/list"
}

# call_of ROLE NUMBER NAME: that process makes this call; it ends, the log says by which call, and
# another one takes its place, as confined.
call_of() {
    local role=$1 old
    old=$(role_of west "$role")
    python3 $here/make_call.py "$old" "$2" || return 1
    within 5 grep -q "$role (pid $old) was ended by signal 31.*: it may not call $3 ($2)" \
        "$net_dir/west.log" || return 1
    within 5 another_than "$role" "$old" && within 10 both_ways && each_is_what_it_should_be
}

another_than() {
    local now
    now=$(role_of west "$1")
    [ -n "$now" ] && [ "$now" != "$2" ]
}

handshake_again() {
    shrike_at west down west-east && shrike_at west up west-east && both_ways
}

# A call that is allowed does not end it: what ended the others was no mistake of this test.
madvise_of_net() {
    local old
    old=$(role_of west net)
    python3 $here/make_call.py "$old" 28 && shrike_at west --json | grep -q ESTABLISHED &&
        [ "$(role_of west net)" = "$old" ]
}

one_process_says_so() {
    finish "$shriked_west"
    : >"$net_dir/west.log"
    shriked_start west --one-process && grep -q "one process: .*not filtered" "$net_dir/west.log" &&
        [ "$(of "$shriked_west" Seccomp)" = 0 ]
}

test_of "up" up || true
if grep -q "not filtered" "$net_dir/west.log"; then
    echo "skip rights: $(grep "not filtered" "$net_dir/west.log")"
    exit 0
fi
test_of "each process is what it should be" each_is_what_it_should_be || true
if [ "$(uname -m)" = x86_64 ]; then
    test_of "net: a file is opened" call_of net 2 open || true
    test_of "keys: a socket is opened" call_of keys 41 socket || true
    test_of "esp: a program is executed" call_of esp 59 execve || true
    test_of "certs: a file is opened" call_of certs 2 open || true
    test_of "eap: a file is opened" call_of eap 2 open || true
    test_of "control: a file is removed" call_of control 87 unlink || true
    test_of "the next handshake works" within 5 handshake_again || true
    test_of "a call that is allowed ends nothing" madvise_of_net || true
fi
test_of "one process says that it has no filter" one_process_says_so || true
[ $net_failed -eq 0 ]
