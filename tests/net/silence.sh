#!/usr/bin/env bash
# shellcheck disable=SC2154
# A thousand handshakes by certificates whose CRL servers take the connection and say nothing: what
# they cost the gateway in memory and descriptors, and what others notice of it.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip silence: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh
tools/need iproute2 iputils-ping openssl python3
shrike_programs
site_to_site_net
pki=$net_dir/pki
mkdir "$pki"
handshakes=1000
certificates=100 # of two URLs each: nearly as many as certs keeps in mind

# Certificates of one key, for they differ in what is to be asked about them alone.
authority root
leaf east P-256
key silent P-256
openssl req -new -key "$pki/silent.key" -subj /O=Example -out "$pki/silent.csr"
holds "$net_dir/west"
holds "$net_dir/east" east
for ((i = 0; i < certificates; i++)); do
    url=URI:http://192.0.2.2:8003/$i
    printf 'subjectAltName=DNS:%s.silent.example\ncrlDistributionPoints=%s\n' $i \
        "$url-1,$url-2" >"$pki/ext"
    openssl x509 -req -in "$pki/silent.csr" -CA "$pki/root.pem" -CAkey "$pki/root.key" -set_serial $((i + 100)) \
        -days 90 -extfile "$pki/ext" -out "$net_dir/west/x509/$i.pem" 2>/dev/null
done
cp "$pki/silent.key" "$net_dir/west/private"

# connection NAME NEAR FAR LOCAL REMOTE
connection() {
    printf '    %s {\n        local_addrs = 192.0.2.%s\n        remote_addrs = 192.0.2.%s\n' "$1" "$2" "$3"
    printf '        local {\n            %s\n        }\n        remote {\n            %s\n        }\n' "$4" "$5"
    printf '        children {\n            %s {\n' "$1"
    printf '                local_ts = 10.%s.0.0/24\n                remote_ts = 10.%s.0.0/24\n' "$2" "$3"
    printf '            }\n        }\n    }\n'
}
nl=$'\n            '
{
    echo "connections {"
    for ((i = 0; i < handshakes; i++)); do
        connection "c$i" 1 2 "auth = pubkey${nl}certs = $((i % certificates)).pem${nl}id = $((i % certificates)).silent.example" \
            "auth = pubkey${nl}id = east.example"
    done
    connection psk 1 2 "auth = psk${nl}id = west.psk" "auth = psk${nl}id = east.psk"
    printf '}\nsecrets {\n    ike {\n        secret = of both of them\n    }\n}\n'
} >"$net_dir/west.conf"
{
    printf 'shrike {\n    revocation_private = yes\n}\nconnections {\n'
    connection silent 2 1 "auth = pubkey${nl}id = east.example" \
        "auth = pubkey${nl}id = *.silent.example${nl}revocation = strict"
    connection psk 2 1 "auth = psk${nl}id = east.psk" "auth = psk${nl}id = west.psk"
    printf '}\nsecrets {\n    ike {\n        secret = of both of them\n    }\n}\n'
} >"$net_dir/east.conf"
for side in west east; do mv "$net_dir/$side.conf" "$net_dir/$side/swanctl.conf"; done

start() {
    local name
    background east "$net_dir/serve.log" python3 tests/net/silence.py serve 8003
    for name in west east; do
        background "$name" "$net_dir/$name.log" "$shriked" --config "$net_dir/$name/swanctl.conf" \
            --control-socket "$net_dir/$name.vici"
        eval "shriked_$name=$pid"
        within 20 shrike_at "$name" version || return 1
    done
    within 10 grep -q ready "$net_dir/serve.log" && ! grep -E "error|left out" "$net_dir"/{west,east}.log
}

crowd() {
    python3 tests/net/silence.py "$1" "$net_dir/west.vici" "$net_dir/east.vici" "$shriked_east" "$handshakes" \
        >"$net_dir/crowd" 2>&1 || {
        cat "$net_dir/crowd"
        return 1
    }
    sed 's/^/# /' "$net_dir/crowd" >&3
}
exec 3>&1

reason() {
    shrike_at east --json why >"$net_dir/why" && cat "$net_dir/why" && grep -q CERT_UNKNOWN "$net_dir/why"
}

test_of "start" start || exit 1
test_of "$handshakes wait for who says nothing: others do not, and all is bounded" crowd waiting || true
test_of "as many again: it is known, nobody waits, nothing grows" crowd known || true
test_of "why says it" reason || true
test_of "and a tunnel works" shrike_at west up psk || true
test_of "packets pass" both_ways || true
[ "$net_failed" -eq 0 ]
