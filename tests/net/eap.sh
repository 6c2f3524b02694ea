#!/usr/bin/env bash
# shellcheck disable=SC2154
# EAP between two gateways, one pair of daemons and a connection for each method: west signs, and
# knows passwords; east is the client. What is refused says why on both sides.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip eap: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
legacy=() # where OpenSSL has MD4, which MSCHAPv2 needs, in a package of its own
! apt-cache show openssl-provider-legacy >/dev/null 2>&1 || legacy=(openssl-provider-legacy)
tools/need iproute2 iputils-ping openssl "${legacy[@]}"
shrike_programs

# An authority, and the certificate of west by it.
make_pki() {
    local d=$net_dir
    mkdir -p "$d/x509" "$d/x509ca" "$d/private"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Test CA" \
        -keyout "$d/ca.key" -out "$d/x509ca/ca.pem"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=west" \
        -keyout "$d/private/west.key" -out "$d/west.csr"
    openssl x509 -req -in "$d/west.csr" -CA "$d/x509ca/ca.pem" -CAkey "$d/ca.key" -days 2 \
        -set_serial 1 -out "$d/x509/west.pem" \
        -extfile <(echo "subjectAltName = DNS:west.example")
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Alien" \
        -keyout "$d/alien.key" -out "$d/alien.pem"
    client tls ca -newkey ec -pkeyopt ec_paramgen_curve:P-384
    client tlsrsa ca -newkey rsa:2048
    client tlsname ca -newkey ed25519
    client tlsother ca -newkey ed25519
    client tlsalien alien -newkey rsa:2048
    client alone ca -newkey ed25519
}

# client NAME AUTHORITY OPTION_OF_KEY...: one of the client's certificates.
client() {
    local d=$net_dir name=$1 by=$2 ca=$net_dir/x509ca/ca.pem
    shift 2
    [ "$by" = ca ] || ca=$d/$by.pem
    openssl req "$@" -nodes -subj "/CN=$name" -keyout "$d/private/$name.key" -out "$d/$name.csr"
    openssl x509 -req -in "$d/$name.csr" -CA "$ca" -CAkey "$d/$by.key" -days 2 -set_serial $((++serial)) \
        -out "$d/x509/$name.pem" -extfile <(echo "subjectAltName = DNS:$name.example")
}
serial=1

# conn NAME AUTH_OF_CLIENT AUTH_AT_GATEWAY [LINES_OF_CLIENT] [LINES_OF_GATEWAY]: a connection of both;
# in IKE the client is called NAME.example.
conn() {
    local children id="id = $1.example"
    [ "$2" != null ] || id= # it has none
    children="children { $1 { local_ts = 10.%s.0.0/24
            remote_ts = 10.%s.0.0/24 } }"
    # shellcheck disable=SC2059
    {
        printf '    %s {\n        local_addrs = 192.0.2.2\n        remote_addrs = 192.0.2.1\n' "$1"
        printf '        local { auth = %s\n %s\n %s\n }\n' "$2" "$id" "${4:-}"
        printf '        remote { auth = %s\n id = west.example\n }\n' "${gateway:-pubkey}"
        printf "        $children\n    }\n" 2 1
    } >>"$net_dir/east.conf"
    # shellcheck disable=SC2059
    {
        printf '    %s {\n        local_addrs = 192.0.2.1\n        remote_addrs = 192.0.2.2\n' "$1"
        printf '        local { auth = %s\n certs = west.pem\n id = west.example\n }\n' \
            "${gateway:-pubkey}"
        printf '        remote { auth = %s\n %s\n %s\n }\n' "$3" "$id" "${5:-}"
        printf "        $children\n    }\n" 1 2
    } >>"$net_dir/west.conf"
}

# password SIDE USER SECRET
password() {
    printf '    eap-%s { id = %s\n secret = "%s" }\n' "${2//[!a-z]/-}" "$2" "$3" >>"$net_dir/$1.conf"
}

make_confs() {
    local side
    for side in west east; do echo "connections {" >"$net_dir/$side.conf"; done
    conn mschapv2 eap-mschapv2 eap-mschapv2
    conn md5 eap-md5 eap-md5
    conn gtc eap-gtc eap-gtc
    conn any eap eap-dynamic
    conn nak eap-md5 eap
    conn asked eap-mschapv2 eap-mschapv2 "eap_id = carol" "eap_id = %any"
    conn domain eap-mschapv2 eap-mschapv2 'eap_id = HOME\\carol' "eap_id = %any"
    conn realm eap-mschapv2 eap-mschapv2 "eap_id = erin@example.org" "eap_id = *@example.org"
    conn hashed eap-mschapv2 eap-mschapv2 "eap_id = frank" "eap_id = %any"
    conn wrong eap-mschapv2 eap-mschapv2 "eap_id = dave" "eap_id = %any"
    conn wrong5 eap-md5 eap-md5 "eap_id = dave" "eap_id = %any"
    conn norealm eap-mschapv2 eap-mschapv2 "eap_id = carol" "eap_id = *@example.org"
    conn other eap-mschapv2 eap-mschapv2 "eap_id = carol"
    conn unknown eap-mschapv2 eap-mschapv2 "eap_id = gina" "eap_id = %any"
    conn unlike eap-md5 eap-mschapv2
    conn tls eap-tls eap-tls "certs = tls.pem"
    conn tlsrsa eap-tls eap-tls "certs = tlsrsa.pem"
    conn tlsname eap-tls eap-tls "certs = tlsname.pem" "eap_id = %any"
    conn tlsother eap-tls eap-tls "certs = tlsother.pem
 eap_id = tls.example" "eap_id = %any"
    conn tlsalien eap-tls eap-tls "certs = tlsalien.pem" "cacerts = ca.pem"
    conn null null null
    gateway=eap-tls conn alone eap-tls eap-tls "certs = alone.pem"
    conn ttls eap-ttls eap-ttls
    conn ttlsasked eap-ttls eap-ttls "eap_id = carol" "eap_id = %any"
    conn ttlswrong eap-ttls eap-ttls "eap_id = dave" "eap_id = %any"
    conn ttlsother eap-ttls eap-ttls "eap_id = carol"
    conn ttlsaaa eap-ttls eap-ttls "aaa_id = aaa.example"
    gateway=eap-ttls conn ttlsalone eap-ttls eap-ttls
    conn peap eap-peap eap-peap
    conn peaprealm eap-peap eap-peap "eap_id = erin@example.org" "eap_id = *@example.org"
    conn peapwrong eap-peap eap-peap "eap_id = dave" "eap_id = %any"
    gateway=eap-peap conn peapalone eap-peap eap-peap
    for side in west east; do
        printf '}\nsecrets {\n' >>"$net_dir/$side.conf"
        for name in mschapv2 md5 gtc any nak unlike ttls ttlsaaa ttlsalone peap peapalone; do
            password $side $name.example "of $name"
        done
        password $side carol "ca rol"
        password $side erin@example.org "Ärin"
    done
    password east 'HOME\\carol' "ca rol"
    password east dave "not this one"
    password west dave "but this one"
    password east gina "gina"
    password east frank "clientPass"
    # RFC 2759 9.2: the hash of clientPass
    printf '    ntlm { id = frank\n secret = 0x44ebba8d5312b8d611474411f56989ae }\n' >>"$net_dir/west.conf"
    for side in west east; do echo "}" >>"$net_dir/$side.conf"; done
}

