#!/usr/bin/env bash
# shellcheck disable=SC2154
# Certificates of this host in its folders: a chain in one file and its key, found by each other, take a
# tunnel up; a renewed chain and a new key, written as a client of an ACME authority writes them, are used
# from the next handshake on without a command; half a file changes nothing; what has ended is said.
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

pki=$net_dir/pki
mkdir "$pki"
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh

# renew SIDE DAYS: chain.pem with the intermediate behind it, and privkey.pem, in $pki/SIDE.
renew() {
    mkdir -p "$pki/$1"
    leaf "$1" P-256 mid "$2" extendedKeyUsage=serverAuth,clientAuth || return 1
    cat "$pki/$1.pem" "$pki/mid.pem" >"$pki/$1/chain.pem"
    cp "$pki/$1.key" "$pki/$1/privkey.pem"
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

authority root
authority mid root
for side in west east; do
    side $side
    renew $side 90
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
down() { shrike_at east down west-east; }

tunnel() {
    up && both_ways
}

# log_of SIDE PATTERN: a line of it since the last note.
note() { before=$(wc -l <"$net_dir/$1.log"); }
log_of() { tail -n +$((before + 1)) "$net_dir/$1.log" | grep -q "$2"; }

# The key that west signs by is the new one: with the old one on disk nowhere, only that can be.
renewed() {
    down || return 1
    note west
    renew west 90
    into west
    within 5 log_of west 'are read again' && within 5 log_of west '1 private keys from files' || return 1
    sleep 0.5
    tunnel && ! log_of west 'no private key'
}

# East trusts nobody any more until the authority is there again: it heeds what changes.
authority_goes_and_comes() {
    down || return 1
    note east
    mv "$net_dir/east/x509ca/root.pem" "$net_dir/east/root.pem"
    within 5 log_of east 'are read again' || return 1
    sleep 0.5
    ! up && log_of east 'there is no certificate of the peer' || return 1 # nobody is asked for
    mv "$net_dir/east/root.pem" "$net_dir/east/x509ca/root.pem"
    sleep 1.5
    tunnel
}

half_a_file_changes_nothing() {
    down || return 1
    note west
    head -c 300 "$net_dir/west/x509/chain.pem" >"$net_dir/west/half"
    cp "$net_dir/west/half" "$net_dir/west/x509/chain.pem"
    within 5 log_of west 'what it held before is used on' || return 1
    sleep 0.5
    tunnel
}

its_end_is_said() {
    down || return 1
    note west
    renew west -1
    into west
    within 5 log_of west 'chain.pem: a certificate in it has expired at .*: peers refuse it' || return 1
    sleep 0.5
    ! up && shrike_at east why | tee "$net_dir/why" | grep -q expired || return 1
    renew west 90
    into west
    sleep 1.5
    tunnel
}

# A certificate whose key is not there is said with the place of its connection.
no_key_is_said() {
    down || return 1
    note west
    mv "$net_dir/west/private/privkey.pem" "$net_dir/west/away"
    within 5 log_of west 'swanctl.conf:[0-9]*: connection west-east: there is no private key for .*chain.pem' ||
        return 1
    ! up || return 1
    mv "$net_dir/west/away" "$net_dir/west/private/privkey.pem"
    sleep 1.5
    tunnel
}

nothing_is_missing() { ! grep warning "$net_dir/west.log"; }

# shrike check knows whose certificate is missing before anybody is called.
check_says() {
    sed -e '/id = west/s/west/nobody/' "$net_dir/west/swanctl.conf" >"$net_dir/west/other.conf"
    ! "$shrike" check "$net_dir/west/swanctl.conf" | grep 'no certificate' &&
        "$shrike" check "$net_dir/west/other.conf" |
        tr -s ' \n' ' ' | grep -q 'has no certificate for its identity nobody.example'
}

test_of starts start "$@"
test_of nothing_is_missing nothing_is_missing
test_of tunnel_by_certificates tunnel
test_of check_says check_says
test_of renewed renewed
test_of authority_goes_and_comes authority_goes_and_comes
test_of half_a_file_changes_nothing half_a_file_changes_nothing
test_of no_key_is_said no_key_is_said
test_of its_end_is_said its_end_is_said

if [ $net_failed -gt 0 ]; then exit 1; fi
exit 0
