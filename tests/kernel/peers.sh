# shellcheck shell=bash disable=SC2154
# The peers of tests/kernel/interop.sh, which run on its host east, each with the kernel's IPsec. Sourced
# after tests/interop/lib.sh. For each $peer there are
#
#     PEER_packages   what it takes from Debian
#     PEER_boot       once
#     PEER_listens    with the connection "net" of this row
#     PEER_calls      west
#     PEER_rekeys child|ike
#     PEER_ends       what there is
#     PEER_is_empty
#     PEER_forgets    the connection, for the next row
#     PEER_waits      for the first packet, which makes it call
#     PEER_dies       by SIGKILL; then PEER_boot and PEER_listens again
#
# of $first, $ip, $nat, $proof, $suite, $ike, $mode and of $near, $far, $near_seen and $far_seen, the ends
# of the road and what the other side sees of them; ${east_ends[@]} are those that its configuration names.

declare -A conn_lines child_lines # of west and of east: what else stands in the connection and its child

# swan_conf SIDE LOCAL REMOTE: the connection as shriked and charon read it.
swan_conf() {
    local mine=1 theirs=2 auth=psk certs='' authority='' other=east selectors='' nets
    [ "$1" = west ] || mine=2 theirs=1 other=west
    [ "$proof" = psk ] || auth=pubkey certs="certs = $pki/$1-$proof.pem" authority="cacerts = $pki/root.pem"
    [ "$mode" = transport ] || {
        nets_behind $mine && selectors="local_ts = $nets"
        nets_behind $theirs && selectors+=$'\n                remote_ts = '$nets
    }
    echo "connections {
    net {
        version = 2
        local_addrs = $2
        remote_addrs = $3
        proposals = $ike
        encap = no
        ${conn_lines[$1]:-}
        local {
            auth = $auth
            id = $1.example
            $certs
        }
        remote {
            auth = $auth
            id = $other.example
            $authority
        }
        children {
            net {
                mode = $mode
                ${proposals:-esp}_proposals = $suite
                ${child_lines[$1]:-}
                $selectors
            }
        }
    }
}"
    swan_secrets
}

swan_secrets() {
    echo 'secrets {
    ike-1 {
        secret = "Sixteen octets or more of it"
    }
}'
}

# nets_behind NUMBER: the networks behind that side, for $inner, in $nets; the one address there, of packets in
# BEET mode.
nets_behind() {
    local whole=0/24 all=/64
    [ "$mode" != beet ] || whole=1 all=1
    case $inner in
    4) nets=10.$1.0.$whole ;;
    6) nets=fd0$1::$all ;;
    both) nets=10.$1.0.0/24,fd0$1::/64 ;;
    esac
}

# killed PID: that program and the processes that it has made, all at once.
killed() {
    # shellcheck disable=SC2046
    kill -KILL "$1" $(cat "/proc/$1/task/$1/children")
    wait "$1" || true
}

