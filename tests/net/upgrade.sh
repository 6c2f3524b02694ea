#!/usr/bin/env bash
# shellcheck disable=SC2154
# Another shriked takes over under traffic, one whose SAs are laid out differently in memory; in its
# processes, or with --one-process in one.
# OTHER: where such a program is built, and kept, unless it is there; without it, it is made for once.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip upgrade: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
shrike_programs

# In a process without a dumpable memory the leak sanitizer cannot look.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

site_to_site_net
gateway_conf west
gateway_conf east

# The same source with further fields in front of those of an IKE and a Child SA.
build_other() {
    local source=$OTHER/source
    mkdir -p "$source" && cp -r --parents -t "$source" include lib daemon sim tool docs/man \
        contrib/systemd meson.build meson_options.txt || return 1
    sed -i 's/^struct ike_sa {/&\n    u64 elsewhere[5];/' "$source/lib/sa/sa.h"
    sed -i 's/^struct child_sa {/&\n    u64 elsewhere[3];/' "$source/lib/sa/child.h"
    sed -i "s/version: '[0-9.]*'/version: '99.0'/" "$source/meson.build"
    grep -q elsewhere "$source/lib/sa/sa.h" && grep -q elsewhere "$source/lib/sa/child.h" &&
        meson setup "$OTHER/build" "$source" --buildtype=debug -Dtests=false &&
        ninja -C "$OTHER/build" daemon/parent/shriked
}

OTHER=${OTHER:-$net_dir/other}
other_is_there() {
    [ -x "$OTHER/build/daemon/parent/shriked" ] || build_other || return 1
    install -m 755 "$OTHER/build/daemon/parent/shriked" "$net_dir/shriked-other"
}

up() {
    shriked_start west "$@" && shriked_start east "$@" && shrike_at west up west-east && both_ways
}

serials() {
    shrike_at "$1" --json | grep -oE '"(id|spi[a-z_]*)": *"?[0-9a-f]+' | sort
}

# upgraded HOST: under 100 packets a second, in both directions; no packet lost, no IKE message.
upgraded() {
    local one two before
    before=$(serials "$1") && [ -n "$before" ] || return 1
    ike_watched east wan0 || return 1
    on alice ping -i 0.01 -c 400 -w 7 10.2.0.10 >"$net_dir/ping.one" &
    one=$!
    on bob ping -i 0.01 -c 400 -w 7 10.1.0.10 >"$net_dir/ping.two" &
    two=$!
    sleep 1
    shrike_at "$1" upgrade --json "$net_dir/shriked-other" >"$net_dir/upgrade.json" || return 1
    python3 - "$net_dir/upgrade.json" <<'END' || return 1
import json, sys
said = json.load(open(sys.argv[1]))
assert said["done"] and said["why"] is None and said["daemon"] == "shriked" and said["version"], said
END
    wait "$one" && wait "$two" || true
    cat "$net_dir/ike"
    finish "$ike_watcher"
    none_lost 400 <"$net_dir/ping.one" && none_lost 400 <"$net_dir/ping.two" &&
        [ "$(ike_seen .)" -eq 1 ] && [ "$(serials "$1")" = "$before" ]
}

another_runs() {
    local pid_of=shriked_$1
    shrike_at "$1" version && shrike_at "$1" version | grep -q 'shriked 99.0' &&
        cmp "/proc/${!pid_of}/exe" "$net_dir/shriked-other"
}

west_knows_of() { shrike_at west --json why | grep -q "\"$1\""; }

something_fails() {
    shrike_at east down west-east && within 5 west_knows_of PEER_DELETED && shrike_at west up west-east
}

works_on() {
    shrike_at west rekey west-east && shrike_at west rekey west-east lan && both_ways &&
        shrike_at east rekey west-east && shrike_at east rekey west-east lan && both_ways
}

# Routes of children that go are taken away, as ever.
# Those of what is down go a moment later.
no_routes() { [ -z "$(at west route show table 220)" ]; }

down_and_up() {
    at west route show table 220 | grep -q 10.2.0.0/24 && shrike_at west down west-east || return 1
    within 5 no_routes && shrike_at west up west-east && both_ways
}

# Who calls as soon as the new program answers: its net has to come first.
up_at_once() {
    shrike_at west down west-east && shrike_at west upgrade "$net_dir/shriked-other" &&
        shrike_at west up west-east && both_ways
}

# Faster than a new program can know that it is well.
upgraded_in_a_row() {
    local before n
    before=$(serials west) && [ -n "$before" ] || return 1
    for n in 1 2 3 4; do
        shrike_at west upgrade "$net_dir/shriked-other" && [ "$(serials west)" = "$before" ] || return 1
    done
    both_ways
}

what_is_no_shriked_is_refused() {
    local refused=$net_dir/refused
    ! shrike_at west upgrade /bin/true 2>"$refused" && grep -q 'no shriked' "$refused" || return 1
    cp "$shriked" "$net_dir/loose" && chmod 777 "$net_dir/loose"
    ! shrike_at west upgrade "$net_dir/loose" 2>"$refused" && grep -q 'root' "$refused" || return 1
    ! shrike_at west upgrade /nowhere 2>"$refused" && both_ways
}

a_bad_configuration_is_refused() {
    echo 'nonsense' >>"$net_dir/west.conf"
    ! shrike_at west upgrade "$net_dir/shriked-other" 2>"$net_dir/refused" || return 1
    cat "$net_dir/refused"
    grep -q 'west.conf' "$net_dir/refused" && gateway_conf west && both_ways
}

nothing_is_left() {
    finish "$shriked_west"
    ! at west rule | grep -q 220 && [ -z "$(at west route show table 220 2>/dev/null)" ] &&
        ! at west link show shrike0 2>/dev/null && [ ! -e "$net_dir/west.vici" ]
}

test_of "another program" other_is_there || exit 1
test_of "up" up "$@" || true
test_of "something fails" something_fails || true
test_of "the initiator is upgraded: nothing lost, nothing seen" upgraded west || true
test_of "the other program runs" another_runs west || true
test_of "it knows what failed before" west_knows_of PEER_DELETED || true
test_of "works on" works_on || true
test_of "the responder is upgraded" upgraded east || true
test_of "works on, both upgraded" works_on || true
test_of "upgraded once more" upgraded west || true
test_of "upgraded again and again" upgraded_in_a_row || true
test_of "up at once behind an upgrade" up_at_once || true
test_of "what is no shriked is refused" what_is_no_shriked_is_refused || true
test_of "a bad configuration is refused" a_bad_configuration_is_refused || true
test_of "down and up again" down_and_up || true
test_of "nothing is left behind" nothing_is_left || true
[ $net_failed -eq 0 ]
