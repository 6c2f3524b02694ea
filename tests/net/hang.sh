#!/usr/bin/env bash
# shellcheck disable=SC2154
# Processes of shriked that hang: who does not need them goes on, and in half a minute others take their
# places.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip hang: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
shrike_programs

site_to_site_net
gateway_conf west
gateway_conf east

up() { shriked_start west && shriked_start east && shrike_at west up west-east && both_ways; }

another_than() {
    local now
    now=$(role_of west "$1")
    [ -n "$now" ] && [ "$now" != "$2" ]
}

esp_and_keys_hang() {
    esp=$(role_of west esp) keys=$(role_of west keys) && kill -STOP "$esp" "$keys"
}

# Nobody else waits: control answers, and net takes what is asked for.
others_go_on() { timeout 5 "$shrike" --socket "$net_dir/west.vici" rekey west-east; }

others_come() {
    within 60 another_than esp "$esp" && within 5 another_than keys "$keys" && within 5 both_ways &&
        grep 'esp.* has not answered for 30 s' "$net_dir/west.log" &&
        grep 'keys.* has not answered for 30 s' "$net_dir/west.log"
}

handshake_again() { shrike_at west down west-east && shrike_at west up west-east && both_ways; }

test_of "a tunnel" up || exit 1
test_of "esp and keys hang" esp_and_keys_hang || exit 1
test_of "the others go on" others_go_on || true
test_of "others take their places" others_come || true
test_of "the next handshake works" handshake_again || true
[ $net_failed -eq 0 ]