works() { # CONNECTION
    shrike_at east up "$1" && both_ways && shrike_at east down "$1"
}

called() { # CONNECTION NAME: is that who it is at the gateway?
    shrike_at east up "$1" && shrike_at west list >"$net_dir/sas" && cat "$net_dir/sas" &&
        grep -qF "$2" "$net_dir/sas" && shrike_at east down "$1"
}

# fails CONNECTION REASON_OF_CLIENT REASON_OF_GATEWAY
fails() {
    sleep 1 # of strangers not all is told
    ! shrike_at east up "$1" >"$net_dir/up" 2>&1 || return 1
    cat "$net_dir/up"
    grep -qF "$2" "$net_dir/up" && shrike_at west why "$1" >"$net_dir/why" && cat "$net_dir/why" &&
        grep -qF "$3" "$net_dir/why"
}

# What was being done with EAP is lost with it, and the next one works.
survives() {
    local p
    p=$(role_of west eap)
    kill -KILL "$p" && within 5 is_back "$p" && works mschapv2
}
is_back() {
    local now
    now=$(role_of west eap)
    [ -n "$now" ] && [ "$now" != "$1" ]
}

site_to_site_net
make_pki >"$net_dir/pki.log" 2>&1
make_confs
test_of "both daemons start" shriked_start west || exit 1
test_of "the client starts" shriked_start east || exit 1
for name in mschapv2 md5 gtc any nak realm hashed tls tlsrsa tlsname alone ttls ttlsalone peap peaprealm \
    peapalone null; do
    test_of "$name: up, pings, down" works "$name" || true
done
test_of "the gateway asks who it is" called asked carol || true
test_of "the gateway asks who it is, in a tunnel" called ttlsasked carol || true
test_of "with a domain in front" called domain carol || true
test_of "a wrong password" fails wrong "the peer has refused us by EAP" \
    "the peer has not proved itself by EAP" || true
test_of "a wrong password of MD5" fails wrong5 "the peer has refused us by EAP" \
    "the peer has not proved itself by EAP" || true
test_of "a name that is not wanted" fails norealm "the peer has refused us by EAP" \
    "the peer has not proved itself by EAP" || true
test_of "the right password of another user" fails other "the peer has refused us by EAP" \
    "the peer has not proved itself by EAP" || true
test_of "a user without a password" fails unknown "the peer has refused us by EAP" \
    "there is no shared secret" || true
test_of "no method that both want" fails unlike "the peer has refused us by EAP" \
    "no method of EAP" || true
test_of "a certificate of somebody else" fails tlsother "the peer has refused us by EAP" \
    "is not of the identity that it claims" || true
test_of "a certificate of a stranger" fails tlsalien "the peer has refused us by EAP" \
    "nobody whom we trust has signed" || true
test_of "a wrong password in EAP-TTLS" fails ttlswrong "the peer has refused us by EAP" \
    "the peer has not proved itself by EAP" || true
test_of "a wrong password in PEAP" fails peapwrong "the peer has refused us by EAP" \
    "the peer has not proved itself by EAP" || true
test_of "another name in the tunnel than in IKE" fails ttlsother "the peer has refused us by EAP" \
    "the peer has not proved itself by EAP" || true
test_of "a server of EAP that is another one" fails ttlsaaa "is not of the identity that it claims" \
    "given up in the middle of EAP" || true
says_passwords() {
    echo "shrike { plugins { eap-ttls { phase2_method = pap } } }" >>"$net_dir/east.conf"
    shrike_at east reload | tee "$net_dir/reload" && works ttls &&
        grep -q "6 changed" "$net_dir/reload"
}
takes_none() {
    echo "shrike { plugins { eap-ttls { phase2_method = md5 } } }" >>"$net_dir/west.conf"
    shrike_at west reload && fails ttls "the peer has refused us by EAP" "no method of EAP"
}
test_of "EAP-TTLS with the password as it is" says_passwords || true
test_of "EAP-TTLS with the password as it is, where that is not wanted" takes_none || true
test_of "eap dies and comes back" survives || true
[ "$net_failed" -eq 0 ]
