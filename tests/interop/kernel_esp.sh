#!/usr/bin/env bash
# shellcheck disable=SC2154
# Shrike's user-space ESP against strongSwan with the ESP of a real kernel, both inside
# user-mode-linux: raw protocol 50, 64-bit sequence numbers, UDP encapsulation.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
if [ "${IN_UML:-}" != yes ]; then
    tools/need "${peer_packages[@]}" iproute2 iputils-ping
    rm -r "$net_dir" # that is made inside
    IN_UML=yes exec tests/kernel/in-uml --seconds 240 "$0" "$@"
fi
shrike_programs

# connection SIDE: as one side writes it, for $suite, $ip and $encap.
connection() {
    local mine=1 theirs=2 net=192.0.2.
    [ "$1" = west ] || mine=2 theirs=1
    [ "$ip" = 4 ] || net=2001:db8::
    net_conf "$1.example" local_addrs=$net$mine remote_addrs=$net$theirs encap="$encap" \
        proposals=aes128-sha256-x25519 -- local_ts=10.$mine.0.0/24 remote_ts=10.$theirs.0.0/24 \
        esp_proposals="$suite"
}

# What kind of packets the kernel's SA is for.
kernel_says() {
    at east -s xfrm state >"$net_dir/state"
    grep -q 'proto esp' "$net_dir/state" || return 1
    [ "$encap" = yes ] || ! grep -q 'encap type' "$net_dir/state" || return 1
    [[ $suite != *-esn ]] || grep -q 'flag.*esn' "$net_dir/state"
}

row() {
    { connection west && printf 'shrike {\n    kernel = esp\n}\n'; } >"$net_dir/west.conf"
    connection east >"$net_dir/east.swanctl/swanctl.conf"
    : >"$net_dir/west.log"
    peer east --load-all || return 1
    shriked_start west || return 1
    if [ "$first" = shrike ]; then
        shrike_at west up net net || return 1
    else
        peer east --initiate --child net --timeout 10 || return 1
    fi
    kernel_says && ping_at alice 10.2.0.10 && ping_at bob 10.1.0.10 &&
        pings alice 3 10.2.0.10 -s 3000 && peer east --terminate --ike net --timeout 10
    local code=$?
    finish "$shriked_west"
    return $code
}

site_to_site_net
peer_must_start east netlink
while read -r first ip encap suite; do
    test_of "first=$first ip=$ip encap=$encap suite=$suite" row || true
done <<'END'
shrike 4 no aes128gcm16
peer 4 no aes128gcm16-esn
shrike 4 no aes256gcm16-esn
peer 6 no aes128-sha256
shrike 6 no aes128-sha256-esn
peer 4 no chacha20poly1305-esn
shrike 4 yes aes128gcm16-esn
END
[ $net_failed -eq 0 ]
