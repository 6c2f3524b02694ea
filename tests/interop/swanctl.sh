#!/usr/bin/env bash
# shellcheck disable=SC2154
# The programs that others bring for the control protocol, from Debian's strongSwan 5.9.8: swanctl
# with every command it has, and a program of libvici's, against shriked. Then the same play with
# charon in shriked's place: the messages of both have the same keys, but for those that
# docs/VICI.md tells.
#
#     west (shriked, then charon) ---- east (charon)
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip interop: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/interop/peer.sh
. tests/interop/peer.sh
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping openssl
shrike_programs
library=/usr/lib/ipsec/libvici.so.0
pki=$net_dir/pki

# connection SIDE: a connection with two children, one of which may be trapped, and one by certificates.
connection() {
    local mine=1 theirs=2 near=192.0.2.1,192.0.2.11 far=192.0.2.2 other=east
    [ "$1" = west ] || { mine=2 theirs=1 near=192.0.2.2 far=192.0.2.1,192.0.2.11 other=west; }
    cat <<END
connections {
    net {
        version = 2
        local_addrs = $near
        remote_addrs = $far
        local {
            auth = psk
            id = $1.example
        }
        remote {
            auth = psk
            id = $other.example
        }
        children {
            net {
                local_ts = 10.$mine.0.0/24
                remote_ts = 10.$theirs.0.0/24
            }
            late {
                local_ts = 10.$mine.1.0/24
                remote_ts = 10.$theirs.1.0/24
            }
        }
    }
    sure {
        version = 2
        local_addrs = $near
        remote_addrs = $far
        send_cert = always
        local {
            auth = pubkey
            certs = $1.pem
            id = $1.example
        }
        remote {
            auth = pubkey
            id = $other.example
            cacerts = root.pem
        }
        children {
            sure {
                local_ts = 10.$mine.2.0/24
                remote_ts = 10.$theirs.2.0/24
            }
        }
    }
}
secrets {
    ecdsa-$1 {
        file = $1.pem
        secret = "to open it"
    }
    ike-1 {
        secret = "Sixteen octets or more of it"
    }
    eap-carol {
        id = carol
        secret = "Of no use yet"
    }
}
pools {
    people {
        addrs = 10.3.0.0/28
        dns = 10.3.0.254
    }
}
END
}

# ctl ARGUMENT...: swanctl, speaking to whoever is west.
ctl() {
    STRONGSWAN_CONF=$net_dir/west.swanctl/strongswan.conf SWANCTL_DIR=$net_dir/west.swanctl \
        timeout 30 /usr/sbin/swanctl "$@" --uri "unix://$uri"
}

# says PATTERN ARGUMENT...: swanctl ends well and says so.
says() {
    local pattern=$1
    shift
    { ctl "$@" >"$net_dir/said" && grep -qE -- "$pattern" "$net_dir/said"; } || {
        cat "$net_dir/said"
        return 1
    }
}

# fails ARGUMENT...: swanctl says no, and does not hang.
fails() {
    local code=0
    ctl "$@" || code=$?
    [ $code -ne 0 ] && [ $code -ne 124 ]
}

# keeps NAME ARGUMENT...: its message goes where the keys are compared.
keeps() {
    local name=$1
    shift
    ctl "$@" --pretty >"$net_dir/$who/$name.pretty"
}

# watch NAME ARGUMENT...: what it says goes there until the play is over.
watch() {
    local name=$1
    shift
    STRONGSWAN_CONF=$net_dir/west.swanctl/strongswan.conf SWANCTL_DIR=$net_dir/west.swanctl \
        background west "$net_dir/$who/$name" sh -c 'exec "$@" 2>/dev/null' watch "$@"
}

reaches() {
    pings west 3 10.2.0.1 -I 10.1.0.1
}

# has FILE PATTERN: within a few seconds.
has() {
    within 5 grep -qE -- "$2" "$net_dir/$who/$1" || {
        tail -n 20 "$net_dir/$who/$1"
        return 1
    }
}

load_all() {
    says "loaded connection 'net'" --load-all && says "loaded eap secret 'eap-carol'" --load-creds --clear &&
        says "loaded pool 'people'" --load-pools && says "loaded connection 'net'" --load-conns &&
        ctl --load-authorities && says 'net: IKEv2' --list-conns && says '^people +10\.3\.0' --list-pools &&
        says 'uptime: ' --stats && says 'IKE daemon|strongSwan .* swanctl|shriked|charon' --version --daemon
}

