#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2016
# Scripts of Child SAs (`updown`): when they are run, what they are told, what becomes of those that fail.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip updown: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
shrike_programs

site_to_site_net
said=$net_dir/said
cat >"$net_dir/script" <<END
#!/bin/sh
echo "\$1 \$PLUTO_VERB \$PLUTO_CONNECTION \$PLUTO_MY_CLIENT \$PLUTO_PEER_CLIENT \$(id -u)" >>$said
env | sort >>$said.env
echo "the script says \$PLUTO_VERB"
END
chmod 755 "$net_dir/script"
gateway_conf east
gateway_conf west "updown = $net_dir/script first" 'hostaccess = yes'

begin() {
    shriked_start west "$@" && shriked_start east "$@" && shrike_at west up west-east && both_ways
}

both_ways() {
    ping_at alice 10.2.0.10 && ping_at bob 10.1.0.10
}

# lines N: so many have been written, and it stays so.
lines() {
    within 5 has_lines "$1" || {
        cat "$said"
        return 1
    }
    sleep 0.3
    has_lines "$1"
}

has_lines() {
    [ "$(wc -l <"$said")" -eq "$1" ]
}

# Of IPv4 with IPv4 and of IPv6 with IPv6: two pairs of selectors.
it_comes_up() {
    lines 2 && cat "$said" &&
        grep -qx 'first up-client lan 10.1.0.0/24 10.2.0.0/24 0' "$said" &&
        grep -qx 'first up-client-v6 lan fd01::/64 fd02::/64 0' "$said"
}

told() {
    cat "$said.env"
    for line in PLUTO_VERSION=1.1 PLUTO_INTERFACE=shrike0 PLUTO_PROTO=esp PLUTO_ME=192.0.2.1 \
        PLUTO_MY_ID=west.example PLUTO_MY_PORT=0 PLUTO_MY_PROTOCOL=0 PLUTO_PEER=192.0.2.2 \
        PLUTO_PEER_ID=east.example PLUTO_PEER_CLIENT=10.2.0.0/24 PLUTO_PEER_PORT=0 \
        PLUTO_HOST_ACCESS=1 PWD=/; do
        grep -qx "$line" "$said.env" || {
            echo "no $line"
            return 1
        }
    done
    grep -qE '^PLUTO_REQID=[1-9][0-9]*$' "$said.env" &&
        grep -qE '^PLUTO_UNIQUEID=[1-9][0-9]*$' "$said.env" &&
        [ "$(grep -vcE '^(PLUTO_|PATH=|PWD=|_=|SHLVL=|OLDPWD=)' "$said.env")" -eq 0 ]
}

in_the_log() {
    within 5 grep -q 'updown lan: the script says up-client$' "$net_dir/west.log"
}

a_rekey_is_nothing() {
    shrike_at west rekey west-east lan && shrike_at east rekey west-east && both_ways && lines 2
}

# What is there has the script that it came with, and what comes the new one.
other_files() {
    gateway_conf west "updown = $net_dir/script second"
    shrike_at west reload && shrike_at west rekey west-east lan && lines 2 &&
        shrike_at west down west-east && lines 4 &&
        tail -2 "$said" | grep -qx 'first down-client lan 10.1.0.0/24 10.2.0.0/24 0' &&
        tail -2 "$said" | grep -qx 'first down-client-v6 lan fd01::/64 fd02::/64 0' &&
        shrike_at west up west-east && lines 6 &&
        tail -2 "$said" | grep -q '^second up-client '
}

# net dies, and the next one goes on: to scripts nothing has happened.
net_dies() {
    local old
    old=$(role_of west net)
    kill -KILL "$old"
    within 5 another_net "$old" && within 5 both_ways && lines 6 && shrike_at west down west-east &&
        lines 8 && tail -1 "$said" | grep -q '^second down-client'
}

another_net() {
    local now
    now=$(role_of west net)
    [ -n "$now" ] && [ "$now" != "$1" ]
}

# It ends with a code, says too much, and leaves something behind.
fails() {
    gateway_conf west "updown = \"yes no end | head -500; sleep 300 & exit 3\""
    shrike_at west reload && shrike_at west up west-east && both_ways &&
        within 5 grep -q 'updown lan: the script ended with code 3' "$net_dir/west.log" &&
        within 5 grep -q 'the script said 400 lines more' "$net_dir/west.log" &&
        [ "$(grep -c 'updown lan: no end' "$net_dir/west.log")" -le 200 ] &&
        within 5 nothing_is_left
}

nothing_is_left() {
    ! at west ps -eo args 2>/dev/null | grep -qx 'sleep 300'
}

# The daemon waits for what is to be run at its end.
the_end() {
    : >"$said"
    gateway_conf west "updown = $net_dir/script third"
    shrike_at west reload && shrike_at west down west-east && shrike_at west up west-east &&
        lines 2 && kill -TERM "$shriked_west" && wait "$shriked_west" && has_lines 4 &&
        tail -1 "$said" | grep -q '^third down-client'
}

test_of "a tunnel with a script" begin "$@" || true
test_of "it is run when the Child SA is there" it_comes_up || true
test_of "it is told what there is" told || true
test_of "what it says is in the log" in_the_log || true
test_of "a rekey is nothing to it" a_rekey_is_nothing || true
test_of "it goes with the script that it came with" other_files || true
test_of "the death of net is nothing to it" net_dies || true
test_of "one that fails" fails || true
test_of "the end of the daemon" the_end || true
[ $net_failed -eq 0 ]
