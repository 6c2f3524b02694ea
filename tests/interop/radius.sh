#!/usr/bin/env bash
# shellcheck disable=SC2154
# RADIUS against FreeRADIUS on the loopback of a gateway. First radius_probe, the modules of
# daemon/radius without the rest: a login by EAP, what is granted with it, accounting with octets,
# somebody who is put out, a server that is not there. Then west and east of the usual picture: EAP
# of east is done by that server, which gives addresses and DNS servers, knows groups, is told what is
# carried, and puts out; and when it has stopped, nobody waits who does not need it. At last strongSwan
# in the place of east, for methods with TLS. FreeRADIUS comes from Debian's packages, unpacked and
# not installed, since its package starts it.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip radius: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/interop/peer.sh
. tests/interop/peer.sh
tools/need "${peer_packages[@]}" libcharon-extauth-plugins iproute2 iputils-ping python3 openssl
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
        sed -n 's/^ *Depends: \(lib\(talloc\|pcap\|pcre\|wbclient\).*\)/\1/p' | sort -u)
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

site_to_site_net
mkdir "$net_dir/raddb"
# Of the server, and of what is inside its tunnels.
proofs='    authorize {
        eap {
            ok = return
        }
        files
    }
    authenticate {
        eap
        Auth-Type MS-CHAP {
            mschap
        }
    }'
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
client gate6 {
    ipv6addr = ::1
    secret = testing123
    require_message_authenticator = yes
}
modules {
    eap {
        default_eap_type = md5
        md5 {
        }
        mschapv2 {
        }
        tls-config common {
            certificate_file = $net_dir/x509/west.pem
            private_key_file = $net_dir/private/west.key
            ca_file = $net_dir/x509ca/ca.pem
            tls_min_version = "1.2"
            tls_max_version = "1.3"
        }
        tls-config older {
            certificate_file = $net_dir/x509/west.pem
            private_key_file = $net_dir/private/west.key
            ca_file = $net_dir/x509ca/ca.pem
            tls_min_version = "1.2"
            tls_max_version = "1.2"
        }
        tls {
            tls = common
        }
        ttls {
            tls = common
            virtual_server = inner
        }
        peap {
            tls = older
            default_eap_type = mschapv2
            virtual_server = inner
        }
    }
    mschap {
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
    listen {
        type = auth
        ipv6addr = ::1
        port = 1812
    }
$proofs
    preacct {
    }
    accounting {
        detail
    }
}
server inner {
$proofs
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
bert  Cleartext-Password := "secret of bert"
carl  Cleartext-Password := "secret of carl"
erna  Cleartext-Password := "secret of erna"
      Framed-IP-Address = 10.9.0.77,
      MS-Primary-DNS-Server = 10.1.0.53,
      Class = "staff"
fred  Cleartext-Password := "secret of fred"
      Framed-IP-Address = 10.9.0.78,
      Class = "guests"
END

# ---- the two gateways ----

make_pki() {
    local d=$net_dir key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
    mkdir -p "$d/x509" "$d/x509ca" "$d/private"
    openssl req -x509 "${key[@]}" -days 2 -subj "/CN=Test CA" -keyout "$d/ca.key" \
        -out "$d/x509ca/ca.pem"
    openssl req "${key[@]}" -subj "/CN=west" -keyout "$d/private/west.key" -out "$d/west.csr"
    openssl x509 -req -in "$d/west.csr" -CA "$d/x509ca/ca.pem" -CAkey "$d/ca.key" -days 2 \
        -set_serial 1 -out "$d/x509/west.pem" -extfile <(echo "subjectAltName = DNS:west.example")
    openssl req "${key[@]}" -subj "/CN=tls" -keyout "$d/tls.key" -out "$d/tls.csr"
    openssl x509 -req -in "$d/tls.csr" -CA "$d/x509ca/ca.pem" -CAkey "$d/ca.key" -days 2 \
        -set_serial 2 -out "$d/tls.pem" -extfile <(echo "subjectAltName = DNS:tls.example")
    cp "$d/tls.pem" "$d/x509"
    cp "$d/tls.key" "$d/private"
}

# conn NAME AUTH_OF_CLIENT ID_OF_CLIENT [GROUPS]: EAP of the client, of which west only knows a server.
# With GROUPS it is a road warrior, whose address the server knows, and has to be in one of them.
conn() {
    local groups=${4:-}
    cat >>"$net_dir/east.conf" <<END
    $1 {
        local_addrs = 192.0.2.2
        remote_addrs = 192.0.2.1
        ${groups:+vips = 0.0.0.0}
        local {
            auth = $2
            id = $1.example
            eap_id = $3
            $([ "$2" != eap-tls ] || echo "certs = tls.pem")
        }
        remote {
            auth = pubkey
            id = west.example
        }
        children {
            $1 {
                $([ -n "$groups" ] || echo "local_ts = 10.2.0.0/24")
                remote_ts = 10.1.0.0/24
            }
        }
    }
END
    cat >>"$net_dir/west.conf" <<END
    $1 {
        local_addrs = 192.0.2.1
        remote_addrs = 192.0.2.2
        ${groups:+pools = radius}
        local {
            auth = pubkey
            certs = west.pem
            id = west.example
        }
        remote {
            auth = eap-radius
            id = $1.example
            eap_id = %any
            ${groups:+groups = $groups}
        }
        children {
            $1 {
                local_ts = 10.1.0.0/24
                $([ -n "$groups" ] || echo "remote_ts = 10.2.0.0/24")
            }
        }
    }
END
}
# psk SIDE LOCAL REMOTE LOCAL_ADDRESS REMOTE_ADDRESS LOCAL_NET REMOTE_NET
psk() {
    cat >>"$net_dir/$1.conf" <<END
    psk {
        local_addrs = $4
        remote_addrs = $5
        local {
            auth = psk
            id = $2-psk.example
        }
        remote {
            auth = psk
            id = $3-psk.example
        }
        children {
            psk {
                local_ts = $6
                remote_ts = $7
            }
        }
    }
}
secrets {
    ike {
        secret = "a text between two gateways"
    }
END
}
make_confs() {
    local side
    for side in west east; do echo "connections {" >"$net_dir/$side.conf"; done
    conn mschapv2 eap-mschapv2 bert
    conn md5 eap-md5 carl
    conn wrong eap-mschapv2 dave
    conn tls eap-tls tls.example
    conn ttls eap-ttls bert
    conn peap eap-peap bert
    conn home eap-mschapv2 erna "admins, staff"
    conn stranger eap-mschapv2 fred "admins, staff"
    psk west west east 192.0.2.1 192.0.2.2 10.1.0.0/24 10.2.0.0/24
    psk east east west 192.0.2.2 192.0.2.1 10.2.0.0/24 10.1.0.0/24
    cat >>"$net_dir/east.conf" <<END
    eap-bert {
        id = bert
        secret = "secret of bert"
    }
    eap-carl {
        id = carl
        secret = "secret of carl"
    }
    eap-dave {
        id = dave
        secret = "secret of bert"
    }
    eap-erna {
        id = erna
        secret = "secret of erna"
    }
    eap-fred {
        id = fred
        secret = "secret of fred"
    }
}
shrike {
    dns = $net_dir/east.resolv
}
END
    echo "nameserver 192.168.1.1" >"$net_dir/east.resolv"
    cat >>"$net_dir/west.conf" <<END
}
shrike {
    radius {
        nas_identifier = west
        secret = testing123
        class_group = yes
        accounting = yes
        accounting_interval = 1
        accounting_send_class = yes
        dae {
            enable = yes
            listen = 127.0.0.1
            port = 3800
            secret = "another secret"
        }
        retransmit_tries = 3
        servers {
            local {
                address = 127.0.0.1
            }
        }
    }
}
END
}

