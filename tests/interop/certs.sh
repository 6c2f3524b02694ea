#!/usr/bin/env bash
# shellcheck disable=SC2154
# Certificates against strongSwan, in both roles: each kind of key, chains of two intermediates, hash and
# URL, and what Shrike refuses of strongSwan's, each with its reason.
#
#     west (shriked) ---- east (charon)
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip certs: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh
# shellcheck source=tests/interop/peer.sh
. tests/interop/peer.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping openssl python3
shrike_programs
pki=$net_dir/pki
mkdir "$pki"

host west east
link west wan east wan
address west wan 192.0.2.1/24
address east wan 192.0.2.2/24

# Kinds of keys, and how charon signs by them.
declare -A kinds=([rsa-2048]=rsa2048 [rsa-2048-v15]=rsa2048 [rsa-2048-pss]=rsa2048 [rsa-3072-v15]=rsa3072
    [rsa-3072-pss]=rsa3072 [ecdsa-256]=P-256 [ecdsa-384]=P-384 [ecdsa-521]=P-521 [ed25519]=ED25519 [chain]=P-256 [hashed]=P-256)
declare -A signs=([rsa-2048-v15]=ike:rsa-sha256 [rsa-2048-pss]=ike:rsa/pss-sha256 [rsa-3072-v15]=ike:rsa-sha256
    [rsa-3072-pss]=ike:rsa/pss-sha256)
# How Shrike does, which charon demands then: by default it does not take PSS where it wants rsa.
declare -A signs_west=([rsa-2048-v15]=ike:rsa-sha256 [rsa-3072-v15]=ike:rsa-sha256)
good=(rsa-2048 rsa-2048-v15 rsa-2048-pss rsa-3072-v15 rsa-3072-pss ecdsa-256 ecdsa-384 ecdsa-521 ed25519 chain hashed)
bad=(revoked-crl revoked-ocsp expired unknown wrong)
all=("${good[@]}" "${bad[@]}")

authority root
authority sub root
authority low sub
authority responder
authority named
authority stranger
by_ocsp=authorityInfoAccess=OCSP\;URI:http://192.0.2.1:8002/
for name in "${good[@]}"; do
    by=root
    [ "$name" != chain ] || by=low
    [ "$name" != hashed ] || by=named
    for side in west east; do leaf "$side-$name" "${kinds[$name]}" $by; done
done
for name in "${bad[@]}"; do leaf "west-$name" P-256; done
leaf east-revoked-crl P-256
leaf east-expired P-256 root -1
leaf east-unknown P-256 stranger
leaf_of=another leaf east-wrong P-256
leaf east-revoked-ocsp P-256 responder 90 "$by_ocsp"
for side in west east; do
    dir=$net_dir/$side.swanctl
    mkdir -p "$dir"/{x509,x509ca,x509crl,private}
    cp "$pki"/{root,named}.pem "$dir/x509ca"
    for name in "${all[@]}"; do
        cp "$pki/$side-$name.pem" "$dir/x509"
        cp "$pki/$side-$name.key" "$dir/private/$side-$name.pem"
    done
done
cp "$pki/responder.pem" "$net_dir/west.swanctl/x509ca"
cat "$pki"/{west-chain,low,sub}.pem >"$net_dir/west.swanctl/x509/west-chain.pem"
# charon takes one certificate of a file: the others of the chain are found among its authorities.
cp "$pki"/{low,sub}.pem "$net_dir/east.swanctl/x509ca"
# Where both find them by their hash.
mkdir "$pki/c"
hash_of() { openssl x509 -in "$pki/$1.pem" -outform DER | sha1sum | cut -d ' ' -f 1; }
for name in west-hashed east-hashed; do
    openssl x509 -in "$pki/$name.pem" -outform DER -out "$pki/c/$(hash_of $name)"
done
index east-revoked-crl
crl root
cp "$pki/root.crl" "$net_dir/west.swanctl/x509crl"
index east-revoked-ocsp

