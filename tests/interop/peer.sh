# shellcheck shell=bash disable=SC2154
# The peer of the interoperation tests: strongSwan 5.9 from Debian's packages, with its user-space
# ESP (kernel-libipsec). Sourced after tests/net/lib.sh.

peer_packages=(strongswan-swanctl charon-systemd libcharon-extra-plugins
    libstrongswan-standard-plugins libstrongswan-extra-plugins nftables)

# peer_start HOST [PLANE]: charon there, with $net_dir/HOST.swanctl/swanctl.conf; PLANE is libipsec
# (default) or netlink. What is in peer_settings goes into its section of strongswan.conf.
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
    STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir \
        background "$1" "$net_dir/$1.charon.out" /usr/sbin/charon-systemd
    eval "charon_$1=$pid"
    within 20 peer "$1" --stats
}

# peer HOST ARGUMENT...: swanctl, speaking to that charon.
peer() {
    local dir=$net_dir/$1.swanctl name=$1
    shift
    STRONGSWAN_CONF=$dir/strongswan.conf SWANCTL_DIR=$dir \
        timeout 30 /usr/sbin/swanctl "$@" --uri "unix://$net_dir/$name.charon.vici"
}
