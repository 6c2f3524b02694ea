#!/usr/bin/env bash
# shellcheck disable=SC2154
# No process of shriked but keys has a secret in its memory, after a hundred handshakes and a reload,
# whichever way the secret came. That keys has them shows that the search finds what is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip memory: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping python3
shrike_programs
handshakes=100

# random OCTETS: as hex.
random() {
    od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

# as_hex TEXT
as_hex() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# Each stands in the file in another way; one comes over the control socket.
psk=$(random 32)
hex_psk=$(random 48)
ppk=$(random 48)
nt_hash=$(random 16)
password=$(random 24)
loaded=$(random 48)
{
    echo "psk $(as_hex "$psk")"
    echo "hex_psk $hex_psk"
    echo "ppk $ppk"
    echo "nt_hash $nt_hash"
    echo "password $(as_hex "$password")"
    echo "loaded $loaded"
} >"$net_dir/secrets"
wanted=$(sed 's/ .*/=whole/' "$net_dir/secrets" | sort)

site_to_site_net
for side in west east; do
    gateway_conf $side
    sed -i "s/secret = .*/secret = \"$psk\"/; s/    west-east {/&\n        ppk_id = tomorrow/" \
        "$net_dir/$side.conf"
done
ppk_secret="secrets {
    ppk-1 {
        id = tomorrow
        secret = 0s$(printf '%b' "$(sed 's/../\\x&/g' <<<"$ppk")" | base64 -w 0)
    }
}"
echo "$ppk_secret" >>"$net_dir/east.conf"
echo "$ppk_secret" >>"$net_dir/west.conf"
cat >>"$net_dir/west.conf" <<END
secrets {
    ike-other {
        id = somebody.example
        secret = 0x$hex_psk
    }
    ntlm-1 {
        id = carol
        secret = 0x$nt_hash
    }
    eap-1 {
        id = dave
        secret = "$password"
    }
}
END

up() {
    shriked_start west && shriked_start east &&
        python3 tests/net/load_shared.py "$net_dir/west.vici" IKE late late.example "$loaded"
}

shake() {
    local i side
    for ((i = 0; i < handshakes; i++)); do
        side=$((i % 2))
        [ $side = 0 ] && side=west || side=east
        shrike_at $side up west-east >/dev/null && shrike_at $side down west-east >/dev/null || return 1
    done
    shrike_at west up west-east && both_ways && shrike_at west list --json | grep '"ppk": true'
}

# scan ROLE: what of the secrets it has; whole ones without the way they are written in.
scan() {
    local pid=$shriked_west
    [ "$1" = parent ] || pid=$(role_of west "$1")
    [ -n "$pid" ] && python3 tests/net/memory_scan.py "$net_dir/secrets" "$pid" >"$net_dir/found" ||
        return 1
    tr ' ' '\n' <"$net_dir/found" | sed 1d | sort
}

has_none() {
    local found
    found=$(scan "$1") && echo "$1: $found" && [ -z "$found" ]
}

# All of them, each whole, in whatever way.
has_all() {
    local found
    found=$(scan keys) && echo "$found" &&
        diff <(sed 's/=.*whole.*/=whole/' <<<"$found") - <<<"$wanted"
}

nobody_else_has_any() {
    local role
    for role in parent "${others[@]}"; do has_none "$role" || return 1; done
}

roles() {
    local p
    for p in $(cat "/proc/$shriked_west/task/$shriked_west/children"); do
        sed 's/^shriked-//' "/proc/$p/comm"
    done
}

killed() {
    local old now
    old=$(role_of west keys)
    kill -KILL "$old" && within 5 another_than "$old"
}

another_than() {
    local now
    now=$(role_of west keys)
    [ -n "$now" ] && [ "$now" != "$1" ] && scan keys | grep -q .
}

test_of "up" up || true
mapfile -t others < <(roles | grep -vx keys)
test_of "$handshakes handshakes" shake || true
test_of "keys has every secret" has_all || true
for role in parent "${others[@]}"; do
    test_of "$role has none" has_none "$role" || true
done
test_of "nor after a reload, by who has them then" shrike_at west reload || true
test_of "keys has every secret still" has_all || true
test_of "and nobody else has any" nobody_else_has_any || true
test_of "keys is killed" killed || true
test_of "the next one has them out of the vault" has_all || true
test_of "which nobody else has read" nobody_else_has_any || true
[ $net_failed -eq 0 ]
