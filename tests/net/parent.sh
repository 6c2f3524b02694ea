#!/usr/bin/env bash
# shellcheck disable=SC2154
# What the parent of shriked does to a host, and that nothing of it is left: with roles that only
# stand in, in a network namespace. BUILD: the build folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip parent: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2

BUILD=${BUILD:-$(find . -maxdepth 1 -name 'build*' -type d -exec test -x \
    '{}/tests/unit/parent/fake_shriked' \; -print -quit)}
fake=$BUILD/tests/unit/parent/fake_shriked
[ -x "$fake" ] || {
    echo "not ok programs"
    echo "# no fake_shriked in ${BUILD:-any build folder}"
    exit 1
}
# In a process without a dumpable memory the leak sanitizer cannot look.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

host west
on west ip link add veth0 type veth peer name veth1
at west link set veth0 up
at west link set veth1 up
address west veth0 192.0.2.1/24 10.1.0.1/16 2001:db8:1::1/48
fake_log=$net_dir/west.log

# begin [WORDS [OPTION...]]: start it, and wait until all roles are ready.
begin() {
    local words=${1:-plain}
    shift || true
    [ -z "${parent:-}" ] || finish "$parent" # when a test before has failed
    : >"$fake_log"
    background west "$fake_log" "$fake" --config "$words" --control-socket "$net_dir/vici" "$@"
    parent=$pid
    within 10 grep -q "log parent 2 ready" "$fake_log"
}

# role ROLE: its pid.
role() {
    local p
    # shellcheck disable=SC2013  # they are words in one line
    for p in $(cat "/proc/$parent/task/$parent/children"); do
        [ "$(cat "/proc/$p/comm")" != "shriked-$1" ] || echo "$p"
    done
}

# end_with SIGNAL: it ends by itself with code 0, within 5 s.
end_with() {
    local code=0
    kill "-$1" "$parent"
    within 5 sh -c "! kill -0 $parent 2>/dev/null || grep -q '^State:.Z' /proc/$parent/status" || return 1
    wait "$parent" || code=$?
    [ $code -eq 0 ] || { echo "code $code" && return 1; }
}

rules() {
    [ "$(at west "$1" rule | grep -c 'not from all fwmark 0xdc lookup 220')" = "$2" ]
}

routed() {
    at west route show table 220 | grep -q '10.2.0.0/16 dev shrike0.* src 10.1.0.1' &&
        at west -6 route show table 220 | grep -q '2001:db8:2::/48 dev shrike0.* src 2001:db8:1::1'
}

goes_into_the_tunnel() {
    within 3 routed && rules -4 1 && rules -6 1 &&
        at west route get 10.2.0.1 | grep -q 'dev shrike0.*src 10.1.0.1' &&
        ! at west route get 10.2.0.1 mark 220 | grep -q shrike0
}

only_what_is_allowed() {
    grep -q 'log parent 1 .*reqid 9' "$fake_log" && [ "$(at west route show table 220 | wc -l)" = 1 ]
}

the_device_is_quiet() {
    local sent
    at west link show shrike0 | grep -q 'mtu 1400' &&
        at west link show shrike0 | grep -q '[<,]UP[,>]' &&
        ! at west link show shrike0 | grep -q MULTICAST &&
        [ -z "$(at west -6 addr show dev shrike0)" ] || return 1
    sleep 1.5 # longer than the system's first multicast reports take
    sent=$(at west -s link show shrike0 | awk '/TX:/ { getline; print $2 + 0 }')
    echo "packets sent: $sent"
    [ "$sent" = 0 ]
}

sockets_are_open() {
    local all
    all=$(on west cat /proc/net/udp /proc/net/udp6)
    [ "$(grep -c ':01F4 ' <<<"$all")" = 2 ] && [ "$(grep -c ':1194 ' <<<"$all")" = 4 ] &&
        [ "$(on west cat /proc/net/raw /proc/net/raw6 | grep -c ':0032 ')" = 2 ]
}

rights_are_gone() {
    local r p
    for r in control keys esp net certs eap; do
        p=$(role $r)
        [ -n "$p" ] && grep -q '^NoNewPrivs:.1' "/proc/$p/status" &&
            ! grep -qE '^Uid:.*[[:space:]]0[[:space:]]' "/proc/$p/status" || return 1
        [ $r = control ] || grep -q '^CapEff:.0000000000000000' "/proc/$p/status" || return 1
    done
}

# How often a role was handed something.
had() {
    [ "$(grep -c "^$1 has $2 with a descriptor" "$fake_log" || true)" = "$3" ]
}

all_is_handed() {
    within 3 had net SOCKET 6 && within 3 had esp SOCKET 4 && within 3 had esp TUN 1 &&
        within 3 had keys VAULT 1 && had control VAULT 1 && had control LISTENER 1 &&
        had net KEY_FILE 0
}

esp_comes_back() {
    local old
    old=$(role esp)
    kill -KILL "$old"
    within 5 sh -c "[ \$(grep -c '^esp sees net there' '$fake_log') = 2 ]" || return 1
    [ -n "$(role esp)" ] && [ "$(role esp)" != "$old" ] && had esp TUN 2 && had esp SOCKET 8 &&
        within 3 grep -q "log parent 0 esp (pid $old) was ended by signal 9" "$fake_log" &&
        within 3 grep -q '^net sees esp gone' "$fake_log" && routed
}