up() {
    says 'initiate completed successfully' --initiate --child net --timeout 10 && reaches &&
        says 'ESTABLISHED' --list-sas && says 'INSTALLED' --list-sas --ike net
}

# A rekeyed Child SA of charon stays for some seconds.
rekey_both() {
    says 'rekey completed successfully' --rekey --child net && has events.pretty '^child-rekey event' &&
        says 'rekey completed successfully' --rekey --ike net && has events.pretty '^ike-rekey event' && reaches
}

reauth() {
    says 'rekey completed successfully' --rekey --ike net --reauth && sleep 1 &&
        within 10 says 'ESTABLISHED' --list-sas
}

# Certificates and an encrypted key, which come over the socket.
load_certs() {
    says "loaded certificate from .*/x509/west.pem'" --load-creds --clear && cat "$net_dir/said" &&
        grep -q "loaded certificate from .*/x509ca/root.pem'" "$net_dir/said" &&
        grep -qi "loaded ecdsa key from .*/ecdsa/west.pem'" "$net_dir/said" &&
        says 'CN=west' --list-certs --type x509 && says 'CN=root' --list-certs
}

up_by_certs() {
    says 'initiate completed successfully' --initiate --child sure --timeout 10 &&
        pings west 3 10.2.2.1 -I 10.1.2.1 &&
        says 'terminate completed successfully' --terminate --ike sure --timeout 10
}

no_traps() { [ -z "$(ctl --list-pols)" ]; }

traps() {
    says 'install completed successfully' --install --child late --ike net &&
        within 5 says 'net/late, TUNNEL' --list-pols --trap && keeps policies --list-pols &&
        says 'uninstall completed successfully' --uninstall --child late --ike net &&
        fails --uninstall --child late --ike net && fails --install --child nonsense &&
        within 5 no_traps
}

# west's address goes, and comes back.
moves() {
    at west addr add 192.0.2.11/24 dev wan0 && at west addr del 192.0.2.1/24 dev wan0 &&
        has events.pretty '^ike-update event' && within 5 says '192.0.2.11' --list-sas
    local code=$?
    at west addr add 192.0.2.1/24 dev wan0 && at west addr del 192.0.2.11/24 dev wan0
    return $code
}

down() {
    reaches && says 'terminate completed successfully' --terminate --ike net --timeout 10 &&
        has events.pretty '^ike-updown event' && [ -z "$(ctl --list-sas)" ] &&
        fails --terminate --ike net
}

rest() {
    fails --redirect --ike net --gateway 192.0.2.9 && fails --rekey --ike net &&
        fails --initiate --child nonsense && fails --terminate --ike net --force &&
        ctl --list-certs && ctl --list-authorities && ctl --flush-certs && ctl --reload-settings &&
        says 'AES_CBC' --list-algs && says 'ike-init-out-req +: [1-9]' --counters &&
        says 'ike-auth-out-req +: [1-9]' --counters --name net && says 'net:' --counters --all &&
        ctl --counters --reset && says 'ike-init-out-req +: 0' --counters
}

logs() {
    has log '\[IKE\]' && has monitor 'net: #[0-9]+, DELETING' && has monitor 'net: #[0-9]+, reqid'
}

# The messages of which the keys are compared, in a state that is the same for both.
compare_begins() {
    keeps conns --list-conns && keeps pools --list-pools --leases && keeps algs --list-algs &&
        keeps version --version --daemon && keeps stats --stats && keeps counters --counters --all
}

compare_up() {
    keeps sas --list-sas && keeps counters-net --counters
}

