#!/usr/bin/env bash
# shellcheck disable=SC2154
# No process of shriked but keys has a secret or a private key in its memory, after a hundred
# handshakes by them and a reload, whichever way it came: shared keys, signatures, passwords of EAP, and
# signatures in TLS, with west at either end. That keys has them shows that the search finds what is
# there.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip memory: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
legacy=() # where OpenSSL has MD4, which MSCHAPv2 needs, in a package of its own
! apt-cache show openssl-provider-legacy >/dev/null 2>&1 || legacy=(openssl-provider-legacy)
tools/need iproute2 iputils-ping openssl python3 "${legacy[@]}"
shrike_programs
handshakes=104

# random OCTETS: as hex.
random() {
    od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

# as_hex TEXT
as_hex() {
    printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# wide TEXT: as UTF-16, in hex; hash_of TEXT: by MD4 of that, as MSCHAPv2 has it.
wide() {
    printf '%s' "$1" | iconv -t UTF-16LE | od -An -v -tx1 | tr -d ' \n'
}
hash_of() {
    printf '%s' "$1" | iconv -t UTF-16LE | openssl md4 -provider legacy -provider default | sed 's/.* //'
}

# private_of KEY FIELD: of a private key, as hex; FIELD as openssl calls it.
private_of() {
    openssl pkey -in "$1" -noout -text | awk -v field="$2:" '/^[^ ]/ { on = $1 == field } /^ / && on' |
        tr -d ' :\n' | sed 's/^00//'
}

# text_of KEY NUMBER: a piece of that number as it stands in PEM, without the ends of lines.
text_of() {
    local der before
    der=$(openssl pkey -in "$1" -outform DER | od -An -v -tx1 | tr -d ' \n')
    before=${der%%"$2"*}
    [ "$before" != "$der" ] && printf '%b' "$(sed 's/../\\x&/g' <<<"${2:$(((6 - ${#before} % 6) % 6)):192}")" |
        base64 -w 0
}

# Both have both keys, for they read the same folders. West's is encrypted.
mkdir "$net_dir/x509" "$net_dir/x509ca" "$net_dir/private"
passphrase=$(random 24)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=root -days 9 \
    -keyout "$net_dir/root.key" -out "$net_dir/x509ca/root.pem" 2>/dev/null
certificate() {
    openssl req -x509 -CA "$net_dir/x509ca/root.pem" -CAkey "$net_dir/root.key" -newkey "${@:2}" \
        -nodes -subj "/CN=$1" -addext "subjectAltName=DNS:$1,DNS:tls-${1%%.*}.example" -addext basicConstraints=CA:FALSE \
        -days 9 -keyout "$net_dir/$1.key" -out "$net_dir/x509/$1.pem" 2>/dev/null
}
certificate west.key.example ec -pkeyopt ec_paramgen_curve:P-256
certificate east.key.example rsa:2048
cp "$net_dir/east.key.example.key" "$net_dir/private"
openssl pkey -in "$net_dir/west.key.example.key" -aes256 -passout "pass:$passphrase" \
    -out "$net_dir/private/west.key.example.key"
ec=$(private_of "$net_dir/west.key.example.key" priv)
rsa=$(private_of "$net_dir/east.key.example.key" privateExponent)
prime=$(private_of "$net_dir/east.key.example.key" prime1)

# Each stands in the file in another way; one comes over the control socket. Those with a "?" nobody
# but keys may have, and keys need not.
psk=$(random 32)
hex_psk=$(random 48)
ppk=$(random 48)
password=$(random 24) # of dave, who is west
carols=$(random 24)   # of carol, who is east; west has its hash alone
nt_hash=$(hash_of "$carols")
loaded=$(random 48)
{
    echo "psk $(as_hex "$psk")"
    echo "hex_psk $hex_psk"
    echo "ppk $ppk"
    echo "nt_hash $nt_hash"
    echo "password $(as_hex "$password")"
    echo "loaded $loaded"
    echo "ec $ec"
    echo "rsa $rsa"
    echo "prime $prime"
    echo "?pem $(as_hex "$(text_of "$net_dir/east.key.example.key" "$rsa")")"
    echo "?passphrase $(as_hex "$passphrase")"
    echo "?wide $(wide "$password")"
    echo "?own_hash $(hash_of "$password")"
    echo "?carols $(as_hex "$carols")"
} >"$net_dir/secrets"
[ "$(awk 'length($2) >= 32' "$net_dir/secrets" | wc -l)" -eq 14 ]
wanted=$(sed '/^?/d; s/ .*/=whole/' "$net_dir/secrets" | sort)

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
# by_eap SIDE CLIENT METHOD USER: the connection METHOD-CLIENT of a client and its gateway.
by_eap() {
    local near=1 far=2 other=west own theirs
    [ "$1" = west ] || { near=2 far=1; }
    [ "$2" = east ] || other=east
    own="auth = eap-$3
            eap_id = $4
            id = $3-$2.example"
    theirs="auth = pubkey
            id = $other.key.example"
    if [ "$1" != "$2" ]; then
        own=$theirs
        theirs="auth = eap-$3
            eap_id = %any
            id = $3-$2.example"
    fi
    cat <<END
    $3-$2 {
        local_addrs = 192.0.2.$near
        remote_addrs = 192.0.2.$far
        local {
            $own
            certs = $1.key.example.pem
        }
        remote {
            $theirs
        }
        children {
            $3 {
                local_ts = 10.$near.0.0/24
                remote_ts = 10.$far.0.0/24
            }
        }
    }
END
}

for side in west east; do
    echo "$ppk_secret" >>"$net_dir/$side.conf"
    {
        echo "connections {"
        by_eap $side west mschapv2 dave
        by_eap $side east mschapv2 carol
        by_eap $side west tls west.key.example
        by_eap $side east tls east.key.example
        echo "}"
    } >>"$net_dir/$side.conf"
    sed '/^secrets/,$d; s/west-east {/by-key {/; s/auth = psk/auth = pubkey/; s/\.example/.key.example/;
        /ppk_id/d' "$net_dir/$side.conf" >"$net_dir/$side.key"
    cat "$net_dir/$side.key" - >>"$net_dir/$side.conf" <<END
secrets {
    private-west {
        file = west.key.example.key
        secret = $passphrase
    }
}
END
done
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
cat >>"$net_dir/east.conf" <<END
secrets {
    eap-1 {
        id = dave
        secret = "$password"
    }
    eap-2 {
        id = carol
        secret = "$carols"
    }
}
END

up() {
    shriked_start west && shriked_start east &&
        python3 tests/net/load_shared.py "$net_dir/west.vici" IKE late late.example "$loaded"
}

shake() {
    local i side conn
    for ((i = 0; i < handshakes; i += 8)); do
        for side in west east; do
            for conn in west-east by-key mschapv2-$side tls-$side; do
                shrike_at $side up "$conn" >/dev/null && shrike_at $side down "$conn" >/dev/null || return 1
            done
        done
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
        diff <(sed '/^?/d; s/=.*whole.*/=whole/' <<<"$found") - <<<"$wanted"
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
