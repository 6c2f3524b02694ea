# shellcheck shell=bash disable=SC2154
# West and east with one connection, "net", in the kernel's IPsec: sourced after tests/net/lib.sh.

# conf SIDE: as one side writes it; standard input has its children.
conf() {
    local mine=1 theirs=2
    [ "$1" = west ] || mine=2 theirs=1
    {
        cat <<END
shrike {
    kernel = xfrm
}
connections {
    net {
        local_addrs = 192.0.2.$mine
        remote_addrs = 192.0.2.$theirs
        encap = no
        proposals = aes128-sha256-x25519
        local {
            auth = psk
            id = $1.example
        }
        remote {
            auth = psk
        }
        children {
END
        cat
        cat <<END
        }
    }
}
secrets {
    ike-1 {
        secret = "Sixteen octets or more of it"
    }
}
END
    } >"$net_dir/$1.conf"
}

# child NAME SIDE LINE...: one of these children, from net to net.
child() {
    local name=$1 mine=1 theirs=2
    [ "$2" = west ] || mine=2 theirs=1
    shift 2
    cat <<END
$name {
    esp_proposals = aes128gcm16
    local_ts = 10.$mine.0.0/24
    remote_ts = 10.$theirs.0.0/24
$(printf '    %s\n' "$@")
}
END
}

# lines_of SIDE LINE...: that one child.
lines_of() {
    child net "$@" | conf "$1"
}