works() { # CONNECTION
    shrike_at east up "$1" && both_ways && shrike_at east down "$1"
}
# By the server: who it is, and that it said so.
works_for() { # CONNECTION USER
    works "$1" && grep -q "Login OK: \[$2\]" "$net_dir/freeradius.log"
}
not_let_in() {
    ! shrike_at east up wrong >"$net_dir/up" 2>&1 || return 1
    grep -q "refused us by EAP" "$net_dir/up" &&
        shrike_at west why wrong | grep "not proved itself by EAP"
}
# ---- who is granted something ----

# told WORD|WORD...: how many records of accounting about erna, or $who, have all of these.
told() {
    WHO=${who:-erna} WORDS="$*" python3 - "$net_dir/raddb/detail" <<'END'
import os, sys
records = open(sys.argv[1]).read().split("\n\n")
words = [f'User-Name = "{os.environ["WHO"]}"'] + [w.strip() for w in os.environ["WORDS"].split("|")]
print(sum(all(w in r for w in words) for r in records))
END
}
is_told() { [ "$(told "$*")" -gt 0 ]; }
session_of() { grep -o 'Acct-Session-Id = "[^"]*"' "$net_dir/raddb/detail" | tail -n 1; }
home_pings() { pings east 5 10.1.0.10 -I 10.9.0.77; }
home_is_gone() { ! shrike_at west list | grep -q 10.9.0.77; }