half() {
    local other=east near=192.0.2.1 far=192.0.2.2 mine=1 theirs=2 auth=${signs_west[$2]:-pubkey}
    local theirs_auth=pubkey revocation=
    if [ "$1" = east ]; then
        other=west near=192.0.2.2 far=192.0.2.1 mine=2 theirs=1
        auth=${signs[$2]:-pubkey} theirs_auth=${signs_west[$2]:-pubkey}
    elif [ "$2" = revoked-ocsp ]; then
        revocation="revocation = strict"
    fi
    cat <<END
    $2 {
        version = 2
        local_addrs = $near
        remote_addrs = $far
        proposals = aes128gcm16-prfsha256-x25519
        send_cert = always
        local {
            auth = $auth
            certs = $1-$2.pem
            id = $1-$2.example
        }
        remote {
            auth = $theirs_auth
            id = $other-$2.example
            $revocation
        }
        children {
            $2 {
                local_ts = 10.$mine.$3.1/32
                remote_ts = 10.$theirs.$3.1/32
                esp_proposals = aes128gcm16
            }
        }
    }
END
}

declare -A numbers=()
for name in "${all[@]}"; do
    numbers[$name]=$((${#numbers[@]} + 1))
    address west lo "10.1.${numbers[$name]}.1/32"
    address east lo "10.2.${numbers[$name]}.1/32"
done
for side in west east; do
    {
        [ $side = east ] || printf 'shrike {\n    revocation_private = yes\n    hash_and_url = yes\n}\n'
        echo "connections {"
        for name in "${all[@]}"; do half $side "$name" "${numbers[$name]}"; done
        echo "}"
        printf 'authorities {\n    named {\n        cacert = named.pem\n'
        printf '        cert_uri_base = http://192.0.2.1:8003/\n    }\n}\n'
    } >"$net_dir/$side.swanctl/swanctl.conf"
done

start() {
    background west "$net_dir/ocsp.log" openssl ocsp -index "$pki/index" -port 8002 \
        -CA "$pki/responder.pem" -rsigner "$pki/responder.pem" -rkey "$pki/responder.key" -ndays 1
    background west "$net_dir/http.log" python3 -m http.server -d "$pki/c" -b 192.0.2.1 8003
    background west "$net_dir/west.log" "$shriked" --config "$net_dir/west.swanctl/swanctl.conf" \
        --control-socket "$net_dir/west.vici"
    within 10 shrike_at west version &&
        peer_settings="hash_and_url = yes" peer_start east && peer east --load-all
}

# begin SIDE NAME
begin() {
    if [ "$1" = west ]; then
        shrike_at west up "$2"
    else
        peer east --initiate --child "$2" --timeout 10
    fi
}

gone() { ! peer east --list-sas | grep -q ESTABLISHED; }

# up SIDE NAME: that side calls.
up() {
    local n=${numbers[$2]}
    begin "$1" "$2" && pings west 3 "10.2.$n.1" -I "10.1.$n.1" && shrike_at west down "$2" &&
        within 5 gone
}

# has_reason NAME REASON: the last failure of it.
has_reason() {
    shrike_at west --json why "$1" >"$net_dir/why" && cat "$net_dir/why" && grep -q "\"$2\"" "$net_dir/why"
}

# refused SIDE NAME REASON
refused() {
    begin "$1" "$2" || true # charon is up for a moment, when the refusal comes behind its last message
    within 5 has_reason "$2" "$3" && within 5 gone
}

test_of "both start" start || true
for side in west east; do
    for name in "${good[@]}"; do test_of "$side calls: $name" up $side "$name" || true; done
    test_of "$side calls: revoked by CRL" refused $side revoked-crl CERT_REVOKED || true
    test_of "$side calls: revoked by OCSP" refused $side revoked-ocsp CERT_REVOKED || true
    test_of "$side calls: expired" refused $side expired CERT_EXPIRED || true
    test_of "$side calls: issuer unknown" refused $side unknown CERT_ISSUER || true
    test_of "$side calls: another identity" refused $side wrong CERT_IDENTITY || true
done
# Both have sent a URL, and fetched what stands there.
both_fetched() {
    grep -E "hash-and-url" "$net_dir/east.charon.log"
    cat "$net_dir/http.log"
    grep -q "sending hash-and-url" "$net_dir/east.charon.log" &&
        grep -q "received hash-and-url" "$net_dir/east.charon.log" &&
        grep -q "^192.0.2.1 .*GET /$(hash_of east-hashed) .* 200" "$net_dir/http.log" &&
        grep -q "^192.0.2.2 .*GET /$(hash_of west-hashed) .* 200" "$net_dir/http.log"
}

test_of "hash and URL: of both" both_fetched || true
test_of "rsa with a hash is PKCS #1 v1.5" grep -qE \
    "'west-rsa-2048-v15.example' with RSA_EMSA_PKCS1_SHA2_256 successful" "$net_dir/east.charon.log" || true
if [ $net_failed -gt 0 ]; then exit 1; fi
exit 0