# strongSwan.
strongswan_packages=("${peer_packages[@]}")
charon() { ask vici "$net_dir/east.charon.vici" "$@"; }
# It says whose notifies of private use it means: without that it has no BEET mode. What it has rekeyed stays for
# a second, not for five: rows wait for that.
strongswan_boot() {
    peer_settings=$'send_vendor_id = yes\n    delete_rekeyed_delay = 1' peer_start east netlink
    swan_secrets >"$net_dir/east.swanctl/swanctl.conf"
    cp "$pki/private"/* "$net_dir/east.swanctl/private/"
    peer east --load-creds
}
strongswan_listens() {
    swan_conf east "${east_ends[@]}" >"$net_dir/east.swanctl/swanctl.conf"
    ask load "$net_dir/east.charon.vici" "$net_dir/east.swanctl/swanctl.conf"
}
strongswan_calls() { charon initiate child=net timeout=10000; }
strongswan_waits() { charon install child=net; }
strongswan_rekeys() { charon rekey "$1=net"; }
strongswan_ends() { charon terminate ike=net timeout=10000; }
strongswan_is_empty() { ask none "$net_dir/east.charon.vici"; }
strongswan_forgets() {
    charon uninstall child=net || true # where it waited
    strongswan_is_empty || charon terminate ike=net force=yes timeout=2000
}
strongswan_dies() { killed "$charon_east"; }

# Another shriked.
shrike_packages=()
shrike_boot() { :; }
shrike_listens() {
    swan_conf east "${east_ends[@]}" >"$net_dir/east.conf"
    if [ -n "$east_runs" ]; then
        shrike_at east reload
    else
        shriked_start east && east_runs=yes
    fi
}
shrike_calls() { shrike_at east up net net; }
shrike_waits() { :; } # its child says so
shrike_rekeys() {
    if [ "$1" = child ]; then shrike_at east rekey net net; else shrike_at east rekey net; fi
}
shrike_ends() { shrike_at east down net; }
shrike_is_empty() { ask none "$net_dir/east.vici"; }
shrike_forgets() { [ -n "$west_runs" ] || stop east_runs "$shriked_east"; } # both, or neither
shrike_dies() { killed "$shriked_east" && east_runs=; }

# libreswan, which cannot be installed beside strongSwan. What it has called by a command, it calls again at once
# when west has ended it, unless it is told not to.
libreswan_packages=()
whack() {
    local run=$net_dir/pluto
    timeout 20 "$libreswan/whack" --rundir "$run" --ctlsocket "$run/pluto.ctl" "$@"
}
# libreswan_uses FOLDER: its libraries and tools are there.
libreswan_uses() {
    LD_LIBRARY_PATH=$(echo "$1"/usr/lib/*-linux-gnu)
    export LD_LIBRARY_PATH PATH=$PATH:$1/usr/bin
}
# libreswan_database FOLDER: of its certificates and keys.
libreswan_database() {
    local kind
    mkdir "$1"
    certutil -N --empty-password -d "sql:$1"
    certutil -A -d "sql:$1" -n root -t CT,, -i "$pki/root.pem"
    for kind in rsa2048 P-256; do
        openssl pkcs12 -export -in "$pki/east-$kind.pem" -inkey "$pki/east-$kind.key" -name "east-$kind" \
            -passout pass:x -out "$pki/$kind.p12"
        pk12util -i "$pki/$kind.p12" -d "sql:$1" -W x
    done
}
libreswan_boot() {
    local dir=$net_dir/pluto
    mkdir -p "$dir/ipsec.d"
    [ -e "$dir/nss" ] || cp -r "$pki/nss" "$dir/nss"
    printf 'config setup\n\tuniqueids=yes\n\tvirtual-private=\ninclude %s/net.conf\n' "$dir" >"$dir/ipsec.conf"
    : >"$dir/net.conf"
    echo '@east.example @west.example : PSK "Sixteen octets or more of it"' >"$dir/secrets"
    rm -f "$dir/pluto.pid" "$dir/pluto.ctl"
    background east "$net_dir/pluto.out" "$libreswan/pluto" --nofork --config "$dir/ipsec.conf" \
        --secretsfile "$dir/secrets" --nssdir "$dir/nss" --ipsecdir "$dir/ipsec.d" --rundir "$dir" \
        --logfile "$net_dir/pluto.log"
    pluto=$pid
    # The newer name is child.
    whack_child=$(whack --help 2>&1 | grep -oE -m 1 -e '--rekey-(ipsec|child)' || true)
    within 15 whack --status && whack --impair revival && whack --listen
}
libreswan_listens() {
    local auth=secret
    case $proof in
    rsa*) auth=rsasig ;;
    P-*) auth=ecdsa ;;
    esac
    cat >"$net_dir/pluto/net.conf" <<END
conn net
	ikev2=insist
	authby=$auth
	left=$far
	leftid=@east.example
	right=$near_seen
	rightid=@west.example
	ike=$(libreswan_ike)
	$(libreswan_child)
	type=$mode
	$(libreswan_nets)
	$([ "$proof" = psk ] || printf 'leftcert=%s\n\tleftsendcert=always\n\trightca=%%same' "east-$proof")
	leftupdown=%disabled
	mobike=no
	retransmit-timeout=10s
	auto=ignore
END
    "$libreswan/addconn" --config "$net_dir/pluto/ipsec.conf" --ctlsocket "$net_dir/pluto/pluto.ctl" net
}
libreswan_nets() {
    local nets
    if [ "$mode" = tunnel ]; then
        nets_behind 2 && printf 'leftsubnet=%s\n\t' "$nets"
        nets_behind 1 && printf 'rightsubnet=%s' "$nets"
    fi
}
# aes256gcm16-prfsha256-x25519 in its words.
libreswan_ike() {
    local prf ke cipher=${ike%%-*}
    case $ike in *sha256*) prf=sha2_256 ;; *sha384*) prf=sha2_384 ;; *) prf=sha2_512 ;; esac
    case $ike in *x25519) ke=dh31 ;; *ecp256) ke=dh19 ;; *) ke=dh14 ;; esac
    case $cipher in *gcm16) cipher=aes_gcm${cipher:3:3} ;; esac
    echo "$cipher-$prf-$ke"
}
libreswan_child() {
    local words=$suite esn=no pfs=no
    case $words in *-x25519) pfs=yes words=${words%-x25519} ;; esac
    case $words in *-esn) esn=yes words=${words%-esn} ;; esac
    case $words in
    *gcm16) words=aes_gcm${words:3:3} ;;
    chacha20poly1305) words=chacha20_poly1305 ;;
    *sha1) ;;
    *) words=${words/sha/sha2_} ;;
    esac
    [ $pfs = no ] || words+=-dh31 # or it is the group of the IKE SA
    [ "${proposals:-esp}" = esp ] || printf 'phase2=ah\n\t'
    printf 'phase2alg=%s\n\tesn=%s\n\tpfs=%s\n' "$words" $esn $pfs
    [[ ${child_lines[east]:-} != *ipcomp* ]] || printf '\tcompress=yes\n'
}
libreswan_calls() { whack --initiate --name net; }
libreswan_waits() { whack --route --name net; }
libreswan_rekeys() {
    local what=--rekey-ike
    [ "$1" = ike ] || what=$whack_child
    whack "$what" --name net
}
libreswan_ends() { whack --terminate --name net; }
libreswan_is_empty() { ! whack --showstates | grep -q STATE_; }
libreswan_forgets() { whack --delete --name net; }
libreswan_dies() { killed "$pluto"; }

# OpenIKED. It has one file, which it reads at its start, and calls at once where it is to call; of
# what one may tell it, rekeying is not a part: it rekeys when lifetimes end. As the one that called it does
# not answer when west, which has rekeyed the IKE SA, deletes the old one (it takes such from callers alone):
# west gives up, and has only the new one then.
openiked_packages=(openiked)
ikectl() { timeout 20 /usr/sbin/ikectl -s "$net_dir/iked.sock" "$@"; }
openiked_boot() {
    iked=
    mountpoint -q /etc/iked || mount -t tmpfs tmpfs /etc/iked
    mkdir -p /etc/iked/{ca,certs,crls,private,pubkeys/{fqdn,ipv4,ipv6,ufqdn}}
}
openiked_listens() {
    local auth="psk \"Sixteen octets or more of it\"" dir=/etc/iked act=passive
    [ "$first" = shrike ] || act=active
    rm -f "$dir"/certs/* "$dir"/private/*
    cp "$pki/root.pem" "$dir/ca/ca.crt"
    cp "$pki/east-P-256.key" "$dir/private/local.key" # one there must be, with a shared key too
    [ "$proof" = psk ] || {
        cp "$pki/east-$proof.pem" "$dir/certs/east.crt"
        cp "$pki/east-$proof.key" "$dir/private/local.key"
        auth=
    }
    cat >"$net_dir/iked.conf" <<END
set enforcesingleikesa
ikev2 "net" $act $mode $proposals $(openiked_nets) local $far peer $near_seen \\
    ikesa $(openiked_ike) childsa $(openiked_child) \\
    srcid east.example dstid west.example ${iked_lifetimes:-ikelifetime 1h lifetime 30m} $auth
END
    chmod 600 "$net_dir/iked.conf"
    [ "$first" != shrike ] || openiked_starts
}
# It is ready when it has said its last setting: what came before is forgotten then.
openiked_starts() {
    : >"$net_dir/iked.log"
    background east "$net_dir/iked.log" /usr/sbin/iked -d -vv -f "$net_dir/iked.conf" -s "$net_dir/iked.sock"
    iked=$pid
    ask until 30 says "$net_dir/iked.log" stickyaddress
}
openiked_nets() {
    if [ "$mode" = transport ]; then
        echo "from $far to $near_seen"
    elif [ "$inner" = both ]; then
        echo "from 10.2.0.0/24 to 10.1.0.0/24 from fd02::/64 to fd01::/64"
    else
        local nets
        nets_behind 2 && printf 'from %s ' "$nets"
        nets_behind 1 && printf 'to %s' "$nets"
    fi
}
openiked_words() {
    case $1 in
    aes*gcm16) echo "enc aes-${1:3:3}-gcm" ;;
    aes*) echo "enc aes-${1:3:3}" ;;
    esac
}
openiked_ike() {
    local prf ke auth=
    case $ike in *sha256*) prf=hmac-sha2-256 ;; *sha384*) prf=hmac-sha2-384 ;; *) prf=hmac-sha2-512 ;; esac
    case $ike in *x25519) ke=curve25519 ;; *ecp256) ke=ecp256 ;; *) ke=modp2048 ;; esac
    [[ $ike == *gcm16* ]] || auth="auth $prf"
    echo "$(openiked_words "${ike%%-*}") $auth prf $prf group $ke"
}
openiked_child() {
    local words=${suite%-esn} esn=noesn enc='' ke=''
    [ "$words" = "$suite" ] || esn=esn
    case $words in *-x25519) ke="group curve25519" words=${words%-x25519} ;; esac
    [ "$proposals" = ah ] || enc=$(openiked_words "$words")
    case $words in
    *sha1) words=hmac-sha1 ;;
    *) words=hmac-sha2-${words##*sha} ;;
    esac
    echo "$enc auth $words $ke $esn"
}
openiked_calls() {
    openiked_starts && within 10 openiked_has
}
openiked_has() { ikectl show sa | grep -q ESTABLISHED; }
openiked_rekeys() { return 1; }
openiked_ends() { ikectl passive && ikectl reset id FQDN/west.example; } # or it would call again
openiked_is_empty() { ! openiked_has; }
openiked_forgets() { [ -z "$iked" ] || finish "$iked"; }
openiked_dies() { killed "$iked"; }
