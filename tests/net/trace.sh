#!/usr/bin/env bash
# shellcheck disable=SC2154
# Looking on: `shrike trace --follow` from before the first message to the last, at both ends, and
# the capture that it writes, which tshark reads and, with the keys, decrypts. Options are those of
# shriked.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip trace: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 python3 tshark
shrike_programs

options=("$@")
site_to_site_net
gateway_conf west
gateway_conf east
mkdir "$net_dir/keys"
printf 'shrike {\n    unsafe_keys = %s\n}\n' "$net_dir/keys" >>"$net_dir/west.conf"

# follow NAME HOST ARGUMENT...: its output is NAME.out; its pid in $pid.
follow() {
    local name=$1 host=$2
    shift 2
    "$shrike" --socket "$net_dir/$host.vici" trace "$@" >"$net_dir/$name.out" 2>"$net_dir/$name.err" &
    pid=$!
    net_pids+=("$pid")
}

# Captures begin with a header: then the daemon is asked for the rest.
begun() { [ -s "$net_dir/west.pcap" ] && [ -s "$net_dir/east.out" ]; }

# A handshake, a rekey of the IKE SA and its end, with all eyes on it.
look_on() {
    local all=()
    shriked_start west "${options[@]}" && shriked_start east "${options[@]}" || return 1
    follow west west west-east --pcap "$net_dir/west.pcap" && all+=("$pid")
    follow east east west.example --pcap - && all+=("$pid")
    follow json east -f --json && all+=("$pid")
    follow other east -f nobody.example && all+=("$pid")
    within 5 begun || return 1
    sleep 0.5
    shrike_at west up west-east && shrike_at west rekey west-east && shrike_at west down west-east ||
        return 1
    within 5 read_from west 'frame.number == 10' && within 5 read_from east 'frame.number == 10' ||
        return 1
    kill -TERM "${all[@]}"
}

# frames NAME FILTER: the exchange types of the frames that are so, one a line.
frames() {
    local file=$net_dir/$1.pcap
    [ "$1" = west ] || file=$net_dir/$1.out
    WIRESHARK_CONFIG_DIR=$net_dir/keys tshark -r "$file" -Y "$2" -T fields -e isakmp.exchangetype 2>/dev/null
}

# are COUNT NAME FILTER: so many frames are so.
are() {
    local count
    count=$(frames "$2" "$3" | wc -l)
    [ "$count" -eq "$1" ] || {
        echo "$2: $count frames with $3, not $1"
        tshark -r "$net_dir/$2.$([ "$2" = west ] && echo pcap || echo out)" -t d 2>/dev/null
        return 1
    }
}

read_from() { [ -n "$(frames "$1" "$2")" ]; }

# Request and response of IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, and of both deletions.
in_order() {
    local name
    for name in west east; do
        [ "$(frames $name isakmp | tr '\n' ' ')" = "34 34 35 35 36 36 37 37 37 37 " ] || {
            frames $name isakmp
            return 1
        }
        ! read_from $name '_ws.malformed || _ws.expert.severity == error' &&
            [ "$(frames $name 'isakmp && ip.checksum.status != 0 && udp.checksum.status != 0' | wc -l)" -eq 10 ] ||
            return 1
    done
}

# As they were on the wire: port 4500 and its marker from IKE_AUTH on, and times that grow.
as_on_the_wire() {
    local name
    for name in west east; do
        are 2 $name 'udp.port == 500 && !udpencap' &&
            are 8 $name 'udp.port == 4500 && udpencap.non_esp_marker' &&
            are 10 $name 'frame.time_delta >= 0 && frame.time_relative < 30' &&
            are 5 $name 'ip.src == 192.0.2.1 && ip.dst == 192.0.2.2' || return 1
    done
}

# Without keys, identities are nowhere to be seen.
decrypted_with_the_keys() {
    [ "$(frames west 'isakmp.exchangetype == 35 && isakmp.id.data.fqdn' | wc -l)" -eq 2 ] &&
        [ "$(frames west 'isakmp.exchangetype == 37 && isakmp.delete.protoid' | wc -l)" -eq 2 ] || return 1
    mv "$net_dir/keys" "$net_dir/no_keys" && mkdir "$net_dir/keys"
    ! read_from west 'isakmp.id.data.fqdn' && ! grep -q 'west\.example' "$net_dir/west.pcap"
}

# The ladder beside a file; a line for each message; nobody's messages.
each_has_his_own() {
    [ "$(grep -c -- '---->\|<----' "$net_dir/west.out")" -eq 10 ] && ! [ -s "$net_dir/other.out" ] &&
        grep -q '^west-east #3  east.example  SPIs' "$net_dir/west.out" || return 1
    python3 - "$net_dir/json.out" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) == 10, len(lines)
assert [l["message"]["exchange"] for l in lines[:4]] == ["IKE_SA_INIT"] * 2 + ["IKE_AUTH"] * 2
assert {l["identity"] for l in lines[3:]} == {"west.example"} and lines[0]["identity"] is None
assert all(l["lost"] == 0 for l in lines) and lines[9]["id"] == 3
END
}

# Once, of each kind of name.
by_any_name() {
    local peer
    for peer in west-east '#3' 192.0.2.1 west.example; do
        shrike_at east trace "$peer" >"$net_dir/named" || return 1
        grep -q 'INFORMATIONAL response' "$net_dir/named" || {
            echo "$peer"
            return 1
        }
    done
    shrike_at east trace 192.0.2.9 | grep -qx 'nothing was said with this peer lately'
}

# Four may follow at once, as often as they like.
the_place_is_free_again() {
    local i
    for i in 1 2 3 4 5 6; do
        rm -f "$net_dir/again.out" # else it is there before the program is, and a signal is lost
        follow again west -f west-east || return 1
        within 5 test -s "$net_dir/again.out" || {
            cat "$net_dir/again.err"
            return 1
        }
        kill -TERM "$pid"
        wait "$pid" || true
    done
}

ends_with_net() {
    follow last west -f || return 1
    within 5 test -s "$net_dir/last.out" || return 1
    kill -KILL "$(role_of west net)"
    ! wait "$pid" && grep -q 'the process that speaks IKE has ended' "$net_dir/last.err"
}

test_of look_on look_on || exit 1
test_of in_order in_order || true
test_of as_on_the_wire as_on_the_wire || true
test_of decrypted_with_the_keys decrypted_with_the_keys || true
test_of each_has_his_own each_has_his_own || true
test_of by_any_name by_any_name || true
test_of the_place_is_free_again the_place_is_free_again || true
[ ${#options[@]} -gt 0 ] || test_of ends_with_net ends_with_net || true
[ $net_failed -eq 0 ]