control_comes_back() {
    kill -KILL "$(role control)"
    within 5 sh -c "[ \$(grep -c '^net sees control there' '$fake_log') = 2 ]" || return 1
    within 3 had control LISTENER 2 && had control VAULT 2 && had net SOCKET 6
}

reload_is_asked_for() {
    kill -HUP "$parent"
    within 3 grep -q '^control has RELOAD' "$fake_log"
}

nothing_is_left() {
    end_with "$1" || return 1
    rules -4 0 && rules -6 0 && [ -z "$(at west route show table 220 2>/dev/null)" ] &&
        ! at west link show shrike0 2>/dev/null && [ ! -e "$net_dir/vici" ] &&
        ! pgrep -x -P "$parent" . >/dev/null
}

# have_ended PID...: they run no more; whoever inherited them may not have looked yet.
have_ended() {
    local p
    for p in "$@"; do
        [ ! -e "/proc/$p" ] || grep -q '^State:.Z' "/proc/$p/status" || return 1
    done
}

# Even roles that do not move, and hear nothing of the end of their channels.
killed_parent_is_followed() {
    local roles
    begin || return 1
    read -ra roles <"/proc/$parent/task/$parent/children"
    [ ${#roles[@]} -eq 6 ] || return 1
    [ "$1" = running ] || kill -STOP "${roles[@]}"
    ! have_ended "${roles[@]}" || return 1
    kill -KILL "$parent"
    within 5 have_ended "${roles[@]}" || return 1
    rules -4 1 || return 1 # left over
    begin && within 3 routed && rules -4 1 && nothing_is_left TERM
}

all_in_one() {
    begin plain --one-process || return 1
    [ -z "$(cat "/proc/$parent/task/$parent/children")" ] && goes_into_the_tunnel &&
        all_is_handed && nothing_is_left INT
}

leads_to() {
    at west route get "$1" | grep -q "dev $2"
}

# remote_ts holds our own network: that must not go into the tunnel.
own_side_stays_here() {
    begin wide || return 1
    within 3 leads_to 10.3.0.1 shrike0 && leads_to 2001:db8:3::1 shrike0 &&
        leads_to 10.1.0.77 veth0 && leads_to 2001:db8:1::77 veth0 && nothing_is_left TERM
}

without_routes() {
    begin noroutes || return 1
    rules -4 0 && [ -z "$(at west route show table 220 2>/dev/null)" ] && nothing_is_left TERM
}

keys_are_written() {
    mkdir -p "$net_dir/keys"
    begin "keys=$net_dir/keys" || return 1
    within 3 had net KEY_FILE 2 && grep -q 'UNSAFE' "$fake_log" &&
        [ "$(cat "$net_dir/keys/ikev2_decryption_table" "$net_dir/keys/esp_sa")" = $'key\nkey' ] &&
        nothing_is_left TERM
}

rp_filter_is_told() {
    on west sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter'
    begin || return 1
    within 3 grep -q 'log parent 1 .*rp_filter=2' "$fake_log" || return 1
    nothing_is_left TERM || return 1
    on west sh -c 'echo 2 >/proc/sys/net/ipv4/conf/all/rp_filter'
    begin && within 3 routed && ! grep -q rp_filter "$fake_log" && nothing_is_left TERM
}

# refused PATTERN [WORDS]: it ends with code 1 and one line that says this.
refused() {
    local code=0
    on west timeout 10 "$fake" --config "${2:-plain}" --control-socket "$net_dir/x" \
        >"$net_dir/refused" 2>&1 || code=$?
    cat "$net_dir/refused"
    [ $code -eq 1 ] && [ "$(grep -c '^shriked: ' "$net_dir/refused")" = 1 ] &&
        grep -qE "^shriked: $1" "$net_dir/refused" && rules -4 "${3:-0}"
}

second_one_is_refused() {
    begin && refused 'UDP port 500 is taken.*shrike.port' plain 1 && routed && nothing_is_left TERM
}

interface_is_taken() {
    at west link add shrike0 type veth peer name shrike1 || return 1
    refused 'the interface shrike0 is taken.*shrike.interface' || return 1
    at west link del shrike0
}

test_of begins begin || exit 1
test_of goes_into_the_tunnel goes_into_the_tunnel || true
test_of only_what_is_allowed only_what_is_allowed || true
test_of the_device_is_quiet the_device_is_quiet || true
test_of sockets_are_open sockets_are_open || true
test_of rights_are_gone rights_are_gone || true
test_of all_is_handed all_is_handed || true
test_of esp_comes_back esp_comes_back || true
test_of control_comes_back control_comes_back || true
test_of reload_is_asked_for reload_is_asked_for || true
test_of nothing_is_left nothing_is_left TERM || true
test_of killed_parent_is_followed killed_parent_is_followed running || true
test_of killed_parent_is_followed_by_the_stuck killed_parent_is_followed stuck || true
test_of all_in_one all_in_one || true
test_of own_side_stays_here own_side_stays_here || true
test_of without_routes without_routes || true
test_of keys_are_written keys_are_written || true
test_of rp_filter_is_told rp_filter_is_told || true
test_of second_one_is_refused second_one_is_refused || true
test_of interface_is_taken interface_is_taken || true
[ $net_failed -eq 0 ]
