#!/usr/bin/env bash
# shellcheck disable=SC2154
# Certificates between two gateways: each kind of key, chains, and each refusal with its reason. What is
# revoked is looked up in files, by CRLs and by OCSP; certificates themselves by hash and URL.
# certs.sh [--one-process]
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
tools/need iproute2 iputils-ping openssl python3
shrike_programs
site_to_site_net
pki=$net_dir/pki
mkdir "$pki"
server=192.0.2.2

authority root
authority sub root
authority low sub
authority crls # is asked for CRLs
authority responder
authority silent
authority told
authority stranger
authority named # says where its certificates are to be had
authority under named
authority apart # likewise, but only to west
good=(rsa pss p256 p384 p521 ed25519 ed448 chain)
leaf rsa rsa2048
leaf pss rsa3072
leaf p256 P-256
leaf p384 P-384
leaf p521 P-521
leaf ed25519 ED25519
leaf ed448 ED448
leaf chain P-256 low
for kind in 44 65 87; do # where the library has it
    ! openssl genpkey -algorithm ML-DSA-$kind -out /dev/null 2>/dev/null || {
        leaf mldsa$kind ML-DSA-$kind
        good+=("mldsa$kind")
    }
done
leaf east P-256
leaf revoked P-256
leaf expired P-256 root -1
leaf wrong P-256
leaf unknown P-256 stranger
leaf short rsa1024
leaf usage P-256 root 90 extendedKeyUsage=codeSigning
leaf nokey P-256
by_crl=crlDistributionPoints=URI:http://$server:8001/crls.crl
by_ocsp=authorityInfoAccess=OCSP\;URI:http://$server:8002/
silent=crlDistributionPoints=URI:http://$server:8003/silent.crl
online=(crl-good crl-revoked ocsp-good ocsp-revoked told-good told-revoked silent-relaxed silent-strict)
leaf crl-good P-256 crls 90 "$by_crl"
leaf crl-revoked P-256 crls 90 "$by_crl"
leaf ocsp-good P-256 responder 90 "$by_ocsp"
leaf ocsp-revoked P-256 responder 90 "$by_ocsp"
leaf told-good P-256 told # of these only the configuration knows whom to ask
leaf told-revoked P-256 told
leaf silent-relaxed P-256 silent 90 "$silent"
leaf silent-strict P-256 silent 90 "$silent"
by_hash=(hashed linked gone swapped apart-from)
leaf hashed P-256 named
leaf linked P-256 under
leaf gone P-256 named
leaf swapped P-256 named
leaf apart-from P-256 apart
all=("${good[@]}" "${by_hash[@]}" revoked expired wrong unknown short usage nokey "${online[@]}")

for side in west east; do
    mkdir -p "$net_dir/$side"/{x509,x509ca,x509crl,private}
    cp "$pki"/{root,crls,responder,silent,told,named,apart}.pem "$net_dir/$side/x509ca"
done
index east "${good[@]}" revoked
crl root
cp "$pki/root.crl" "$net_dir/east/x509crl"
cp "$pki/east.key" "$net_dir/east/private"
cp "$pki/east.pem" "$net_dir/east/x509"
for name in "${all[@]}"; do
    [ "$name" = nokey ] || cp "$pki/$name.key" "$net_dir/west/private/$name.pem"
    cp "$pki/$name.pem" "$net_dir/west/x509"
done
cat "$pki/chain.pem" "$pki/low.pem" "$pki/sub.pem" >"$net_dir/west/x509/chain.pem"
cat "$pki/linked.pem" "$pki/under.pem" >"$net_dir/west/x509/linked.pem"
# Where they are to be had: but for one of them, and another one is there in place of one.
mkdir "$pki/c"
hash_of() { openssl x509 -in "$pki/$1.pem" -outform DER | sha1sum | cut -d ' ' -f 1; }
for name in hashed linked under; do
    openssl x509 -in "$pki/$name.pem" -outform DER -out "$pki/c/$(hash_of $name)"
done
cp "$pki/c/$(hash_of hashed)" "$pki/c/$(hash_of swapped)"
cp "$pki/c/$(hash_of hashed)" "$pki/c/$(hash_of apart-from)"

