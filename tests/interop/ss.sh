#!/usr/bin/env bash
# shellcheck disable=SC2154
# Shrike against strongSwan: who begins, IPv4 and IPv6, through a NAT or not, suites and groups, and
# who ends it. Every pair of these choices in a row; --all makes every row.
#
#     west (Shrike) -- road -- east (strongSwan)
#
# The link of each kind has a router of its own: plain, or one that masquerades what west or what
# east sends. Behind west is 10.1.0.1, behind east 10.2.0.1, and fd01::1, fd02::1.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping
shrike_programs
one_process=() all=() few=cat
for option in "$@"; do
    case $option in
    --one-process) one_process=(--one-process) ;;
    --all) all=(--all) ;;
    --few) few="head -n 4" ;;
    *)
        echo "ss.sh: what is $option? --all, --few, --one-process" >&2
        exit 2
        ;;
    esac
done

# road NAME NUMBER [NAT]: a router between west and east; NAT is the side that it hides.
road() {
    host "$1"
    link west "$1" "$1" west
    link east "$1" "$1" east
    address west "$1" "198.51.$2.1/24" "2001:db8:$2:1::1/64"
    address "$1" west "198.51.$2.254/24" "2001:db8:$2:1::fe/64"
    address east "$1" "203.0.$2.1/24" "2001:db8:$2:2::1/64"
    address "$1" east "203.0.$2.254/24" "2001:db8:$2:2::fe/64"
    at west route add "203.0.$2.0/24" via "198.51.$2.254"
    at west -6 route add "2001:db8:$2:2::/64" via "2001:db8:$2:1::fe"
    at east route add "198.51.$2.0/24" via "203.0.$2.254"
    at east -6 route add "2001:db8:$2:1::/64" via "2001:db8:$2:2::fe"
    router "$1"
    case ${3:-} in
    west) masquerade "$1" east ;;
    east) masquerade "$1" west ;;
    esac
}

# Addresses of west and east on the road of this row.
choose_road() {
    local road=1
    if [ "$nat" = yes ]; then
        road=2
        [ "$first" = shrike ] || road=3
    fi
    if [ "$ip" = 4 ]; then
        near=198.51.$road.1 far=203.0.$road.1
    else
        near=2001:db8:$road:1::1 far=2001:db8:$road:2::1
    fi
}

# connection SIDE LOCAL REMOTE: the connection of this row as one side writes it.
connection() {
    local mine=1 theirs=2
    [ "$1" = west ] || mine=2 theirs=1
    net_conf "$1.example" local_addrs="$2" remote_addrs="$3" proposals="$suite-prfsha256-$ke" -- \
        local_ts=10.$mine.0.0/24,fd0$mine::/64 remote_ts=10.$theirs.0.0/24,fd0$theirs::/64 \
        esp_proposals="$suite"
}

# who answers does not know the address of who is hidden.
write_connections() {
    local west_peer=$far east_peer=$near
    if [ "$nat" = yes ]; then
        [ "$first" = shrike ] && east_peer=%any || west_peer=%any
    fi
    connection west "$near" "$west_peer" >"$net_dir/west.conf"
    connection east "$far" "$east_peer" >"$net_dir/east.swanctl/swanctl.conf"
}

begin() {
    if [ "$first" = shrike ]; then
        shrike_at west up net net
    else
        peer east --initiate --child net --timeout 10
    fi
}

end() {
    if [ "$ends" = shrike ]; then
        shrike_at west down net
    else
        peer east --terminate --ike net --timeout 10
    fi
}

nothing_is_left() {
    [ -z "$(peer east --list-sas)" ] && ! shrike_at west --json | grep -q ESTABLISHED
}

# What the logs say since this row began: nothing sent again, nothing to complain about.
logs_are_clean() {
    ! grep -iE 'sent again|warning|error' "$net_dir/west.log" &&
        ! tail -c "+$((east_from + 1))" "$net_dir/east.charon.log" | grep -i retransmit
}

# Who answers sees the address of the router, not that of who is hidden.
is_hidden() {
    local seen
    if [ "$nat" = no ]; then
        return 0
    elif [ "$first" = shrike ]; then
        seen=$(peer east --list-sas)
        ! grep -qF "$near" <<<"$seen" && grep -qE '203.0.2.254|2001:db8:2:2::fe' <<<"$seen"
    else
        seen=$(shrike_at west list)
        ! grep -qF "$far" <<<"$seen" && grep -qE '198.51.3.254|2001:db8:3:1::fe' <<<"$seen"
    fi
}

# reaches HOST FROM TO: every packet comes back.
reaches() {
    pings "$1" 3 "$3" -I "$2"
}

row() {
    east_from=$(stat -c %s "$net_dir/east.charon.log")
    choose_road
    write_connections
    : >"$net_dir/west.log"
    peer east --load-all || return 1
    shriked_start west "${one_process[@]}" || return 1
    begin && reaches west 10.1.0.1 10.2.0.1 && reaches east 10.2.0.1 10.1.0.1 &&
        reaches west fd01::1 fd02::1 && is_hidden && end && within 5 nothing_is_left && logs_are_clean
    local code=$?
    finish "$shriked_west"
    [ $code -eq 0 ] || peer east --terminate --ike net --force || true
    return $code
}

host west east
road plain 1
road hides-west 2 west
road hides-east 3 east
address west lo 10.1.0.1/24 fd01::1/64
address east lo 10.2.0.1/24 fd02::1/64
peer_must_start east

while read -r line; do
    # shellcheck disable=SC2086  # NAME=CHOICE words
    declare $line
    test_of "$line" row || true
done < <(tests/interop/pairs.py "${all[@]}" first=shrike,peer ip=4,6 nat=no,yes \
    suite=aes128gcm16,aes256gcm16,chacha20poly1305,aes256-sha256,aes128-sha512 \
    ke=x25519,ecp256,modp2048 ends=shrike,peer | $few)
[ $net_failed -eq 0 ]
