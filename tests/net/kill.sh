#!/usr/bin/env bash
# shellcheck disable=SC2154
# Each process of shriked is killed under traffic: what goes on, and what comes back.
#
#     tests/net/kill.sh [--plane xfrm]    all of them at once, with the data plane of a kernel, inside
#                                         user-mode-linux (each by itself: tests/kernel/xfrm.sh)
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip kill: needs root, for network namespaces"
    exit 0
}
plane=esp
[ "${1:-}" != --plane ] || plane=${2:?a data plane}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
if [ "$plane" = xfrm ] && [ "${IN_UML:-}" != yes ]; then
    rm -r "$net_dir" # that is made inside
    IN_UML=yes exec tests/kernel/in-uml --seconds 280 "$0" "$@"
fi
shrike_programs

site_to_site_net
gateway_conf west
gateway_conf east

up() {
    shriked_start west && shriked_start east && shrike_at west up west-east
}

# killed ROLE...: kill these processes of west; others take their places. The parent does not see
# the first one's end before the last one is dead.
killed() {
    local role old=()
    for role in "$@"; do old+=("$(role_of west "$role")"); done
    [ "${#old[@]}" -eq $# ] && kill -STOP "$shriked_west" || return 1
    kill -KILL "${old[@]}" && kill -CONT "$shriked_west" || return 1
    for role in "$@"; do
        within 5 another_than "$role" "${old[0]}" || return 1
        old=("${old[@]:1}")
    done
}

another_than() {
    local now
    now=$(role_of west "$1")
    [ -n "$now" ] && [ "$now" != "$2" ]
}

# lived_for SECONDS PID
lived_for() {
    local born
    born=$(awk '{ print $22 }' "/proc/$2/stat") && # in hundredths of a second, as the system counts
        awk -v born="$born" -v least="$1" '{ exit !($1 - born / 100 > least) }' /proc/uptime
}

# under_ping ROLE...: 100 packets a second for 3 s while these processes are killed.
# The file ping.out tells by their numbers how many were lost, and the longest gap.
under_ping() {
    on alice ping -i 0.01 -c 300 -w 6 10.2.0.10 >"$net_dir/ping.out" &
    local pinger=$!
    sleep 1
    killed "$@" || return 1
    wait "$pinger" || true
    tail -n 3 "$net_dir/ping.out"
}

no_packet_lost() {
    under_ping "$@" && none_lost 300 <"$net_dir/ping.out"
}

# back_within HUNDREDTHS ROLE...
back_within() {
    local most=$1
    shift
    under_ping "$@" || return 1
    # The longest run of numbers that did not come back, in hundredths of a second.
    local gap
    gap=$(sed -n 's/.*icmp_seq=\([0-9]*\) .*/\1/p' "$net_dir/ping.out" | sort -n |
        awk '{ if ($1 - last - 1 > gap) gap = $1 - last - 1; last = $1 } END { print gap + 0, last }')
    echo "longest gap and last: $gap"
    read -r gap last <<<"$gap"
    [ "$gap" -le "$most" ] && [ "$last" -gt 280 ]
}

said() {
    grep -E "$1.*(ended|killed)" "$net_dir/west.log"
}

# The new net goes on with the SAs of the one before: nothing that a peer could see.
net_is_not_missed() {
    ike_watched east wan0 && no_packet_lost net && both_ways && cat "$net_dir/ike" || return 1
    finish "$ike_watcher"
    [ "$(ike_seen .)" -eq 1 ] # "ready"
}

# Message IDs, keys and sequence numbers go on; the Child SA is still the peer's.
net_works_on() {
    shrike_at west rekey west-east && shrike_at west rekey west-east lan && both_ways &&
        shrike_at east rekey west-east && shrike_at east rekey west-east lan && both_ways
}

# The records are the parent's. The new data plane is empty: the child is made anew, and that is all.
# Who dies twice within 10 s is started again only after a second, which is not what is measured.
all_come_back() {
    within 11 lived_for 10 "$(role_of west net)" || return 1
    ike_watched east wan0 && back_within 100 control keys esp net certs eap && cat "$net_dir/ike" || return 1
    both_ways || return 1
    finish "$ike_watcher"
    [ "$(ike_seen 'CREATE_CHILD_SA request')" -eq 1 ] && [ "$(ike_seen IKE_)" -eq 0 ] &&
        [ "$(ike_seen 'INFORMATIONAL request')" -eq 1 ] # the old child's delete
}

# net dies while it makes anew what esp had: a Child SA that was only half made is taken back, with
# a delete, and made once more. In the end both sides have one.
dies_at_its_work() {
    within 11 lived_for 10 "$(role_of west net)" && within 11 lived_for 10 "$(role_of west esp)" &&
        ike_watched east wan0 || return 1
    local net tries
    net=$(role_of west net) && kill -KILL "$(role_of west esp)" || return 1
    for tries in {1..1000}; do # some milliseconds are all that the exchange takes
        [ "$(ike_seen 'CREATE_CHILD_SA request')" -eq 0 ] && sleep 0.001 || break
    done
    kill -KILL "$net" && within 5 both_ways && within 5 one_child || return 1
    echo "seen after $tries looks" && cat "$net_dir/ike"
    finish "$ike_watcher"
    [ "$(ike_seen 'CREATE_CHILD_SA request')" -le 2 ] && [ "$(ike_seen IKE_)" -eq 0 ]
}

one_child() {
    local host
    for host in west east; do
        [ "$(shrike_at "$host" --json | grep -c INSTALLED)" -eq 1 ] || return 1
    done
}

west_knows_of() { shrike_at west --json why | grep -q "\"$1\""; }

something_fails() {
    shrike_at east down west-east && within 5 west_knows_of PEER_DELETED && shrike_at west up west-east
}

# A new child can be negotiated: keys has its secrets, net reaches them.
handshake_again() {
    shrike_at west down west-east && shrike_at west up west-east && both_ways
}

# Nothing that belongs into the tunnel leaves in clear.
routed() {
    at west route get 10.2.0.10 from 10.1.0.10 iif lan0 | grep 'dev shrike0' &&
        at west -6 route get fd02::10 from fd01::10 iif lan0 | grep 'dev shrike0'
}

# The parent and with it all others are killed, and started again.
killed_and_started() {
    kill -KILL "$shriked_west"
    wait "$shriked_west" 2>/dev/null || true
    routed && shriked_start west
}

# With a journal: one CREATE_CHILD_SA for each child, and the old one's delete.
a_journal_is_gone_on_from() {
    finish "$shriked_west"
    { echo "shrike {"; echo "    journal = $net_dir/journal"; echo "}"; } >>"$net_dir/west.conf"
    shriked_start west && shrike_at west up west-east && both_ways || return 1
    [ "$(stat -c %a "$net_dir/journal")" = 600 ] && ike_watched east wan0 || return 1
    killed_and_started && within 1 ping_at alice 10.2.0.10 1 || return 1
    both_ways && net_works_on && cat "$net_dir/ike" || return 1
    finish "$ike_watcher"
    [ "$(ike_seen IKE_)" -eq 0 ] &&
        [ "$(grep -v ready "$net_dir/ike" | head -n 2 | grep -c CREATE_CHILD_SA)" -eq 2 ]
}

an_orderly_stop_removes_it() {
    finish "$shriked_west"
    [ ! -e "$net_dir/journal" ] && ! at west link show shrike0 &&
        [ -z "$(at west route show table 220)$(at west -6 route show table 220)" ]
}

a_journal_of_others_is_refused() {
    : >"$net_dir/journal"
    chmod 644 "$net_dir/journal"
    ! shriked_start west && grep -q 'journal belongs to' "$net_dir/west.log"
}

# Without one: a fresh start, at which the peer forgets what it had.
without_a_journal_it_begins_anew() {
    rm "$net_dir/journal"
    gateway_conf west
    shriked_start west && shrike_at west up west-east && both_ways || return 1
    killed_and_started && ike_watched east wan0 && shrike_at west up west-east && both_ways ||
        return 1
    finish "$ike_watcher"
    [ "$(ike_seen 'IKE_SA_INIT request')" -ge 1 ] &&
        [ "$(shrike_at east --json | grep -c ESTABLISHED)" -eq 1 ]
}

test_of "up" up || true
if [ $plane = esp ]; then
    test_of "keys: nothing lost" no_packet_lost keys || true
    test_of "keys: a line in the log" said keys || true
    test_of "keys: the next handshake works" handshake_again || true
    test_of "certs: nothing lost" no_packet_lost certs || true
    test_of "certs: a line in the log" said certs || true
    test_of "certs: the next handshake works" handshake_again || true
    test_of "eap: nothing lost" no_packet_lost eap || true
    test_of "eap: a line in the log" said eap || true
    test_of "eap: the next handshake works" handshake_again || true
    test_of "control: something fails" something_fails || true
    test_of "control: nothing lost" no_packet_lost control || true
    test_of "control: a line in the log" said control || true
    test_of "control: what failed before is known" within 5 west_knows_of PEER_DELETED || true
    test_of "control: the next handshake works" within 5 handshake_again || true
    test_of "esp: traffic back within 2 s" back_within 200 esp || true
    test_of "esp: both ways" both_ways || true
    test_of "net: nothing lost, and nothing to be seen" net_is_not_missed || true
    test_of "net: works on" net_works_on || true
    test_of "all but the parent: back within 1 s" all_come_back || true
    test_of "all but the parent: works on" net_works_on || true
    test_of "net, while it makes anew what esp had: back" dies_at_its_work || true
    test_of "net, while it makes anew what esp had: works on" net_works_on || true
fi
test_of "all, with a journal: goes on" a_journal_is_gone_on_from || true
test_of "an orderly stop removes the journal, the device and what leads there" an_orderly_stop_removes_it || true
test_of "a journal of others is refused" a_journal_of_others_is_refused || true
test_of "all, without a journal: begins anew" without_a_journal_it_begins_anew || true
[ $net_failed -eq 0 ]
