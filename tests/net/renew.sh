#!/usr/bin/env bash
# shellcheck disable=SC2154
# Certificates of this host in its folders: a chain in one file and its key, found by each other, take a
# tunnel up.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip renew: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping openssl
shrike_programs

site_to_site_net

# authority NAME [BY]: NAME.key and NAME.pem.
authority() {
    local by=${2:-}
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/O=Example/CN=$1" \
        -keyout "$pki/$1.key" -out "$pki/$1.csr" 2>/dev/null
    printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n' >"$pki/ca.ext"
    local signer=(-key "$pki/$1.key")
    [ -z "$by" ] || signer=(-CA "$pki/$by.pem" -CAkey "$pki/$by.key" -CAcreateserial)
    openssl x509 -req -in "$pki/$1.csr" -days 100 -extfile "$pki/ca.ext" -out "$pki/$1.pem" \
        "${signer[@]}" 2>/dev/null
}

# leaf SIDE DAYS: chain.pem with the intermediate behind it, and privkey.pem, in $pki/SIDE.
leaf() {
    mkdir -p "$pki/$1"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1.example" \
        -keyout "$pki/$1/privkey.pem" -out "$pki/leaf.csr" 2>/dev/null
    printf 'subjectAltName=DNS:%s.example\nextendedKeyUsage=serverAuth,clientAuth\n' "$1" \
        >"$pki/leaf.ext"
    openssl x509 -req -in "$pki/leaf.csr" -days "$2" -extfile "$pki/leaf.ext" -CA "$pki/mid.pem" \
        -CAkey "$pki/mid.key" -CAcreateserial -out "$pki/leaf.pem" 2>/dev/null
    cat "$pki/leaf.pem" "$pki/mid.pem" >"$pki/$1/chain.pem"
}

# into SIDE: in the order in which such clients do it: the key, then the chain, each renamed into place.
into() {
    local to=$net_dir/$1
    cp "$pki/$1/privkey.pem" "$to/private/new" && mv "$to/private/new" "$to/private/privkey.pem"
    cp "$pki/$1/chain.pem" "$to/x509/.new" && mv "$to/x509/.new" "$to/x509/chain.pem"
}

side() {
    local other=east
    [ "$1" = west ] || other=west
    mkdir -p "$net_dir/$1/x509" "$net_dir/$1/x509ca" "$net_dir/$1/private"
    cp "$pki/root.pem" "$net_dir/$1/x509ca"
    gateway_conf "$1"
    sed -e 's/auth = psk/auth = pubkey/' "$net_dir/$1.conf" >"$net_dir/$1/swanctl.conf"
    ln -sf "$net_dir/$1/swanctl.conf" "$net_dir/$1.conf"
}

pki=$net_dir/pki
mkdir "$pki"
authority root
authority mid root
for side in west east; do
    side $side
    leaf $side 90
    into $side
done

# The file is named by its folder, for certificates stand beside it.
start() {
    local name
    for name in west east; do
        background "$name" "$net_dir/$name.log" "$shriked" --config "$net_dir/$name/swanctl.conf" \
            --control-socket "$net_dir/$name.vici" "$@"
        eval "shriked_$name=$pid"
        within 10 shrike_at "$name" version || return 1
    done
}

up() { shrike_at east up west-east; }

begins() {
    up && both_ways
}


test_of starts start "$@"
test_of tunnel_by_certificates begins

if [ $net_failed -gt 0 ]; then exit 1; fi
exit 0
