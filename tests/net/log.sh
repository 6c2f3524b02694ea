#!/usr/bin/env bash
# shellcheck disable=SC2154
# The log: files and their levels, JSON, put away and opened anew, a disk that is full, and that
# wrong packets, 10,000 a second, do not fill it.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip log: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping python3
shrike_programs

site_to_site_net
gateway_conf west
gateway_conf east
logs=$net_dir/logs
small=$net_dir/small
mkdir "$logs" "$small"
mount -t tmpfs -o size=64k tmpfs "$small"
trap 'umount -l "$small"; net_end' EXIT
cat >>"$net_dir/west.conf" <<END
shrike {
    filelog {
        all {
            path = $logs/all.log
            flush_line = yes
            ike_name = yes
            default = 4
        }
        json {
            path = $logs/json.log
            flush_line = yes
            format = json
        }
        few {
            path = $logs/few.log
            flush_line = yes
            default = -1
            chd = 1
        }
        full {
            path = $small/full.log
            flush_line = yes
        }
        nowhere {
            path = $logs/no/such/folder.log
        }
    }
}
END

up() {
    shriked_start west && shriked_start east && shrike_at west up west-east && both_ways
}

files_have_their_lines() {
    within 5 grep -q 'CHD.*Child SA established' "$logs/few.log" || return 1
    grep -q 'IKE <west-east|[0-9]*> .*IKE SA established' "$logs/all.log" &&
        grep -q 'DMN ready: UDP ports' "$logs/all.log" &&
        grep -q 'is ready' "$logs/all.log" && # of debugging: this file alone shows it
        ! grep -q 'is ready' "$net_dir/west.log" &&
        ! grep -vE '^[-0-9]+ [0-9:]+ CHD ' "$logs/few.log" &&
        grep -q 'folder.log: No such file' "$net_dir/west.log" &&
        python3 - "$logs/json.log" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
up = [line for line in lines if line.get("event") == "CHILD_UP"]
assert up and up[0]["connection"] == "west-east" and up[0]["child"] == "lan", up
assert up[0]["remote"].startswith("192.0.2.2:") and up[0]["group"] == "CHD", up
END
}

# logrotate's way: the file is renamed, then SIGHUP.
put_away() {
    mv "$logs/few.log" "$logs/few.log.1"
    kill -HUP "$shriked_west"
    within 5 test -e "$logs/few.log" || return 1
    shrike_at west down west-east && shrike_at west up west-east || return 1
    within 5 grep -q 'Child SA established' "$logs/few.log" &&
        grep -q 'Child SA established' "$logs/few.log.1" && both_ways
}

# flood SECONDS: to west, from one port and from many addresses by turns, 10,000 a second: garbage,
# requests for SAs that nobody has, handshakes that cannot be, and answers that nobody asked for.
flood() {
    local n
    for n in $(seq 1 40); do at east addr add "192.0.2.$((100 + n))/24" dev wan0; done
    on east python3 - "$1" <<'END'
import os, socket, struct, sys, time
def sock(address):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 0))
    return s
all = [sock("192.0.2.%d" % (101 + n)) for n in range(40)]
def message(exchange, flags, spi_r, body, first=33):
    return struct.pack(">8s8sBBBBII", os.urandom(8), spi_r, first, 0x20, exchange, flags, 0,
                       28 + len(body)) + body
proposal = bytes.fromhex("2200002c000000280101000403000008010000030300000803000002030000080200000200000008040000fe")
end = time.monotonic() + float(sys.argv[1])
begun, sent = time.monotonic(), 0
while time.monotonic() < end:
    for n in range(100):
        s = all[n % 40] if n % 2 else all[0]
        kind = n % 5
        if kind == 0: m = os.urandom(60)
        elif kind == 1: m = message(37, 0x08, os.urandom(8), os.urandom(64))
        elif kind == 2: m = message(34, 0x08, bytes(8), proposal + os.urandom(40))
        elif kind == 3: m = message(34, 0x20, os.urandom(8), os.urandom(64))
        else: m = message(34, 0x08, bytes(8), bytes.fromhex("280000080001000000000014") + os.urandom(16))
        s.sendto(m, ("192.0.2.1", 500))
        sent += 1
    pause = begun + sent / 10000 - time.monotonic()
    if pause > 0: time.sleep(pause)
rate = sent / (time.monotonic() - begun)
print("sent %d, %d a second" % (sent, rate))
END
}

# Fifteen seconds; what one kind of line may take is in daemon/control/log.h. The tunnel goes on, and
# what happens to it is in the log.
a_flood_does_not_fill_it() {
    local before after octets
    before=$(wc -l <"$logs/all.log")
    octets=$(stat -c %s "$logs/all.log")
    flood 15 || return 1
    sleep 1
    after=$(wc -l <"$logs/all.log")
    octets=$(($(stat -c %s "$logs/all.log") - octets))
    echo "$((after - before)) lines, $octets octets"
    [ $((after - before)) -gt 0 ] && [ $((after - before)) -le 100 ] && [ "$octets" -lt 30000 ] ||
        return 1
    grep -q 'more like it' "$logs/all.log" || return 1
    both_ways && shrike_at west down west-east && shrike_at west up west-east && both_ways || return 1
    tail -n 20 "$logs/all.log" | grep -q 'Child SA established'
}

# Its disk was full for some pages of lines; the others have everything, and it says how much it lacks.
a_full_disk() {
    head -c 65536 /dev/zero >"$small/filler" 2>/dev/null || true
    local n
    for n in $(seq 15); do
        shrike_at west down west-east && shrike_at west up west-east || return 1
    done
    rm "$small/filler"
    shrike_at west down west-east && shrike_at west up west-east || return 1
    within 5 grep -qE '[0-9]+ lines could not be written here' "$small/full.log" && both_ways
}

no_secret() {
    ! grep -rq 'Sixteen octets' "$logs" "$net_dir"/*.log
}

test_of up up || exit 1
test_of files_have_their_lines files_have_their_lines || true
test_of put_away put_away || true
test_of a_full_disk a_full_disk || true
test_of a_flood_does_not_fill_it a_flood_does_not_fill_it || true
sed 's/^/say /' "$net_dir/out"
test_of no_secret no_secret || true
exit $((net_failed > 0))
