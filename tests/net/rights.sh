#!/usr/bin/env bash
# shellcheck disable=SC2154
# What each process of shriked is: its user, capabilities and filter of system calls, as the system
# tells; that a system call that is not among its own ends it, and another takes its place; and that
# who has broken into net cannot have carried what the configuration does not allow.
#
#     tests/net/rights.sh [--plane xfrm]    with the data plane of a kernel, inside user-mode-linux
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip rights: needs root, for network namespaces"
    exit 0
}
plane=esp
[ "${1:-}" != --plane ] || plane=${2:?a data plane}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping python3
if [ "$plane" = xfrm ] && [ "${IN_UML:-}" != yes ]; then
    rm -r "$net_dir" # that is made inside
    IN_UML=yes exec tests/kernel/in-uml --seconds 380 "$0" "$@"
fi
shrike_programs

site_to_site_net
for side in west east; do
    gateway_conf $side
    printf 'shrike {\n    kernel = %s\n}\n' "$plane" >>"$net_dir/$side.conf"
done
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
    for name in parent control keys $plane net certs eap; do
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
# NET_BIND_SERVICE, NET_RAW, SETUID, SETGID, SETPCAP, SYS_CHROOT, KILL, DAC_READ_SEARCH. That of xfrm:
# NET_ADMIN.
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
$([ "$plane" = esp ] && echo esp 64612 0000000000000000 || echo xfrm 64617 0000000000001000) empty
net 64610 0000000000000000 empty
certs 64614 0000000000000000 empty
eap 64615 0000000000000000 empty
END
}

each_is_what_it_should_be() {
    list >"$net_dir/list" && wanted | diff -u - "$net_dir/list"
}

# What the tool shows is the same: role, user, no new privileges, filter, root folder.
the_tool_says_so() {
    shrike_at west processes --json >"$net_dir/processes" || return 1
    python3 - "$net_dir/processes" >"$net_dir/told" <<'END' || return 1
import json, sys
for p in json.load(open(sys.argv[1])):
    print(p["role"], p["uid"], int(p["no_new_privileges"]), p["seccomp"], p["root"])
    assert p["role"] in ("parent", "control", "xfrm") or p["capabilities"] == p["bounding"] == "none", p
    assert "sys_admin" not in p["capabilities"], p
END
    cut -d' ' -f1,2,6,7,8 "$net_dir/list" | diff -u - "$net_dir/told"
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

# ---- who has broken into net ----

# $net, and $channel: the descriptor of net that leads to the data plane.
find_channel() {
    local there
    net=$(role_of west net) there=$(role_of west "$plane")
    channel=$({
        readlink /proc/"$there"/fd/* | sed 's/^/there /'
        on west ss -Hxan | awk '{ print "joined socket:[" $6 "] socket:[" $8 "]" }'
        find /proc/"$net"/fd -type l -printf 'ours %l %f\n'
    } | awk '$1 == "there" { there[$2] = 1 }
        $1 == "joined" { other[$2] = $3 }
        $1 == "ours" && other[$2] in there { print $3; exit }')
    [ -n "$channel" ]
}

# What the kernel has, if it is the data plane. What is put there and goes again may change the order.
in_the_kernel() {
    [ "$plane" = xfrm ] || return 0
    { at west xfrm state && at west xfrm policy; } | grep -E 'src|proto|mark|dir' | sort
}

as_before() {
    in_the_kernel | diff "$net_dir/before" -
}

# asks WHAT ANSWER [WORDS]: as the net there would ask for WHAT (impostor.c); the log has the words.
asks() {
    local said
    said=$("$BUILD/tests/net/impostor" "$net" "$channel" "$reqid" "$1") || return 1
    [ "$said" = "$2" ] || { echo "$1: $said, not $2"; return 1; }
    within 5 as_before || { as_before; return 1; }
    [ $# -lt 3 ] || within 5 grep -q "$3" "$net_dir/west.log"
}

reqid_of_child() {
    reqid=$(shrike_at west --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["connections"][0]["ike_sas"][0]["child_sas"][0]["reqid"])')
}

# The first is what net may ask for: the others are not refused for something else.
an_impostor_in_net() {
    local what answer words
    reqid_of_child && find_channel || return 1
    in_the_kernel >"$net_dir/before"
    while read -r what answer words; do
        asks "$what" "$answer" "$words" || return 1
    done <<END
nothing granted
selectors refused child lan .* is refused: remote selectors that are not within remote_ts
ours refused child lan .* is refused: local selectors that are not within local_ts
reqid refused child lan .* is refused: another reqid than the configuration gives it
mode refused child lan.*:.* mode 
end refused child lan .* is refused: an end of ours that is not among local_addrs
cipher refused child lan .* is refused: algorithms that none of its proposals has
limits refused child lan .* is refused: other limits than the configuration says
mark nothing a message of net is refused: none that net may write looks so
move granted a move of Child SAs.* is refused: an end of ours that is not among local_addrs
END
    [ "$(role_of west net)" = "$net" ] && both_ways
}

# Nor does it give the data plane a configuration.
an_impostor_of_control() {
    asks rules nothing && asks nothing granted
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
shrike_at west processes | sed 's/^/# /' || true
test_of "net does not get what the configuration does not allow" an_impostor_in_net || true
test_of "nor does it bring a configuration" an_impostor_of_control || true
test_of "the tool says so" the_tool_says_so || true
if [ "$plane" = xfrm ]; then # all else is as without
    [ "$(uname -m)" != x86_64 ] || test_of "xfrm: a socket is opened" call_of xfrm 41 socket || true
    exit $((net_failed > 0))
fi
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
