#!/usr/bin/env bash
# shellcheck disable=SC2154
# Several rounds of authentication (RFC 4739) against strongSwan, in both roles: certificates, shared
# keys and EAP one after the other, and what Shrike says of a round that fails or is left out.
#
#     west (shriked) ---- east (charon)
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip rounds: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh
# shellcheck source=tests/interop/peer.sh
. tests/interop/peer.sh
legacy=() # where OpenSSL has MD4, which MSCHAPv2 needs, in a package of its own
! apt-cache show openssl-provider-legacy >/dev/null 2>&1 || legacy=(openssl-provider-legacy)
tools/need "${peer_packages[@]}" libcharon-extauth-plugins iproute2 iputils-ping openssl "${legacy[@]}"
shrike_programs
pki=$net_dir/pki
mkdir "$pki"

host west east
link west wan east wan
address west wan 192.0.2.1/24
address east wan 192.0.2.2/24

# By what the caller proves itself, round after round, and by what the called one does. (charon, when it
# calls by a shared key or EAP, wants all rounds of the called one before.)
cases=(cert-eap psk-eap cert-cert eap-psk gates all wrong fewer)
declare -A caller=([cert-eap]="cert eap" [psk-eap]="psk eap" [cert-cert]="cert cert" [eap-psk]="eap psk"
    [gates]="cert" [all]="cert psk eap" [wrong]="cert eap" [fewer]="cert psk")
declare -A called=([cert-eap]=cert [psk-eap]=psk [cert-cert]=cert [eap-psk]=cert
    [gates]="cert psk" [all]="cert psk" [wrong]=cert [fewer]=cert)

authority root

# who NAME ROLE ROUND: an identity of its own for each.
who() { echo "$2$3-$1"; }

# round SECTION KIND NAME ROLE ROUND OURS
round() {
    local id
    id=$(who "$3" "$4" "$5")
    echo "        $1-$5 {"
    echo "            round = $5"
    case $2 in
    cert)
        printf '            auth = pubkey\n            id = %s.example\n' "$id"
        [ "$6" = no ] || echo "            certs = $id.pem"
        ;;
    eap) printf '            auth = eap-mschapv2\n            id = %s\n            eap_id = %s\n' "$id" "$id" ;;
    psk) printf '            auth = psk\n            id = %s\n' "$id" ;;
    esac
    echo "        }"
}

# rounds SIDE CALLER NAME: the sections of that side. (Of "fewer" the caller knows the first round only.)
rounds() {
    local i=0 kind ours=yes theirs=no mine=local other=remote rounds=${caller[${3#*-}]}
    [ "$1" = "$2" ] || ours=no theirs=yes mine=remote other=local
    [ "$1:${3#*-}" != "$2:fewer" ] || rounds=cert
    for kind in $rounds; do
        i=$((i + 1))
        round $mine "$kind" "$3" caller $i $ours
    done
    i=0
    for kind in ${called[${3#*-}]}; do
        i=$((i + 1))
        round $other "$kind" "$3" gate $i $theirs
    done
}

# half SIDE CALLER NAME NUMBER
half() {
    local near=1 far=2
    [ "$1" = west ] || near=2 far=1
    cat <<END
    $3 {
        version = 2
        local_addrs = 192.0.2.$near
        remote_addrs = 192.0.2.$far
        proposals = aes128gcm16-prfsha256-x25519
        send_cert = always
$(rounds "$1" "$2" "$3")
        children {
            $3 {
                local_ts = 10.$near.$4.1/32
                remote_ts = 10.$far.$4.1/32
                esp_proposals = aes128gcm16
            }
        }
    }
END
}

# secrets SIDE: those of "wrong" differ.
secrets() {
    local of side round secret
    printf 'secrets {\n    ike-1 {\n        secret = "Sixteen octets or more of it"\n    }\n'
    for of in "${cases[@]}"; do
        for side in west east; do
            for round in 1 2 3; do
                secret="of $side.$of"
                [ "$of" != wrong ] || secret="of $1"
                printf '    eap-%s-%s-%s {\n        id = %s\n        secret = "%s"\n    }\n' \
                    $side "$of" $round "$(who "$side-$of" caller $round)" "$secret"
            done
        done
    done
    echo "}"
}

declare -A numbers=()
for side in west east; do
    for name in "${cases[@]}"; do
        numbers[$side-$name]=$((${#numbers[@]} + 1))
        address west lo "10.1.${numbers[$side-$name]}.1/32"
        address east lo "10.2.${numbers[$side-$name]}.1/32"
        for one in caller1 caller2 gate1; do
            leaf "$one-$side-$name" P-256
            for dir in west east; do holds "$net_dir/$dir.swanctl" "$one-$side-$name"; done
        done
    done
done
for side in west east; do
    {
        echo "connections {"
        for by in west east; do
            for name in "${cases[@]}"; do half $side $by "$by-$name" "${numbers[$by-$name]}"; done
        done
        echo "}"
        secrets $side
    } >"$net_dir/$side.swanctl/swanctl.conf"
done

start() {
    background west "$net_dir/west.log" "$shriked" --config "$net_dir/west.swanctl/swanctl.conf" \
        --control-socket "$net_dir/west.vici"
    within 10 shrike_at west version && peer_start east && peer east --load-all
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

# works SIDE NAME: that side calls; each is whom the other's last round proves.
works() {
    local n=${numbers[$1-$2]} last kinds
    begin "$1" "$1-$2" && pings west 3 "10.2.$n.1" -I "10.1.$n.1" || return 1
    read -ra kinds <<<"${caller[$2]}"
    last=$(who "$1-$2" caller "${#kinds[@]}")
    [ "$1" = west ] || shrike_at west list --json | grep -F "\"$last" || return 1
    shrike_at west rekey "$1-$2" && shrike_at west down "$1-$2" && within 5 gone
}

# refused SIDE NAME REASON
refused() {
    ! begin "$1" "$1-$2" && shrike_at west why "$1-$2" --json >"$net_dir/why" &&
        cat "$net_dir/why" && grep -q "\"$3\"" "$net_dir/why"
}

test_of "both start" start || exit 1
for side in west east; do
    for name in cert-eap psk-eap cert-cert eap-psk gates all; do
        test_of "$side calls: $name" works $side $name || true
    done
done
test_of "west calls, a wrong password in the second round" refused west wrong EAP_REFUSED || true
test_of "east calls, a wrong password in the second round" refused east wrong EAP_GIVEN_UP || true
test_of "east calls and leaves a round out" refused east fewer ROUNDS_DIFFER || true
test_of "west calls and leaves a round out" refused west fewer AUTH_FAILED || true
[ "$net_failed" -eq 0 ]