# The address is the server's, and so are DNS servers; the server is told of it.
has_address() {
    shrike_at east up home && home_pings && grep -q "nameserver 10.1.0.53" "$net_dir/east.resolv" &&
        within 5 is_told "Acct-Status-Type = Start|Framed-IP-Address = 10.9.0.77|NAS-Identifier = \"west\""
}
# What is carried, meanwhile: five pings have 84 octets each.
is_counted() {
    within 5 is_told "Acct-Status-Type = Interim-Update|Acct-Input-Packets = 5|Acct-Input-Octets = 420"
}
# ... over a rekey of both SAs, and the deaths of eap and net.
is_counted_on() {
    local before p role
    before=$(session_of)
    for role in net eap; do
        p=$(role_of west $role)
        kill -KILL "$p"
        within 5 is_another "$p" $role && home_pings || return 1
        shrike_at east rekey home || return 1
    done
    within 5 is_told "Acct-Status-Type = Interim-Update|Acct-Input-Octets = 1260" || return 1
    shrike_at east down home && within 5 is_told "Acct-Status-Type = Stop|Acct-Input-Octets = 1260" \
        "|Acct-Output-Octets = 1260|Acct-Terminate-Cause = User-Request|Class" &&
        is_told "Acct-Status-Type = Stop|$before" && ! is_told "Acct-Status-Type = Start|Acct-Input"
}
of_another_group() {
    ! shrike_at east up stranger || return 1
    shrike_at west why stranger | grep "in none of the groups"
}

ask_west() { # KIND LINE...: by RFC 5176
    local kind=$1
    shift
    printf '%s\n' "$@" "Event-Timestamp = \"$(date -u '+%b %d %Y %H:%M:%S UTC')\"" |
        radius_at west bin/radclient -x -r 1 -t 2 127.0.0.1:3800 "$kind" "another secret" \
            >"$net_dir/radclient" 2>&1 || true
    cat "$net_dir/radclient"
}
is_put_out() {
    shrike_at east up home && home_pings || return 1
    ask_west disconnect 'User-Name = "erna"' 'Framed-IP-Address = 10.9.0.78' | grep Disconnect-NAK &&
        home_pings || return 1
    ask_west disconnect 'User-Name = "erna"' 'Framed-IP-Address = 10.9.0.77' | grep Disconnect-ACK &&
        within 5 home_is_gone && within 5 is_told "Acct-Status-Type = Stop|Acct-Terminate-Cause = Admin-Reset"
}
has_less_time() {
    shrike_at east up home || return 1
    ask_west coa 'User-Name = "erna"' 'Session-Timeout = 1' | grep CoA-ACK && within 5 home_is_gone &&
        within 5 is_told "Acct-Status-Type = Stop|Acct-Terminate-Cause = Session-Timeout"
}

# The server by a name, which is IPv4's or IPv6's, whatever is found first.
has_name() {
    sed -i 's/address = 127.0.0.1$/address = localhost/' "$net_dir/west.conf"
    shrike_at west reload && works mschapv2 || return 1
    sed -i 's/address = localhost$/address = 127.0.0.1/' "$net_dir/west.conf"
    shrike_at west reload && works mschapv2
}

# ---- strongSwan as the client ----

# other_client: in the place of east, with what methods by TLS need.
other_client() {
    local d=$net_dir/east.swanctl name
    mkdir -p "$d"/{x509,x509ca,private}
    cp "$net_dir/x509ca/ca.pem" "$d/x509ca"
    cp "$net_dir/tls.pem" "$d/x509"
    cp "$net_dir/tls.key" "$d/private"
    {
        echo "connections {"
        for name in tls ttls; do
            cat <<END
    $name {
        version = 2
        local_addrs = 192.0.2.2
        remote_addrs = 192.0.2.1
        local {
            auth = eap-$name
            id = $name.example
            $([ $name = ttls ] && echo "eap_id = bert" || echo "certs = tls.pem")
        }
        remote {
            auth = pubkey
            id = west.example
        }
        children {
            $name {
                local_ts = 10.2.0.0/24
                remote_ts = 10.1.0.0/24
            }
        }
    }
END
        done
        printf '}\nsecrets {\n    eap-bert {\n        id = bert\n        secret = "secret of bert"\n    }\n}\n'
    } >"$d/swanctl.conf"
    peer_start east && peer east --load-all
}
works_with_other() { # CONNECTION USER
    peer east --initiate --child "$1" --timeout 10 && both_ways && peer east --terminate --ike "$1" &&
        grep -q "Login OK: \[$2\]" "$net_dir/freeradius.log"
}

