#!/usr/bin/env bash
# shellcheck disable=SC2154
# Reloading under a ping of a hundred packets a second: what was not changed goes on, what was changed
# goes on as it was made, a broken file changes nothing, and no packet is lost by any of it.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip reload: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
shrike_programs

site_to_site_net
gateway_conf west
gateway_conf east

begin() {
    shriked_start west "$@" && shriked_start east "$@" && shrike_at west up west-east || return 1
    background alice "$net_dir/ping.log" ping -i 0.01 10.2.0.10
    pinger=$pid
    sleep 0.5
}

# other LINE...: a second connection behind what the file says.
other() {
    {
        printf '%s\n' "connections { other {" "remote_addrs = 192.0.2.77" "$@" \
            "local {" "auth = psk" "id = west.example" "}" "remote {" "auth = psk" "}" "} }"
    } >>"$net_dir/west.conf"
}

# What the two SAs are: numbers and SPIs.
sas() {
    shrike_at west list --json | grep -E '"(uniqueid|id|spi|initiator|responder)[a-z_-]*"' | sort
}

# reloaded PATTERN...: it is done, and says each of these.
reloaded() {
    local pattern
    shrike_at west reload >"$net_dir/said" || return 1
    cat "$net_dir/said"
    for pattern in "$@"; do grep -qF -- "$pattern" "$net_dir/said" || return 1; done
}

same_sas() {
    sas | diff "$net_dir/sas" -
}

knows() { shrike_at west --json | grep -q "\"$1\""; }

dry_run_changes_nothing() {
    sas >"$net_dir/sas"
    [ -s "$net_dir/sas" ] || return 1
    other
    shrike_at west reload --dry-run >"$net_dir/said" || return 1
    cat "$net_dir/said"
    grep -qx '+ other' "$net_dir/said" && grep -q 'nothing was changed' "$net_dir/said" &&
        ! knows other
}

another_comes() {
    reloaded '+ other' '1 added, 0 removed, 0 changed, 1 as they were' && knows other && same_sas
}

another_changes() {
    gateway_conf west
    other "dpd_delay = 30s"
    reloaded '~ other: + dpd_delay' '1 changed' && same_sas
}

child_changes() {
    gateway_conf west "rekey_time = 2h"
    other "dpd_delay = 30s"
    reloaded '~ west-east: + children.lan.rekey_time' 'its 1 IKE SA goes on as it is' && same_sas
}

# As often as one likes: no configuration is held for the SA of the first one.
again_and_again() {
    local i
    for i in $(seq 20); do
        gateway_conf west "rekey_time = $((100 + i))m"
        reloaded '~ west-east: children.lan.rekey_time' || [ "$i" -eq 1 ] || return 1
    done
    same_sas
}

broken() {
    gateway_conf west "rekey_tme = 1h"
    ! shrike_at west reload >"$net_dir/said" 2>&1 || return 1
    cat "$net_dir/said"
    grep -qE 'west.conf:17: .*rekey_time' "$net_dir/said" && same_sas &&
        kill -HUP "$shriked_west" && sleep 0.5 && same_sas
}

mtu_of() { at west -o link show shrike0 | grep -q "mtu $1 "; }

settings_change() {
    gateway_conf west "rekey_time = 120m"
    printf '%s\n' "shrike {" "mtu = 1300" "}" >>"$net_dir/west.conf"
    mtu_of 1400 && reloaded 'settings: + mtu' && within 5 mtu_of 1300 && same_sas || return 1
    gateway_conf west "rekey_time = 120m"
    printf '%s\n' "shrike {" "mtu = 1300" "port = 600" "interface = tun9" "}" >>"$net_dir/west.conf"
    ! shrike_at west reload >"$net_dir/said" 2>&1 || return 1
    cat "$net_dir/said"
    grep -q 'port would be 600 and is 500' "$net_dir/said" &&
        grep -q 'interface would be tun9' "$net_dir/said" && mtu_of 1300 && same_sas
}

# What is gone lets its SA go on; until it is closed.
it_goes() {
    : >"$net_dir/west.conf"
    other
    reloaded '- west-east' 'its 1 IKE SA goes on as it is: shrike down west-east ends' && same_sas
}

# By what it was made from: its selectors, its lifetimes, its routes.
it_goes_on() {
    shrike_at west rekey west-east lan && shrike_at west rekey west-east && both_ways &&
        at west route show table 220 | grep -q 10.2.0.0/24 &&
        ! grep -q 'refused' "$net_dir/west.log"
}

no_packet_lost() {
    sleep 0.5
    kill -INT "$pinger"
    wait "$pinger" || true
    none_lost 50 20 <"$net_dir/ping.log"
}

down_ends_it() {
    shrike_at west down west-east && ! ping_at alice 10.2.0.10 1
}

test_of "a tunnel under a ping" begin "$@" || true
test_of "a dry run changes nothing" dry_run_changes_nothing || true
test_of "another connection comes" another_comes || true
test_of "another connection changes" another_changes || true
test_of "its own child changes" child_changes || true
test_of "twenty times" again_and_again || true
test_of "a broken file changes nothing" broken || true
test_of "settings change, or are refused by name" settings_change || true
test_of "the connection goes, its SA stays" it_goes || true
test_of "and is rekeyed as it was" it_goes_on || true
test_of "no packet was lost" no_packet_lost || true
test_of "down ends it" down_ends_it || true
[ $net_failed -eq 0 ]
