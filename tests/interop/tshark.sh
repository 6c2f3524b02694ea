#!/usr/bin/env bash
# shellcheck disable=SC2154
# tshark reads what Shrike sends: nothing malformed, and with the key files of `unsafe_keys` IKE_AUTH
# and ESP are decrypted.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
tools/need tshark tcpdump iproute2 iputils-ping
shrike_programs

site_to_site_net

# capture SUITE: a tunnel from its first message to its last, with pings and large ones.
capture() {
    local side dump
    rm -rf "$net_dir/keys" "$net_dir/wire.pcap"
    mkdir -p "$net_dir/keys"
    gateway_conf west "esp_proposals = $1"
    gateway_conf east "esp_proposals = $1"
    for side in west east; do
        sed -i "s/^ *local_addrs/        proposals = $1-prfsha256-x25519\n&/" "$net_dir/$side.conf"
    done
    printf 'shrike {\n    unsafe_keys = %s\n}\n' "$net_dir/keys" >>"$net_dir/west.conf"
    background west "$net_dir/tcpdump.log" tcpdump -Z root -U --immediate-mode -i wan0 -w "$net_dir/wire.pcap"
    dump=$pid
    within 5 grep -q listening "$net_dir/tcpdump.log" || return 1
    shriked_start west && shriked_start east && shrike_at west up west-east &&
        ping_at alice 10.2.0.10 && ping_at bob fd01::10 && shrike_at west down west-east
    local code=$?
    finish "$shriked_west"
    finish "$shriked_east"
    sleep 0.3
    finish "$dump"
    rm -f "$net_dir/tcpdump.log"
    return $code
}

# reads FILTER: how many frames of the capture are so, read with the key files.
reads() {
    WIRESHARK_CONFIG_DIR=$net_dir/keys tshark -r "$net_dir/wire.pcap" -o esp.enable_encryption_decode:TRUE \
        -o esp.enable_null_encryption_decode_heuristic:FALSE -Y "$1" 2>"$net_dir/tshark.err" | wc -l
}

nothing_malformed() {
    local count
    count=$(reads '_ws.malformed || _ws.expert.severity == error')
    [ "$count" -eq 0 ] || reads_out '_ws.malformed || _ws.expert.severity == error'
}

reads_out() {
    WIRESHARK_CONFIG_DIR=$net_dir/keys tshark -r "$net_dir/wire.pcap" -Y "$1" -V 2>/dev/null | head -60
    return 1
}

# Identities and selectors are only inside what is encrypted: both of IKE_AUTH, and two deletes.
ike_decrypted() {
    [ "$(reads 'isakmp.exchangetype == 35 && isakmp.id.data.fqdn')" -eq 2 ] &&
        [ "$(reads 'isakmp.exchangetype == 37 && isakmp.delete.protoid')" -ge 1 ]
}

esp_decrypted() {
    [ "$(reads 'esp && icmp.type == 8')" -ge 3 ] && [ "$(reads 'esp && icmpv6.type == 129')" -ge 3 ]
}

for suite in aes256gcm16 aes128gcm16 aes128-sha256 aes256-sha512; do
    test_of "capture, $suite" capture $suite || true
    test_of "nothing malformed, $suite" nothing_malformed || true
    test_of "IKE is decrypted, $suite" ike_decrypted || true
    test_of "ESP is decrypted, $suite" esp_decrypted || true
done
[ $net_failed -eq 0 ]
