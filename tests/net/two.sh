#!/usr/bin/env bash
# shellcheck disable=SC2154
# Two gateways in network namespaces, with shriked in its processes, or with --one-process in one:
# up, traffic, down, traps, what a bad start says.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip two: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
shrike_programs

site_to_site_net
gateway_conf west
gateway_conf east

both_start() {
    shriked_start west "$@" && shriked_start east "$@"
}

both_ways_6() {
    ping_at alice fd02::10 && ping_at bob fd01::10
}

# Large packets: TCP over the tunnel must get through whole, both ways.
copies() {
    local there=$1 from=$2 address=$3 server
    head -c 3000000 /dev/urandom >"$net_dir/sent"
    background "$there" "$net_dir/copy.log" python3 -c "
import socket
s = socket.create_server(('$address', 7000), family=socket.AF_INET6 if ':' in '$address' else socket.AF_INET)
print('ready', flush=True)
c, _ = s.accept()
with open('$net_dir/received', 'wb') as f:
    while data := c.recv(1 << 20):
        f.write(data)"
    server=$pid
    within 5 grep -q ready "$net_dir/copy.log" || return 1
    on "$from" timeout 20 python3 -c "
import socket
with socket.create_connection(('$address', 7000), 10) as c, open('$net_dir/sent', 'rb') as f:
    c.sendfile(f)" || return 1
    wait "$server" || return 1
    rm -f "$net_dir/copy.log"
    cmp "$net_dir/sent" "$net_dir/received"
}

counters_add_up() {
    shrike_at west --json >"$net_dir/list.json" || return 1
    python3 - "$net_dir/list.json" <<'END'
import json, sys
text = json.dumps(json.load(open(sys.argv[1])))
assert '"lan"' in text and 'ESTABLISHED' in text, text
END
}

# shrike top knows all of them, and that they are one where they are.
processes_are_there() {
    shrike_at west top --once --json | python3 -c '
import json, sys
all = json.load(sys.stdin)["processes"]
print(all)
assert len(all) == (1 if "--one-process" in sys.argv else 7)
for process in all:
    with open("/proc/%d/comm" % process["pid"]) as f:
        assert f.read().startswith("shriked")
    assert process["memory"] > 1000000' "$@"
}

down_is_down() {
    shrike_at west down west-east || return 1
    within 5 sh -c "! '$shrike' --socket '$net_dir/east.vici' --json | grep -q ESTABLISHED" || return 1
    ! ping_at alice 10.2.0.10 1
}

routed() { at west route show table 220 | grep -q '^10\.2\.0\.0/24 dev shrike0'; }
routed_no_more() { ! routed; }

# What is sent when `up` has said yes must not pass beside the tunnel: the routes, which are the
# parent's work, come first. Here the parent is held up.
up_waits_for_the_routes() {
    local tool code=0
    shrike_at west down west-east || true
    within 5 routed_no_more || return 1
    kill -STOP "$shriked_west"
    shrike_at west up west-east &
    tool=$!
    sleep 1.5
    routed && code=1
    kill -0 "$tool" || code=1
    kill -CONT "$shriked_west"
    wait "$tool" && routed && [ $code -eq 0 ]
}

# The peer has two addresses, and nobody is at the first, in either family.
second_address_answers() {
    finish "$shriked_west"
    gateway_conf west
    sed -i 's/^\( *remote_addrs = \).*/\12001:db8::77, 192.0.2.77, 192.0.2.2/' "$net_dir/west.conf"
    shriked_start west "$@" && shrike_at west up west-east && both_ways
}

# Traffic alone brings the tunnel up; the first packets may be lost.
trap_works() {
    finish "$shriked_west"
    gateway_conf west "start_action = trap"
    shriked_start west "$@" || return 1
    on alice ping -c 1 -W 1 10.2.0.10 || true
    within 5 ping_at alice 10.2.0.10
}

west_has() { shrike_at west --json | grep -q "$1"; }
west_has_no() { ! west_has "$1"; }

# In use it stays; in silence it goes, and its IKE SA stays; the next packet makes another one.
silence_ends_it() {
    local children
    finish "$shriked_west"
    : >"$net_dir/west.log"
    gateway_conf west "start_action = trap" "inactivity = 2s"
    shriked_start west "$@" || return 1
    on alice ping -c 1 -W 1 10.2.0.10 || true
    on alice ping -q -c 10 -i 0.5 -W 2 10.2.0.10 || return 1
    children=$(grep -c 'Child SA established' "$net_dir/west.log")
    [ "$children" -eq 1 ] && west_has INSTALLED && within 5 west_has_no INSTALLED &&
        west_has ESTABLISHED && grep 'inactivity' "$net_dir/west.log" || return 1
    on alice ping -c 1 -W 1 10.2.0.10 || true
    within 5 ping_at alice 10.2.0.10
}

starts_by_itself() {
    finish "$shriked_west"
    gateway_conf west "start_action = start"
    shriked_start west "$@" || return 1
    within 5 ping_at alice 10.2.0.10
}

# After the end: no rule, no route, no device.
nothing_is_left() {
    finish "$shriked_west"
    finish "$shriked_east"
    ! at west rule | grep -q 220 && [ -z "$(at west route show table 220 2>/dev/null)" ] &&
        ! at west link show shrike0 2>/dev/null
}

# refused FILE PATTERN: it ends with an error that says this, and soon.
refused() {
    local code=0
    on west timeout 10 "$shriked" --config "$1" --control-socket "$net_dir/x.vici" \
        >"$net_dir/refused" 2>&1 || code=$?
    cat "$net_dir/refused"
    [ $code -ne 0 ] && [ $code -ne 124 ] && grep -qE "$2" "$net_dir/refused"
}

broken_file() {
    gateway_conf west "esp_proposals = aes128gcm61" "lokal_ts = 10.0.0.0/8"
    refused "$net_dir/west.conf" 'west.conf:1[67]: .*aes128gcm61' &&
        grep -qE 'west.conf:1[78]: .*lokal_ts.*local_ts' "$net_dir/refused"
}

port_in_use() {
    gateway_conf west
    background west "$net_dir/holder.log" python3 -c "
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 500))
print('ready', flush=True)
time.sleep(30)"
    within 5 grep -q ready "$net_dir/holder.log" || return 1
    refused "$net_dir/west.conf" '500' || return 1
    finish "$pid"
}

test_of "both start" both_start "$@" || true
test_of "the tunnel comes up" shrike_at west up west-east || true
test_of "IPv4 both ways" both_ways || true
test_of "IPv6 both ways" both_ways_6 || true
test_of "TCP, IPv4" copies bob alice 10.2.0.10 || true
test_of "TCP, IPv6" copies alice bob fd01::10 || true
test_of "the listing shows it" counters_add_up || true
test_of "each process is there, with its memory" processes_are_there "$@" || true
test_of "down is down" down_is_down || true
# One process cannot be held up in part.
[ "${1:-}" = --one-process ] ||
    test_of "up waits for the routes" up_waits_for_the_routes || true
test_of "the second address of the peer is called" second_address_answers "$@" || true
test_of "a packet brings it up" trap_works "$@" || true
test_of "silence ends it" silence_ends_it "$@" || true
test_of "start_action = start" starts_by_itself "$@" || true
test_of "nothing is left behind" nothing_is_left || true
test_of "a broken file is refused with its lines" broken_file || true
test_of "a port in use is said" port_in_use || true
[ $net_failed -eq 0 ]