# connection SIDE NAME: local and remote of one of them.
connection() {
    local side=$1 name=$2 near=192.0.2.1 far=192.0.2.2 mine=1 theirs=2
    local of_west=local of_east=remote auth=pubkey id=$name.example more=
    if [ "$side" = east ]; then
        near=192.0.2.2 far=192.0.2.1 mine=2 theirs=1 of_west=remote of_east=local
        case $name in *good | *-revoked | *strict) more="revocation = strict" ;; esac
    else
        more="certs = $name.pem"
    fi
    case $name in
    rsa) auth=ike:rsa-sha256 ;;
    pss) auth=rsa/pss ;;
    wrong) id=other.example ;;
    short) [ "$side" = east ] || auth=rsa-1024 ;;
    esac
    cat <<END
    $name {
        local_addrs = $near
        remote_addrs = $far
        $of_west {
            auth = $auth
            id = $id
            $more
        }
        $of_east {
            auth = pubkey
            id = east.example
        }
        children {
            lan {
                local_ts = 10.$mine.0.0/24
                remote_ts = 10.$theirs.0.0/24
            }
        }
    }
END
}

# base NAME FILE
base() {
    local path=c
    [ "$1" != apart ] || path=apart
    printf '    %s {\n        cacert = %s\n        cert_uri_base = http://%s:8001/%s/\n    }\n' "$1" "$2" $server $path
}

for side in west east; do
    {
        echo "shrike {"
        echo "    revocation_private = yes"
        [ $side = west ] || echo "    hash_and_url = yes"
        echo "}"
        echo "connections {"
        for name in "${all[@]}"; do connection $side "$name"; done
        echo "}"
        echo "authorities {"
        printf '    told {\n        cacert = told.pem\n        ocsp_uris = http://%s:8004/\n    }\n' $server
        base named named.pem
        [ $side = east ] || {
            base under "$pki/under.pem"
            base apart apart.pem
        }
        echo "}"
    } >"$net_dir/$side/swanctl.conf"
done

# What those say who are asked, and who is silent.
index crl-good crl-revoked
crl crls
index told-good told-revoked
cp "$pki/index" "$pki/index.told"
index ocsp-good ocsp-revoked
cat >"$net_dir/serve.py" <<'END'
"""serve.py CRL FOLDER: at port 8001 a CRL, and how often it was asked for, and at /c/ the files of the folder;
at port 8003 silence."""
import http.server, os, socket, sys, threading

