#!/usr/bin/env bash
# shellcheck disable=SC2154
# RADIUS against FreeRADIUS on loopback: a login by EAP, what is granted with it, accounting with
# octets, somebody who is put out, a server that is not there. The gateway is radius_probe: the
# modules of daemon/radius without the rest. FreeRADIUS comes from Debian's packages, unpacked and
# not installed, since its package starts it.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip radius: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 python3
shrike_programs
probe=$BUILD/tests/interop/radius_probe

# In the folder of the build, so that it is fetched once; FREERADIUS may name a folder with usr/.
fetch_freeradius() {
    (cd "$root.new" && apt-get -q download freeradius freeradius-common freeradius-utils libfreeradius3)
}
freeradius_programs() {
    root=$(realpath -m "${FREERADIUS:-$BUILD/freeradius}")
    [ ! -x "$root/usr/sbin/freeradius" ] || return 0
    mkdir -p "$root.new"
    fetch_freeradius >"$net_dir/apt.log" 2>&1 || { apt-get -q update && fetch_freeradius; } \
        >>"$net_dir/apt.log" 2>&1 || return 1
    for package in "$root.new"/*.deb; do
        dpkg-deb -x "$package" "$root.new"
    done
    # What the programs are linked to, as this release calls it.
    mapfile -t libraries < <(apt-cache depends freeradius libfreeradius3 |
        sed -n 's/^ *Depends: \(lib\(talloc\|pcap\|pcre\).*\)/\1/p' | sort -u)
    tools/need "${libraries[@]}" || return 1
    rm -f "$root.new"/*.deb "$net_dir/apt.log"
    mv "$root.new" "$root"
}
freeradius_programs || {
    echo "skip radius: the packages of FreeRADIUS cannot be fetched"
    exit 0
}
radius_at() { # HOST PROGRAM ARGUMENT...
    local name=$1 path=$root/usr/$2
    shift 2
    on "$name" env LD_LIBRARY_PATH="$root/usr/lib/freeradius" "$path" \
        -D "$root/usr/share/freeradius" "$@"
}

host gate
mkdir "$net_dir/raddb"
cat >"$net_dir/raddb/radiusd.conf" <<END
name = test
prefix = $net_dir
libdir = $root/usr/lib/freeradius
run_dir = $net_dir/raddb
logdir = $net_dir/raddb
log {
    destination = stdout
    auth = yes
}
security {
    reject_delay = 0
}
thread pool {
    start_servers = 1
    max_servers = 2
    min_spare_servers = 1
    max_spare_servers = 2
}
client gate {
    ipaddr = 127.0.0.1
    secret = testing123
    require_message_authenticator = yes
}
modules {
    eap {
        default_eap_type = md5
        md5 {
        }
    }
    files {
        usersfile = $net_dir/raddb/users
    }
    detail {
        filename = $net_dir/raddb/detail
        permissions = 0600
    }
}
server default {
    listen {
        type = auth
        ipaddr = 127.0.0.1
        port = 1812
    }
    listen {
        type = acct
        ipaddr = 127.0.0.1
        port = 1813
    }
    authorize {
        eap {
            ok = return
        }
        files
    }
    authenticate {
        eap
    }
    preacct {
    }
    accounting {
        detail
    }
}
END
recv=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
send=202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
cat >"$net_dir/raddb/users" <<END
anna  Cleartext-Password := "secret of anna"
      Framed-IP-Address = 10.3.0.77,
      Framed-IPv6-Address = 2001:db8::77,
      Class = "staff",
      MS-MPPE-Recv-Key = 0x$recv,
      MS-MPPE-Send-Key = 0x$send
END

server_up() {
    background gate "$net_dir/freeradius.log" env LD_LIBRARY_PATH="$root/usr/lib/freeradius" \
        "$root/usr/sbin/freeradius" -f -d "$net_dir/raddb" -D "$root/usr/share/freeradius"
    server=$pid
    within 10 grep -q 'Ready to process requests' "$net_dir/freeradius.log"
}

# login PASSWORD PORTS...: as anna; goes on beside the script, in place of the one before.
login() {
    local password=$1
    shift
    [ -z "${probe_pid:-}" ] || finish "$probe_pid"
    : >"$net_dir/probe.log"
    background gate "$net_dir/probe.log" "$probe" anna "$password" "$@"
    probe_pid=$pid
}
said() { grep -q "$1" "$net_dir/probe.log"; }
disconnect() { # LINE...
    printf '%s\n' "$@" | radius_at gate bin/radclient -x -r 1 -t 1 127.0.0.1:3799 disconnect \
        testing123 >"$net_dir/radclient" 2>&1 || true
    cat "$net_dir/radclient"
}

let_in() {
    within 5 said "accounted for: meanwhile" || return 1
    said "^in, addresses 10.3.0.77 2001:db8::77, classes staff, key $recv$send\$"
}

# Not for somebody else, and not with a time of long ago.
put_out() {
    local time
    time=$(date -u '+%b %d %Y %H:%M:%S UTC')
    disconnect 'User-Name = "carl"' "Event-Timestamp = \"$time\"" | grep Disconnect-NAK || return 1
    ! disconnect 'User-Name = "anna"' 'Event-Timestamp = "Nov 22 2020 00:00:00 UTC"' |
        grep -E 'Disconnect-(ACK|NAK)' || return 1
    disconnect 'User-Name = "anna"' "Event-Timestamp = \"$time\"" | grep Disconnect-ACK || return 1
    within 5 said "accounted for: stop"
}

# 3 * 2^32 + 1000 octets came from the client.
accounted() {
    local what
    for what in 'Status-Type = Start' 'Status-Type = Interim-Update' 'Status-Type = Stop' \
        'Input-Octets = 1000' 'Input-Gigawords = 3' 'Output-Octets = 2000' 'Input-Packets = 30' \
        'Terminate-Cause = Admin-Reset'; do
        grep -q "Acct-$what" "$net_dir/raddb/detail" || { echo "no $what"; return 1; }
    done
    [ "$(grep -c 'Framed-IP-Address = 10.3.0.77' "$net_dir/raddb/detail")" -eq 3 ]
}

refused() { within 5 said '^refused$' && grep -q 'Login incorrect: \[anna\]' "$net_dir/freeradius.log"; }

another_server() {
    within 15 said "accounted for: start" || return 1
    said 'server 0, door 0 is silent' && said 'server 1, door 0 is silent'
}

server_up || {
    echo "not ok FreeRADIUS starts"
    tail -n 20 "$net_dir/freeradius.log" | sed 's/^/# /'
    exit 1
}
login "secret of anna" 1812:1813
test_of let_in let_in || true
test_of put_out put_out || true
test_of accounted accounted || true
login "secret of bert" 1812:1813
test_of refused refused || true
# The first one is not there, and ICMP says so; the second one says nothing.
background gate "$net_dir/mute.log" python3 -c '
import socket, time
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
s[0].bind(("127.0.0.1", 1912)); s[1].bind(("127.0.0.1", 1913)); print("there", flush=True)
time.sleep(60)'
within 5 grep -q there "$net_dir/mute.log"
login "secret of anna" 1712:1713 1912:1913 1812:1813
test_of another_server another_server || true
finish "$server"
login "secret of anna" 1812:1813
test_of nobody_answers within 15 said unanswered || true
[ $net_failed -eq 0 ]