play() {
    mkdir -p "$net_dir/$who"
    test_of "$who: everything is loaded and listed" load_all || true
    watch log stdbuf -oL /usr/sbin/swanctl --log --uri "unix://$uri"
    watch monitor stdbuf -oL /usr/sbin/swanctl --monitor-sa --uri "unix://$uri"
    watch events.pretty "$BUILD/tests/interop/libvici_events" $library "unix://$uri"
    within 5 test -s "$net_dir/$who/log" || true
    test_of "$who: certificates and keys are loaded and listed" load_certs || true
    test_of "$who: up by certificates, and down" up_by_certs || true
    test_of "$who: up" up || true
    test_of "$who: what there is to compare" compare_begins || true
    test_of "$who: what there is of SAs" compare_up || true
    test_of "$who: traps come and go" traps || true
    test_of "$who: IKE and Child SA are rekeyed" rekey_both || true
    test_of "$who: reauthentication" reauth || true
    test_of "$who: it moves to another address" moves || true
    within 5 says '192.0.2.1\\[' --list-sas || true
    test_of "$who: down" down || true
    test_of "$who: the rest" rest || true
    test_of "$who: the log and the events" logs || true
}

# The library: events while commands are under way, and a stream.
library_hears() {
    "$BUILD/tests/interop/libvici_events" $library "unix://$uri" net net >"$net_dir/library" 2>&1 || {
        cat "$net_dir/library"
        return 1
    }
    local ids='local-id=west.example remote-id=east.example' line
    for line in "^ike-updown up=yes net: uniqueid=[0-9]+ state=ESTABLISHED $ids encr-alg=AES" \
        "^child-updown up=yes net: uniqueid=[0-9]+ state=ESTABLISHED $ids" \
        "^list-sa up=no net: uniqueid=[0-9]+ state=ESTABLISHED $ids" \
        "^child-rekey up=no net: uniqueid=[0-9]+ state=ESTABLISHED $ids" \
        "^ike-rekey up=no old: uniqueid=[0-9]+ state=[A-Z]+ $ids encr-alg=AES.* new: .* $ids encr" \
        "^child-updown up=no net: uniqueid=[0-9]+ state=[A-Z]+ $ids" \
        "^ike-updown up=no net: uniqueid=[0-9]+ state=DELETING $ids" \
        "^initiate success=yes" "^rekey success=yes" "^terminate success=yes"; do
        grep -qE "$line" "$net_dir/library" || {
            echo "no $line"
            cat "$net_dir/library"
            return 1
        }
    done
}

host west east
link west wan0 east wan0
address west wan0 192.0.2.1/24
address east wan0 192.0.2.2/24
on west sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/promote_secondaries'
address west lo 10.1.0.1/24 10.1.1.1/24 10.1.2.1/24
address east lo 10.2.0.1/24 10.2.1.1/24 10.2.2.1/24
mkdir "$pki"
authority root
for side in west east; do
    leaf $side P-256
    mkdir -p "$net_dir/$side.swanctl"/{x509,x509ca,ecdsa}
    cp "$pki/root.pem" "$net_dir/$side.swanctl/x509ca"
    cp "$pki/$side.pem" "$net_dir/$side.swanctl/x509"
    openssl ec -in "$pki/$side.key" -aes128 -passout 'pass:to open it' \
        -out "$net_dir/$side.swanctl/ecdsa/$side.pem" 2>/dev/null
done
peer_start east || {
    echo "not ok the peer starts"
    exit 1
}
connection east >"$net_dir/east.swanctl/swanctl.conf"
peer east --load-all >"$net_dir/east.load" || cat "$net_dir/east.load"

# shriked; what it has comes over the socket.
mkdir -p "$net_dir/west.swanctl"/{conf.d,x509,x509ca,x509ocsp,x509aa,x509ac,x509crl,pubkey,private} \
    "$net_dir/west.swanctl"/{rsa,ecdsa,bliss,pkcs8,pkcs12}
: >"$net_dir/west.swanctl/strongswan.conf"
connection west >"$net_dir/west.swanctl/swanctl.conf"
: >"$net_dir/west.conf"
who=shriked uri=$net_dir/west.vici
shriked_start west "$@" || echo "not ok shriked starts"
play
test_of "a program of libvici's hears all events" library_hears || true
finish "$shriked_west"

# charon in its place
who=charon uri=$net_dir/west.charon.vici
peer_start west || echo "not ok the other peer starts"
connection west >"$net_dir/west.swanctl/swanctl.conf"
play
test_of "the same keys as charon, but for what docs/VICI.md tells" \
    tests/interop/swanctl_keys.py docs/VICI.md "$net_dir/shriked" "$net_dir/charon" || true
[ $net_failed -eq 0 ]
