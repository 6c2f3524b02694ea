# shellcheck shell=bash disable=SC2154
# The peer of the interoperation tests: strongSwan from Debian's packages, 5.9 in Debian 12, with its
# user-space ESP (kernel-libipsec). Sourced after tests/net/lib.sh.

peer_packages=(strongswan-swanctl charon-systemd libcharon-extra-plugins
    libstrongswan-standard-plugins libstrongswan-extra-plugins nftables)

# peer_start HOST [PLANE]: charon there, with $net_dir/HOST.swanctl/swanctl.conf; PLANE is libipsec
# (default) or netlink. What is in peer_settings goes into its section of strongswan.conf. With
# peer_root it is the charon of that root (see peer_newer).
declare -A peer_roots=()
peer_start() {
    local dir=$net_dir/$1.swanctl lib=yes
    [ "${2:-libipsec}" = libipsec ] || lib=no
    mkdir -p "$dir"/{conf.d,x509,x509ca,x509ocsp,x509aa,x509ac,x509crl,pubkey,private,rsa,ecdsa}
    mkdir -p "$dir"/{bliss,pkcs8,pkcs12}
    cat >"$dir/strongswan.conf" <<END
charon-systemd {
    load_modular = yes
    make_before_break = yes
    ${peer_settings:-}
    journal { default = -1 }
    syslog { daemon { default = -1 } auth { default = -1 } }
    filelog {
        log {
            path = $net_dir/$1.charon.log
            default = 1
            ike = 2
            time_format = %H:%M:%S
            flush_line = yes
        }
    }
    plugins {
        include /etc/strongswan.d/charon/*.conf
        vici { socket = unix://$net_dir/$1.charon.vici }
        kernel-libipsec { load = $lib }
        stroke { load = no }
        bypass-lan { load = no }
        farp { load = no }
        dhcp { load = no }
        resolve { load = no }
        tpm { load = no }
    }
}
swanctl { socket = unix://$net_dir/$1.charon.vici }
END
    peer_roots[$1]=${peer_root:-}
    local in=()
    [ -z "${peer_roots[$1]}" ] || in=(unshare --mount bash -euc "$peer_chroot" peer "$peer_root" "$net_dir")
    STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir \
        background "$1" "$net_dir/$1.charon.out" "${in[@]}" /usr/sbin/charon-systemd
    eval "charon_$1=$pid"
    within 20 peer "$1" --stats
}

# Into a root, with this run's folder there under the same name. What is mounted goes with the process.
# shellcheck disable=SC2016  # the dollars are the other shell's
peer_chroot='
    root=$1 dir=$2
    shift 2
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/run"
    mount -t tmpfs tmpfs "$root/tmp"
    mkdir -p "$root$dir"
    mount --bind "$dir" "$root$dir"
    exec chroot "$root" "$@"
'

# peer HOST ARGUMENT...: swanctl, speaking to that charon; the one that stands beside it.
peer() {
    local dir=$net_dir/$1.swanctl name=$1 charon=charon_$1 in=()
    shift
    [ -z "${peer_roots[$name]:-}" ] || in=(nsenter --target "${!charon}" --mount --root)
    STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir timeout "${peer_patience:-30}" "${in[@]}" \
        /usr/sbin/swanctl "$@" --uri "unix://$net_dir/$name.charon.vici"
}

# peer_newer: the charon of what is started from now on is 6.0 or later, until peer_root is nothing
# again. When there is none it fails, and $peer_why says why.
peer_newer() {
    if peer_root=$(tests/root/peer-root 2>"$net_dir/peer-root"); then
        peer_root=${peer_root%/}
        return 0
    fi
    peer_why="no strongSwan 6: $(tail -n 1 "$net_dir/peer-root")"
    return 1
}
