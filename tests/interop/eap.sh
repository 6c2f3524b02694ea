#!/usr/bin/env bash
# shellcheck disable=SC2154
# EAP against strongSwan: west is the gateway, which signs and knows passwords, east the client; Shrike
# is the one, then the other. A connection for each method, each with a tunnel that carries pings; and
# what a wrong password comes to.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh
legacy=() # where OpenSSL has MD4, which MSCHAPv2 needs, in a package of its own
! apt-cache show openssl-provider-legacy >/dev/null 2>&1 || legacy=(openssl-provider-legacy)
tools/need "${peer_packages[@]}" libcharon-extauth-plugins iproute2 iputils-ping openssl \
    python3 "${legacy[@]}"
shrike_programs

site_to_site_net
ike_watched west wan0 wire.log # what a failure shows: has it come, was it answered

pki=$net_dir/pki
mkdir "$pki"
authority root
for name in west tls alone; do leaf "$name" rsa2048; done
leaf tlsec P-256
declare -A certificates=([west]=west [east]="tls tlsec alone")

# one SIDE NAME AUTH_OF_CLIENT AUTH_AT_GATEWAY EAP_ID_OF_CLIENT EAP_ID_AT_GATEWAY
one() {
    local near=1 far=2 eap=$4 name=${6:-} signs=local proves=remote
    [ "$1" = west ] || near=2 far=1 eap=$3 name=${5:-} signs=remote proves=local
    cat <<END
    $2 {
        version = 2
        local_addrs = 192.0.2.$near
        remote_addrs = 192.0.2.$far
        proposals = aes128gcm16-prfsha256-x25519
        $signs {
            auth = ${gateway:-pubkey}
            id = west.example
            $([ "$1" = west ] && echo "certs = west.pem")
        }
        $proves {
            auth = $eap
            id = $2.example
            ${name:+eap_id = $name}
            $([ "$1$4" = easteap-tls ] && echo "certs = $2.pem")
        }
        children {
            $2 {
                local_ts = 10.$near.0.0/24
                remote_ts = 10.$far.0.0/24
                esp_proposals = aes128gcm16
            }
        }
    }
END
}

# password USER SECRET
password() { printf '    eap-%s {\n        id = %s\n        secret = "%s"\n    }\n' "${1%%.*}" "$1" "$2"; }

connection() { # SIDE
    echo "connections {"
    one "$1" mschapv2 eap-mschapv2 eap-mschapv2
    one "$1" md5 eap-md5 eap-md5
    one "$1" gtc eap-gtc eap-gtc
    one "$1" any eap eap-mschapv2
    one "$1" asked eap-mschapv2 eap-mschapv2 carol %any
    one "$1" nak eap-md5 "$dynamic" carol %any
    one "$1" tls eap-tls eap-tls
    one "$1" tlsec eap-tls eap-tls
    gateway=eap-tls one "$1" alone eap-tls eap-tls
    one "$1" ttls eap-ttls eap-ttls
    one "$1" ttlsasked eap-ttls eap-ttls carol %any
    gateway=eap-ttls one "$1" ttlsalone eap-ttls eap-ttls
    one "$1" ttlswrong eap-ttls eap-ttls dave %any
    one "$1" wrong eap-mschapv2 eap-mschapv2 dave %any
    echo "}"
    echo "secrets {"
    password mschapv2.example "of mschapv2"
    password md5.example "of md5"
    password gtc.example "of gtc"
    password any.example "of any"
    password ttls.example "of ttls"
    password ttlsalone.example "of ttlsalone"
    password carol "ca rol"
    password dave "of $1" # each has another
    echo "}"
}

up() { # NAME
    if [ "${program[east]}" = shrike ]; then
        shrike_at east up "$1"
    else
        peer east --initiate --child "$1" --timeout 10
    fi
}

down() { # NAME
    if [ "${program[east]}" = shrike ]; then
        shrike_at east down "$1"
    else
        peer east --terminate --ike "$1"
    fi
}

works() { up "$1" && both_ways && down "$1"; }

refused() { # CONNECTION REASON: by Shrike, whose role it is
    local side=west
    [ "${program[west]}" = shrike ] || side=east
    ! up "$1" || return 1
    shrike_at $side why "$1" >"$net_dir/why" && cat "$net_dir/why" && grep -qF "$2" "$net_dir/why"
}

run() { # WHAT METHOD...
    local side name to names what=$1
    shift
    for side in west east; do
        to=$net_dir
        [ "${program[$side]}" = shrike ] || to=$net_dir/$side.swanctl
        rm -rf "$net_dir/$side.swanctl" "$to"/{x509,x509ca,private}
        read -ra names <<<"${certificates[$side]}"
        holds "$to" "${names[@]}"
        test_of "$what: $side starts" program_start $side || exit 1
    done
    for name in "$@"; do test_of "$what: $name" works "$name" || true; done
}

# Once more, the methods with TLS, by 1.3: strongSwan does that as RFC 9190 and RFC 9427 have it from
# 6.0 on; 5.9.8, which has it switched off, ends at the octet that says the server is through.
with_newer() { # SIDE_OF_STRONGSWAN WHAT
    program_stop east
    program_stop west
    peer_newer || {
        echo "skip $2, TLS 1.3: $peer_why"
        return 0
    }
    peer_settings="tls { version_max = 1.3 }" run "$2, TLS 1.3" tls tlsec alone ttls ttlsalone
    test_of "$2: that was TLS 1.3" grep -q "negotiated TLS 1.3" "$net_dir/$1.charon.log" || true
    program_stop east
    program_stop west
    peer_root=
}

program=([west]=shrike [east]=strongswan) dynamic=eap
run "Shrike is the gateway" mschapv2 md5 gtc any asked nak tls tlsec alone ttls ttlsasked ttlsalone
test_of "Shrike is the gateway: a wrong password" refused wrong "the peer has given up in the middle of EAP" || true
test_of "Shrike is the gateway: a wrong password in EAP-TTLS" refused ttlswrong "EAP" || true
with_newer east "Shrike is the gateway"
program=([west]=strongswan [east]=shrike) dynamic=eap-md5
run "Shrike is the client" mschapv2 md5 any asked nak tls tlsec alone ttls ttlsasked ttlsalone
test_of "Shrike is the client: a wrong password" refused wrong "the peer has refused us by EAP" || true
test_of "Shrike is the client: a wrong password in EAP-TTLS" refused ttlswrong "the peer has refused us by EAP" || true
with_newer west "Shrike is the client"
[ "$net_failed" -eq 0 ]