class Crl(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        looks = self.path.startswith('/c/')
        path = os.path.join(sys.argv[2], os.path.basename(self.path)) if looks else sys.argv[1]
        print('looked up' if looks else 'asked for', self.path, flush=True)
        if not os.path.exists(path):
            return self.send_error(404)
        with open(path, 'rb') as f:
            body = f.read()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

silent = socket.create_server(('', 8003), backlog=64)
kept = []

def keep():
    while True:
        kept.append(silent.accept())
        print('kept', len(kept), flush=True)

threading.Thread(target=keep, daemon=True).start()
http.server.HTTPServer(('', 8001), Crl).serve_forever()
END

serve() {
    background east "$net_dir/serve.log" python3 "$net_dir/serve.py" "$pki/crls.crl" "$pki/c"
    background east "$net_dir/ocsp.log" openssl ocsp -index "$pki/index" -port 8002 \
        -CA "$pki/responder.pem" -rsigner "$pki/responder.pem" -rkey "$pki/responder.key" -ndays 1
    background east "$net_dir/told.log" openssl ocsp -index "$pki/index.told" -port 8004 \
        -CA "$pki/told.pem" -rsigner "$pki/told.pem" -rkey "$pki/told.key" -ndays 1
}

start() {
    local name
    for name in west east; do
        background "$name" "$net_dir/$name.log" "$shriked" --config "$net_dir/$name/swanctl.conf" \
            --control-socket "$net_dir/$name.vici" "$@"
        eval "shriked_$name=$pid"
        within 10 shrike_at "$name" version || return 1
    done
    ! grep -E "error|left out" "$net_dir"/{west,east}.log
}

# works NAME: it comes up, carries packets and goes.
works() {
    shrike_at west up "$1" && both_ways && shrike_at west down "$1"
}

# has_reason SIDE NAME REASON [WORD]: why says so of this connection, or of any when it is empty; the word
# stands in what it says.
has_reason() {
    "$shrike" --json --socket "$net_dir/$1.vici" -n 256 why | python3 -c '
import json, sys
name, reason, word = sys.argv[1:]
all = json.load(sys.stdin)["failures"]
print([(f["connection"], f["reason"]) for f in all])
sys.exit(not any(f["connection"] == (name or f["connection"]) and f["reason"] == reason and word in json.dumps(f)
                 for f in all))' "$2" "$3" "${4:-}"
}

# refused NAME REASON: by east; west only hears that it was.
refused() {
    sleep 1 # of strangers not every failure is told, when there are many
    ! shrike_at west up "$1" && within 3 has_reason east "$1" "$2" && has_reason west "$1" AUTH_FAILED
}

# Of what is written there nothing stands in the certificate: west goes by its subject, whom east does not
# know.
another_identity() {
    ! shrike_at west up wrong && within 3 has_reason east "" NO_IDENTITY CN=wrong
}

# Who has no key asks nobody.
without_a_key() {
    ! shrike_at west up nokey && within 3 has_reason west nokey AUTH_NO_KEY
}

# A new one knows whom to trust before it answers; with --one-process there is none to be killed.
certs_is_killed() {
    local old
    old=$(role_of east certs)
    [ -z "$old" ] || kill -KILL "$old" || return 1
    works p256 && works chain && refused revoked CERT_REVOKED
}

serve
test_of "start" start "$@" || true
for name in "${good[@]}"; do test_of "$name: up, and carries packets" works "$name" || true; done
test_of "revoked, by a file" refused revoked CERT_REVOKED || true
test_of "expired" refused expired CERT_EXPIRED || true
test_of "of another identity" another_identity || true
test_of "of an authority that nobody knows" refused unknown CERT_ISSUER || true
test_of "short key" refused short CERT_WEAK || true
test_of "for another use" refused usage CERT_USAGE || true
test_of "no private key" without_a_key || true
test_of "CRL: good" works crl-good || true
test_of "CRL: asked for once" works crl-good || true
test_of "CRL: revoked" refused crl-revoked CERT_REVOKED || true
test_of "OCSP: good" works ocsp-good || true
test_of "OCSP: revoked" refused ocsp-revoked CERT_REVOKED || true
test_of "OCSP, of the configuration: good" works told-good || true
test_of "OCSP, of the configuration: revoked" refused told-revoked CERT_REVOKED || true

# Each is fetched once, then it is known; certs forgets them when it ends.
is_fetched() {
    local name
    works "$1" && works "$1" || return 1
    for name in "$@"; do
        [ "$(grep -c "^looked up /c/$(hash_of "$name")" "$net_dir/serve.log")" = 1 ] || return 1
    done
}

# What may not be asked is not asked.
is_not_asked() {
    refused apart-from CERT_URL && ! grep -q "$(hash_of apart-from)\|/apart/" "$net_dir/serve.log"
}

test_of "hash and URL: fetched, once" is_fetched hashed || true
test_of "hash and URL: a chain" is_fetched linked under || true
test_of "hash and URL: nothing is there" refused gone CERT_FETCH || true
test_of "hash and URL: another one is there" refused swapped CERT_HASH || true
test_of "hash and URL: of no authority that says so" is_not_asked || true

# One that waits for who is silent delays nobody else.
a_silent_one() {
    local from waiting
    shrike_at west up silent-strict >"$net_dir/silent" 2>&1 &
    waiting=$!
    within 3 grep -q '^kept 1' "$net_dir/serve.log" || return 1
    from=$(date +%s%N)
    works p256 || return 1
    echo "meanwhile another: $((($(date +%s%N) - from) / 1000000)) ms"
    kill -0 $waiting || return 1
    ! wait $waiting && within 3 has_reason east silent-strict CERT_UNKNOWN
}

# As long as it is known that he is silent, nobody waits for him, which would be for 8 s.
relaxed_goes_on() {
    local before
    took works p256 && before=$took && took works silent-relaxed && echo "p256: $before ms, this one: $took ms" &&
        [ "$took" -lt $((3 * before + 3000)) ] && [ "$(grep -c ^kept "$net_dir/serve.log")" = 1 ]
}

test_of "certs is killed: nothing is missed" certs_is_killed || true
test_of "silence: strict is refused, others do not wait" a_silent_one || true
test_of "silence: relaxed is let in" relaxed_goes_on || true
test_of "the CRL was asked for once" test "$(grep -c asked "$net_dir/serve.log")" = 1 || true
if [ $net_failed -gt 0 ]; then exit 1; fi
exit 0