# At the end of west the server hears who has gone with it.
told_at_the_end() {
    peer east --initiate --child tls --timeout 10 && both_ways && finish "$shriked_west" &&
        who=tls.example is_told "Acct-Status-Type = Stop|Acct-Terminate-Cause = Admin-Reset|NAS-Port-Id"
}

# eap dies: the next one is told of the servers again.
survives() {
    local p
    p=$(role_of west eap)
    kill -KILL "$p"
    within 5 is_another "$p" eap && works mschapv2
}
is_another() { # PID ROLE
    local now
    now=$(role_of west "$2")
    [ -n "$now" ] && [ "$now" != "$1" ]
}

# rounds: how long a handshake with shared keys takes, in ms: the 25th and the longest of 50.
rounds() {
    local began i
    for ((i = 0; i < 50; i++)); do
        began=${EPOCHREALTIME/[.,]/}
        shrike_at east up psk >"$net_dir/rounds" 2>&1 || return 1
        echo $(((${EPOCHREALTIME/[.,]/} - began) / 1000))
        shrike_at east down psk >"$net_dir/rounds" 2>&1 || return 1
    done | sort -n | sed -n '25p;50p' | paste -s -d ' '
}
# With a server that says nothing, and handshakes that wait for it (for 8 s).
nobody_else_waits() {
    local before after waiting=() name
    before=$(rounds)
    kill -STOP "$server"
    for name in mschapv2 md5 wrong; do
        shrike_at east up $name >"$net_dir/up.$name" 2>&1 &
        waiting+=($!)
    done
    sleep 0.5
    after=$(rounds)
    echo "# handshakes with shared keys, the 25th and the longest of 50: $before ms;" \
        "while three wait for a server of RADIUS: $after ms" >&3
    wait "${waiting[@]}" || true
    kill -CONT "$server"
    shrike_at west why mschapv2 | grep "no server of RADIUS has given an answer" &&
        [ "${after% *}" -lt $((${before% *} * 3 + 200)) ]
}

server_up() {
    background west "$net_dir/freeradius.log" env LD_LIBRARY_PATH="$root/usr/lib/freeradius" \
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
    background west "$net_dir/probe.log" "$probe" anna "$password" "$@"
    probe_pid=$pid
}
said() { grep -q "$1" "$net_dir/probe.log"; }
disconnect() { # LINE...
    printf '%s\n' "$@" | radius_at west bin/radclient -x -r 1 -t 1 127.0.0.1:3799 disconnect \
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

make_pki >"$net_dir/pki.log" 2>&1
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
background west "$net_dir/mute.log" python3 -c '
import socket, time
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
s[0].bind(("127.0.0.1", 1912)); s[1].bind(("127.0.0.1", 1913)); print("there", flush=True)
time.sleep(60)'
within 5 grep -q there "$net_dir/mute.log"
login "secret of anna" 1712:1713 1912:1913 1812:1813
test_of another_server another_server || true
finish "$probe_pid"
unset probe_pid
make_confs
test_of "west starts" shriked_start west || exit 1
test_of "east starts" shriked_start east || exit 1
exec 3>&1
test_of mschapv2_by_a_server works_for mschapv2 bert || true
test_of md5_by_a_server works_for md5 carl || true
test_of not_let_in not_let_in || true
test_of eap_dies_and_comes_back survives || true
test_of an_address_of_the_server has_address || true
test_of what_is_carried_is_told is_counted || true
test_of over_rekeys_and_deaths is_counted_on || true
test_of of_another_group of_another_group || true
test_of put_out_by_the_server is_put_out || true
test_of less_time_by_the_server has_less_time || true
test_of a_server_with_a_name has_name || true
for method in tls ttls peap; do
    user=bert
    [ $method != tls ] || user=tls.example
    test_of "${method}_by_a_server" works_for $method $user || true
done
test_of nobody_else_waits nobody_else_waits || true
finish "$shriked_east"
test_of "another client starts" other_client || exit 1
test_of tls_of_another_client works_with_other tls tls.example || true
test_of ttls_of_another_client works_with_other ttls bert || true
test_of told_at_the_end told_at_the_end || true
finish "$charon_east"
finish "$server"
login "secret of anna" 1812:1813
test_of nobody_answers within 15 said unanswered || true
[ $net_failed -eq 0 ]
