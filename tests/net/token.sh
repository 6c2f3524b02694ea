#!/usr/bin/env bash
# shellcheck disable=SC2154
# Private keys on tokens: west has its own in softhsm2 alone, and one of its certificates. What it signs with, tokens that fail, and
# whom they hold up. token.sh [--one-process]
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip token: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh
tools/need iproute2 iputils-ping openssl python3 libp11-kit0 softhsm2 opensc
shrike_programs
site_to_site_net
pki=$net_dir/pki
mkdir "$pki"

# The process that has tokens is a user of its own, and has to get there.
token_user=$(id -u shrike-token 2>/dev/null || echo 64616)
export SOFTHSM2_CONF=$net_dir/softhsm2.conf
mkdir "$net_dir/tokens"
chmod 711 "$net_dir"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
    "$net_dir/tokens" >"$SOFTHSM2_CONF"

# token LABEL: an empty one, with the PIN 1234; prints its slot.
token() {
    softhsm2-util --init-token --free --label "$1" --pin 1234 --so-pin 5678 | sed -n 's/.*slot //p'
}
# into LABEL HANDLE NAME: the key of a certificate.
into() {
    softhsm2-util --import "$pki/$3.key" --token "$1" --label "$3" --id "$2" --pin 1234 >/dev/null
}

names=(rsa p256 p384 wrong absent card)
authority root
leaf rsa rsa2048
leaf p256 P-256
leaf p384 P-384
leaf wrong P-256
leaf absent P-256
leaf card P-384
leaf east P-256
slot=$(token one)
into one 01 rsa
into one a2 p256
into one a3 p384
into one a4 card
openssl x509 -in "$pki/card.pem" -outform DER -out "$pki/card.der"
pkcs11-tool --module "$(dpkg -L libsofthsm2 | grep -m 1 'libsofthsm2\.so$')" --token-label one --login --pin 1234 \
    --write-object "$pki/card.der" --type cert --id a4 --label card >/dev/null 2>&1
other=$(token two)
into two 04 wrong
chown -R "$token_user" "$net_dir/tokens"
holds "$net_dir/west" # and no keys
holds "$net_dir/east" east
for name in "${names[@]}"; do cp "$pki/$name.pem" "$net_dir/west/x509"; done
rm "$net_dir/west/x509/card.pem" # which is on the token, as its key is

conn() { # SIDE NAME: west shows the certificate NAME
    local mine=1 theirs=2 local="auth = pubkey
 certs = $2.pem
 id = $2.example" remote="auth = pubkey
 id = east.example"
    [ "$2" != card ] || local="auth = pubkey
 cert { handle = a4
 slot = $slot
 module = softhsm2 }
 id = card.example"
    if [ "$1" = east ]; then
        mine=2 theirs=1
        remote="auth = pubkey
 id = $2.example"
        local="auth = pubkey
 certs = east.pem
 id = east.example"
    fi
    if [ "$2" = psk ]; then
        local="auth = psk
 id = psk.$1"
        remote="auth = psk"
    fi
    printf '    %s {\n local_addrs = 192.0.2.%s\n remote_addrs = 192.0.2.%s\n local { %s\n }\n remote { %s\n }\n' \
        "$2" "$mine" "$theirs" "$local" "$remote"
    printf ' children { %s { local_ts = 10.%s.0.0/24\n remote_ts = 10.%s.0.0/24 } }\n    }\n' \
        "$2" "$mine" "$theirs"
}

# conf SIDE [PIN_OF_THE_OTHER_TOKEN]
conf() {
    local name
    {
        echo "connections {"
        for name in "${names[@]}" psk; do conn "$1" "$name"; done
        printf '}\nsecrets {\n ike { secret = psk }\n'
        if [ "$1" = west ]; then
            printf ' token1 { handle = 01\n slot = %s\n module = softhsm2\n pin = 1234 }\n' "$slot"
            printf ' token2 { handle = a2\n pin = 1234 }\n'
            printf ' token3 { handle = A3\n module = softhsm2\n pin = 1234 }\n'
            printf ' tokencard { handle = a4\n slot = %s\n pin = 1234 }\n' "$slot"
            printf ' token4 { handle = 04\n slot = %s\n pin = %s }\n' "$other" "${2:-4321}"
            printf ' token5 { handle = 05\n slot = %s\n module = none\n pin = 1234 }\n' "$slot"
        fi
        echo "}"
    } >"$net_dir/$1/swanctl.conf"
}

start() {
    local name
    for name in west east; do
        background "$name" "$net_dir/$name.log" "$shriked" --config "$net_dir/$name/swanctl.conf" \
            --control-socket "$net_dir/$name.vici" "$@"
        eval "shriked_$name=$pid"
        within 10 shrike_at "$name" version || return 1
    done
    ! grep "left out" "$net_dir"/{west,east}.log
}
works() {
    shrike_at west up "$1" && both_ways && shrike_at west down "$1"
}
# refused NAME REASON: here, and why says so.
refused() {
    ! shrike_at west up "$1" && shrike_at west --json -n 256 why >"$net_dir/why" && cat "$net_dir/why" &&
        grep -q "\"$2\"" "$net_dir/why"
}

# Stewards and those that they have started; of those, who has the modules.
stewards() {
    local p
    for p in $(pgrep -x shriked-token); do
        ! grep -qaF "$SOFTHSM2_CONF" "/proc/$p/environ" 2>/dev/null || echo "$p"
    done
}
holder() {
    local p
    for p in $(stewards); do
        ! grep -q libsofthsm "/proc/$p/maps" || echo "$p"
    done
}

confined() {
    local p
    p=$(holder)
    [ -n "$p" ] && grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$p/status" &&
        grep -q "^Uid:.$token_user.$token_user" "/proc/$p/status" &&
        grep -q '^CapEff:.0*$' "/proc/$p/status" && grep -q '^CapBnd:.0*$' "/proc/$p/status" &&
        grep -q '^NoNewPrivs:.1' "/proc/$p/status"
}

tried_once() {
    refused wrong AUTH_PIN && [ "$(grep -c "token4 .*PIN is wrong, and is not tried again" "$net_dir/west.log")" -ge 1 ]
}
another_pin() {
    conf west 1234
    shrike_at west reload && within 5 works wrong
}

dies() {
    local p
    p=$(holder)
    kill -KILL "$p" && within 10 works rsa
}

# It hangs: who needs it is refused in time, which is after 8 s; others are not held up.
hangs() {
    local p before
    took works psk && before=$took && p=$(holder) || return 1
    kill -STOP "$p"
    shrike_at west up rsa >"$net_dir/hangs" 2>&1 &
    local up=$!
    took works psk && [ "$took" -lt $((3 * before + 3000)) ] || return 1
    ! wait "$up" && cat "$net_dir/hangs" && grep -q "token" "$net_dir/hangs" || return 1
    kill -CONT "$p"
    within 20 works rsa
}

keys_again() {
    kill -KILL "$(role_of west keys)" && within 10 works p256
}
# Who comes anew has certificates of files alone, until keys has fetched the others.
control_again() {
    kill -KILL "$(role_of west control)" && within 10 works card
}

nobody_stays() {
    finish "$shriked_west"
    finish "$shriked_east"
    within 5 nobody
}
nobody() {
    [ -z "$(stewards)" ]
}

conf west
conf east
test_of "start" start "$@" || exit 1
for name in rsa p256 p384 card; do test_of "$name: up, and carries packets" works "$name" || true; done
test_of "the process that has tokens has no rights" confined || true
test_of "a wrong PIN, once" tried_once || true
test_of "a module that is not there" refused absent AUTH_TOKEN || true
test_of "another PIN, after a reload" another_pin || true
test_of "the process that has tokens dies" dies || true
test_of "a token that hangs holds up nobody else" hangs || true
[ "${1:-}" = --one-process ] || test_of "keys dies" keys_again || true
[ "${1:-}" = --one-process ] || test_of "control dies" control_again || true
test_of "no process stays" nobody_stays || true
[ "$net_failed" -eq 0 ]
