#!/usr/bin/env bash
# shellcheck disable=SC2154
# Shrike against a peer with the IPsec of a real kernel, inside user-mode-linux: who calls, IPv4 and
# IPv6, through a NAT or not, shared keys and certificates, suites, 64-bit sequence numbers; rekeys of the
# Child SA and of the IKE SA by either side under ping without loss; deletion by either side. Every pair
# of these choices in a row; --all every row, with rekeys by both, and then a first packet that calls, a peer
# that is killed, Shrike that is killed, an address that changes. --only takes a pattern of what is to be run.
#
#     tests/kernel/interop.sh [--all] [--only PATTERN] [--plane esp|xfrm|esp,xfrm]
#         strongswan|libreswan|openiked|shrike
#
#     west (Shrike) -- road -- east (the peer)
#
# The picture is that of tests/interop/ss.sh: behind west are 10.1.0.1 and fd01::1, behind east 10.2.0.1
# and fd02::1, and each kind of link has a router of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/interop/lib.sh
. tests/interop/lib.sh
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh
# shellcheck source=tests/kernel/resident.sh
. tests/kernel/resident.sh
# shellcheck source=tests/kernel/peers.sh
. tests/kernel/peers.sh
all=() planes=esp peer='' only=.
while [ $# -gt 0 ]; do
    case $1 in
    --all) all=(--all) ;;
    --plane) planes=${2:?esp, xfrm or esp,xfrm} && shift ;;
    --only) only=${2:?a pattern of rows} && shift ;;
    *) peer=$1 ;;
    esac
    shift
done
suites=aes128gcm16,chacha20poly1305-esn,aes256-sha512-esn-x25519
ikes=aes128gcm16-prfsha256-x25519,aes256-sha256-ecp256
[ ${#all[@]} -eq 0 ] || suites+=,aes256gcm16-esn,aes128-sha256 ikes=aes256-sha256-ecp256
usual_suite=aes128gcm16
bys=west,east
[ ${#all[@]} -eq 0 ] || bys=west+east
[ "$peer" != openiked ] || bys=west # which cannot be told to
# What else OpenIKED may be told for ESP, it drops, or the kernel does not get it from it.
[ "$peer" != openiked ] || usual_suite=aes256-sha512 suites=aes256-sha384,aes256-sha512-x25519,aes256-sha1
# shellcheck disable=SC2054  # the commas are the options' own
without=(--without plane=esp,mode=transport)
# Where a NAT has changed an address, neither puts its own in the place of the selector (RFC 7296 2.23.1).
# shellcheck disable=SC2054
[ "$peer" != libreswan ] && [ "$peer" != openiked ] || without+=(--without nat=yes,mode=transport)
# libreswan 4.10 wants the group of the IKE SA for that of a Child SA, whatever it is told.
# shellcheck disable=SC2054
[ "$peer" != libreswan ] || without+=(--without ike=aes256-sha256-ecp256,suite=aes256-sha512-esn-x25519)
[ "$peer ${all[*]}" != "libreswan --all" ] || ikes=aes256-sha256-x25519
# rows: what is to be run, a line each.
rows() {
    tests/interop/pairs.py "${all[@]}" "${without[@]}" proof=psk,rsa2048,P-256 mode=tunnel,transport ip=4,6 \
        ike=$ikes ends=shrike,peer first=shrike,peer suite=$suites nat=no,yes by=$bys plane="$planes" |
        { grep -E "$only" || true; } | # none, perhaps
        sort -s -k 10,10 -k 8,8 -k 6,6 # for another plane Shrike must start anew, for another road routes change
}

# certificates FOLDER: of both, by root.
certificates() {
    local kind side pki=$1
    authority root
    for kind in rsa2048 P-256; do
        for side in west east; do leaf_of=$side leaf "$side-$kind" "$kind"; done
    done
    mkdir "$pki/private"
    cp "$pki"/*-*.key "$pki/private"
    [ "$peer" != libreswan ] || (libreswan_uses "$libreswan" && libreswan_database "$pki/nss") >/dev/null
}

declare -n peer_needs=${peer:?strongswan, libreswan, openiked or shrike}_packages
if [ "${IN_UML:-}" != yes ]; then
    [ -n "${NET_DIR:-}" ] || rm -r "$net_dir" # that is made inside
    tools/need "${peer_needs[@]}" iproute2 iputils-ping iptables openssl python3
    if [ "$peer" = libreswan ]; then
        libreswan=$(tests/kernel/unpacked libreswan) || {
            echo "skip kernel-$peer: it cannot be had"
            exit 0
        }
        export libreswan
    fi
    shrike_programs
    export BUILD
    limit=380
    [ ${#all[@]} -eq 0 ] && [ "$only" = . ] || limit=7000
    # What takes its time there is made here, and the inside has a /tmp of its own.
    KERNEL_PKI=$(mktemp -d -p /var/tmp shrike-pki.XXXXXX)
    trap 'kill $! 2>/dev/null || true; rm -r "$KERNEL_PKI"' EXIT
    certificates "$KERNEL_PKI"
    rows >"$KERNEL_PKI/rows"
    export KERNEL_PKI
    IN_UML=yes tests/kernel/in-uml --seconds $limit "$0" "${all[@]}" --plane "$planes" --only "$only" "$peer" &
    wait $!
    exit
fi
shrike_programs
resident_start
pki=$KERNEL_PKI
plane='' proposals=esp mode=tunnel inner=both moving=no settings=''
impatient=$'    retransmit_timeout = 0.5\n    retransmit_limit = 1\n    retransmit_tries = 4'
shriked_west='' shriked_east='' west_runs='' east_runs='' road_taken=''

# prepare: what is where the programs of the packages look for it, which is outside of this kernel.
prepare() {
    if [ "$peer" = libreswan ]; then
        local root=$libreswan
        mkdir -p /run/libexec
        mount --bind /usr/libexec /run/libexec
        mount -t tmpfs tmpfs /usr/libexec
        ln -s /run/libexec/* /usr/libexec/
        ln -sfn "$root/usr/libexec/ipsec" /usr/libexec/ipsec
        libreswan=/usr/libexec/ipsec
        libreswan_uses "$root"
    fi
}

# This kernel has no NAT for nft.
masquerade() {
    local tool
    for tool in iptables ip6tables; do
        on "$1" $tool-legacy -t nat -A POSTROUTING -o "$2" -j MASQUERADE --random
    done
}

# road NAME NUMBER [NAT]: a router between west and east; NAT is the side that it hides.
road() {
    host "$1"
    router "$1"
    batch "$1" "link add west type veth peer name $1 netns ${net_prefix}west" \
        "link add east type veth peer name $1 netns ${net_prefix}east" "link set west up" "link set east up" \
        "addr add 198.51.$2.254/24 dev west" "addr add 2001:db8:$2:1::fe/64 dev west nodad" \
        "addr add 203.0.$2.254/24 dev east" "addr add 2001:db8:$2:2::fe/64 dev east nodad"
    batch west "link set $1 up" "addr add 198.51.$2.1/24 dev $1" "addr add 2001:db8:$2:1::1/64 dev $1 nodad" \
        "route add 203.0.$2.0/24 via 198.51.$2.254" "route add 2001:db8:$2:2::/64 via 2001:db8:$2:1::fe"
    batch east "link set $1 up" "addr add 203.0.$2.1/24 dev $1" "addr add 2001:db8:$2:2::1/64 dev $1 nodad" \
        "route add 198.51.$2.0/24 via 203.0.$2.254" "route add 2001:db8:$2:1::/64 via 2001:db8:$2:2::fe"
    case ${3:-} in
    west) masquerade "$1" east ;;
    east) masquerade "$1" west ;;
    esac
}

# The ends of this row's road, and what the other side sees of them. The peers need not care for routes.
choose_road() {
    local road=1
    if [ "$nat" = yes ]; then
        road=2
        [ "$first" = shrike ] || road=3
    fi
    if [ "$ip" = 4 ]; then
        near=198.51.$road.1 far=203.0.$road.1 near_seen=203.0.2.254 far_seen=198.51.3.254
    else
        near=2001:db8:$road:1::1 far=2001:db8:$road:2::1
        near_seen=2001:db8:2:2::fe far_seen=2001:db8:3:1::fe
    fi
    [ "$road" = 2 ] || near_seen=$near
    [ "$road" = 3 ] || far_seen=$far
    [ "$road" = "$road_taken" ] || batch east "route replace 10.1.0.0/24 via 203.0.$road.254 src 10.2.0.1" \
        "route replace fd01::/64 via 2001:db8:$road:2::fe src fd02::1"
    road_taken=$road
}

# choose_ends: those that the configurations name. Who moves has any, and is anybody to the other, who names no
# further one of its own: charon asks by all at once, and takes what answers first.
choose_ends() {
    west_ends=("$near" "$far_seen") east_ends=("$far" "$near_seen")
    case $moving in
    west) west_ends[0]=%any east_ends[1]=%any ;;
    east) east_ends[0]=%any west_ends[1]=%any ;;
    esac
}

# west_lines: what stands in front of west's connection.
west_lines() {
    printf 'shrike {\n    kernel = %s\n%s\n}\n' "$plane" "$settings"
}

# Who answers may have its SAs in the kernel only after its answer has been sent; OpenIKED puts its three policies
# behind them.
call() {
    if [ "$first" = shrike ]; then shrike_at west up net net; else "${peer}_calls"; fi || return 1
    ask until 8 states east 2 && { [ "$peer" != openiked ] || ask until 8 policies east 3; }
}

end() {
    if [ "$ends" = shrike ]; then shrike_at west down net; else "${peer}_ends"; fi
}

nothing_is_left() {
    ask none "$net_dir/west.vici" && ask states east 0 && ask states west 0 && "${peer}_is_empty"
}

# rekeyed child|ike WHO: WHO makes new keys, and there is one again, another than before.
rekeyed() {
    local before
    ask spis "$net_dir/west.vici" "$1" || return 1
    before=$answer
    if [ "$2" = west ]; then
        if [ "$1" = child ]; then shrike_at west rekey net net; else shrike_at west rekey net; fi || return 1
    else
        "${peer}_rekeys" "$1" || {
            echo "$1: the peer's command to rekey ended with code $?"
            return 1
        }
    fi
    another_within 8 "$1" "$before" || {
        ask spis "$net_dir/west.vici" "$1" || true
        echo "not rekeyed: $1 by $2: before $before, after $answer"
        return 1
    }
}

# another_within SECONDS child|ike SPIS: not those, and nothing beside it.
another_within() { ask until "$1" other "$net_dir/west.vici" "$2" "$3" && ask until 8 states east 2; }

# The ends of what goes through the tunnel: from west, to east; from east, to west.
inner_ends() {
    if [ "$mode" = transport ]; then
        tunnelled=("$near" "$far_seen" "$far" "$near_seen")
    elif [ "$inner" = 6 ]; then
        tunnelled=(fd01::1 fd02::1 fd02::1 fd01::1)
    else
        tunnelled=(10.1.0.1 10.2.0.1 10.2.0.1 10.1.0.1)
    fi
}

both_reach() {
    ask reach west "${tunnelled[@]:0:2}" && ask reach east "${tunnelled[@]:2}" || return 1
    [ "$inner" != both ] || [ "$mode" = transport ] || ask reach west fd01::1 fd02::1
}

ping_begin() {
    early && too_early=$answer && ask ping west "${tunnelled[@]:0:2}"
}

# What was lost as who received it had no SA for it. libreswan and OpenIKED send by a new SA as soon as they have
# answered, as RFC 7296 2.8 allows, and west may have that answer later; OpenIKED answers, and when it rekeys asks for
# the old SA to be deleted, before it has given its kernel the one that west may use from then on. That is not ours.
early() {
    local sum=0 what
    answer=0
    [ "$peer" = openiked ] || [ "$peer" = libreswan ] || return 0
    for what in "east XfrmAcquireError" "west XfrmInNoStates" "east XfrmInNoStates"; do
        [ "$peer $what" != "libreswan east XfrmInNoStates" ] || continue
        # shellcheck disable=SC2086  # two words
        ask stat $what && sum=$((sum + answer)) || return 1
    done
    answer=$sum
}

# counted: what either kernel has dropped, and why.
counted() {
    local side
    for side in west east; do
        on "$side" awk -v side="$side" '$2 > 0 { print side ": " $0 }' /proc/net/xfrm_stat
    done
}

# Of what was sent before the last that was answered, all was.
ping_end() {
    local back sent
    ask pinged 20 && read -r back sent _ <<<"$answer" && early || return 1
    too_early=$((answer - too_early))
    if [ "$back" -lt 20 ] || [ $((back + too_early)) -lt "$sent" ]; then
        echo "lost: $((sent - back)) of $sent, $too_early of them for want of an SA; dropped since the first test:"
        counted
        return 1
    fi
}

# Rekeys of either kind, by who is named in $by. libreswan 4.10 deletes a Child SA of AH as one of ESP with
# an SPI of 0: the one that it has replaced would stay.
rekeys() {
    local what who
    ping_begin || return 1
    for what in child ike; do
        for who in $by; do
            [ "$peer $proposals $what $who" = "libreswan ah child east" ] || rekeyed $what "$who" || return 1
        done
    done
    ping_end
}

# what_there_is: of the kernels, and what was said.
what_there_is() {
    local side
    for side in west east; do
        at "$side" xfrm policy list nosock
        at "$side" -s xfrm state | grep -vE '^\s(auth|aead|enc|comp)'
    done
    counted
    tail -n 8 "$net_dir/said"
    return 1
}

# begin: both are there, and nobody has called. Who is there already is told what has changed.
begin() {
    local settings=$settings
    choose_road
    choose_ends
    inner_ends
    [ "$peer" != openiked ] || [ "$first" = shrike ] || settings+=$impatient # see openiked_calls
    { west_lines && swan_conf west "${west_ends[@]}"; } >"$net_dir/west.conf"
    "${peer}_listens" || return 1
    if [ "$west_runs" = "$plane$settings" ]; then
        shrike_at west reload
    else
        stop west_runs "$shriked_west"
        shriked_start west && west_runs=$plane$settings
    fi
}

# stop NAME PID: and what it ran with, in that variable, is nothing again.
stop() {
    declare -g "$1="
    finish "$2"
}

# whole COMMAND...: with both at the beginning, and neither in the end, but where all went well and the next row is
# to follow.
whole() {
    local code=0
    { begin && { "$@" >"$net_dir/said" 2>&1 || what_there_is; }; } || code=1
    if [ $code -ne 0 ] || [ "$1" != row ]; then stop west_runs "$shriked_west"; fi
    "${peer}_forgets" || true
    return $code
}

row() { call && both_reach && rekeys && both_reach && end && within 5 nothing_is_left; }

# The first packet makes the tunnel, of west's and of the peer's.
acquire() {
    if [ "$first" = shrike ]; then
        ask until 20 reach west "${tunnelled[@]:0:2}"
    else
        "${peer}_waits" && ask until 20 reach east "${tunnelled[@]:2}"
    fi && both_reach && end && within 5 nothing_is_left
}

# The peer rekeys by itself, as lifetimes end.
lifetimes() {
    local child ike_sa
    call && both_reach && ask spis "$net_dir/west.vici" child && child=$answer &&
        ask spis "$net_dir/west.vici" ike && ike_sa=$answer && ping_begin && another_within 30 child "$child" &&
        another_within 60 ike "$ike_sa" && ping_end && both_reach && end && within 5 nothing_is_left
}

# The peer is killed, and what its kernel had is gone: west finds out, and makes the tunnel anew when
# the peer is there again.
peer_dies() {
    call && both_reach && "${peer}_dies" || return 1
    at east xfrm state flush
    at east xfrm policy flush
    "${peer}_boot" && "${peer}_listens" && within 40 both_reach && ask states east 2 && end &&
        within 5 nothing_is_left
}

# All processes of west are killed; what calls then takes the place of what was, which carries on for ten seconds
# more. libreswan keeps the IKE SA that nobody answers any more, in spite of INITIAL_CONTACT: of it only the
# Child SA goes.
west_dies() {
    call && both_reach && killed "$shriked_west" && shriked_start west && shrike_at west up net net && both_reach &&
        ask until 10 states east 2 && end &&
        ask until 15 states west 0 &&
        if [ "$peer" = libreswan ]; then ask until 5 states east 0; else within 5 nothing_is_left; fi
}

# The caller's address changes: it tells, and the tunnel goes on (RFC 4555).
moves() {
    local to=198.51.1.3 from=198.51.1.1 seen=east
    [ "$moving" = west ] || to=203.0.1.3 from=203.0.1.1 seen=west
    call && both_reach || return 1
    # Of the same prefix it would be a secondary one: for a moment, as the first goes, the kernel takes other links'.
    address "$moving" plain $to/23
    at "$moving" addr del $from/24 dev plain
    within 15 moved_to $seen $to && within 5 both_reach && rekeyed child west && both_reach && end &&
        within 5 nothing_is_left
}
moved_to() {
    if [ "$1" = west ]; then shrike_at west list | grep -F "$2"; else at east xfrm state | grep -F "$2"; fi
}
moves_back() {
    local side net
    for side in west:198.51 east:203.0; do
        net=${side#*:} side=${side%:*}
        at "$side" addr replace "$net.1.1/24" dev plain
        at "$side" addr del "$net.1.3/23" dev plain 2>/dev/null || true
    done
    at west route replace 203.0.1.0/24 via 198.51.1.254
    at east route replace 198.51.1.0/24 via 203.0.1.254
    at east route replace 10.1.0.0/24 via 203.0.1.254 src 10.2.0.1
}

# cases: those of one tunnel over the plain road, by a shared key.
cases() {
    local firsts="shrike peer" first ip=4 nat=no proof=psk mode=tunnel ends=shrike suite=$usual_suite
    local ike=aes128gcm16-prfsha256-x25519 inner=4
    [ "$peer" != openiked ] || firsts=shrike # which waits for no packet
    for first in $firsts; do
        if [ "$first" = shrike ]; then
            child_lines[west]="start_action = trap"
        else
            [ "$peer" != shrike ] || child_lines[east]="start_action = trap"
        fi
        case_of "the first packet calls, of $first" acquire
        child_lines=()
    done
    first=shrike
    if [ "$peer" = openiked ]; then
        iked_lifetimes="ikelifetime 20 lifetime 6"
        case_of "it rekeys as lifetimes end" lifetimes
        iked_lifetimes=''
    fi
    # A peer that has begun anew refuses until it has its configuration.
    conn_lines[west]=$'dpd_delay = 1s\n        keyingtries = 0' child_lines[west]="dpd_action = restart"
    settings=$impatient
    case_of "it is killed" peer_dies
    conn_lines=() child_lines=() settings=''
    case_of "Shrike is killed" west_dies
    [ "$plane" = esp ] || kernel_cases
    [ "$peer" = strongswan ] || [ "$peer" = shrike ] || return 0
    for first in shrike peer; do
        moving=west
        [ "$first" = shrike ] || moving=east
        case_of "another address, of $first" moves
        moving=no
        moves_back
    done
}

# kernel_cases: what only the kernel can.
kernel_cases() {
    local first ah=sha256
    [ "$peer" != openiked ] || ah=sha1 # other ICVs it pads to 64 bits, over IPv4 too
    for first in $firsts; do
        for mode in tunnel transport; do
            child_lines[west]="ipcomp = yes" child_lines[east]="ipcomp = yes"
            # OpenIKED gives these SAs a replay window, by which its kernel drops all that comes.
            [ "$peer" = openiked ] || case_of "compression, $mode, of $first" compresses
            child_lines=()
            proposals=ah suite=$ah
            case_of "AH, $mode, of $first" authenticates
            proposals=esp suite=$usual_suite
        done
    done
    [ "$peer" = strongswan ] || [ "$peer" = shrike ] || { mode=tunnel && return; }
    mode=beet
    for first in $firsts; do
        for inner in 4 6; do case_of "BEET mode, IPv$inner inside, of $first" in_beet_mode; done
    done
    mode=tunnel inner=4
}

# Without the inner header, in both kernels.
in_beet_mode() {
    call && both_reach && [ "$(at east xfrm state | grep -c 'mode beet')" -eq 2 ] && rekeys && both_reach && end &&
        within 5 nothing_is_left
}

# What is large and dull goes through as IPComp, and comes out as it was. Of two SAs that fit the kernel sends by the
# newer one, in seconds; of one second, by the one that stands first in its table. That grows when there are eight,
# which with compression the first rekey makes, and stands the other way round then.
compresses() {
    call && ask reach west "${tunnelled[@]:0:2}" 3 1200 && ask carried west comp || return 1
    [ "${answer#* }" -ge 3 ] || {
        echo "of 3 packets there and back ${answer#* } were compressed"
        return 1
    }
    sleep 1.1
    rekeys && end && within 5 nothing_is_left
}

authenticates() {
    call && both_reach && at west xfrm state | grep 'proto ah' && ! at west xfrm state | grep 'proto esp' && rekeys &&
        end && within 5 nothing_is_left
}

case_of() {
    [[ "$1" =~ $only ]] || return 0
    test_of "$peer: $1${plane/*/, $plane}" whole "${@:2}" || true
}

prepare
host west east
road plain 1
road hides_west 2 west
road hides_east 3 east
address west lo 10.1.0.1/24 fd01::1/64
address east lo 10.2.0.1/24 fd02::1/64
mkdir "$net_dir/x509ca"
cp "$pki/root.pem" "$net_dir/x509ca/" # where Shrike looks for whom to trust, and for keys
cp -r "$pki/private" "$net_dir/private"
test_of "$peer is there" "${peer}_boot" || exit 1

while read -r line; do
    [ -n "$line" ] || break
    # shellcheck disable=SC2086,SC2163  # NAME=CHOICE words
    declare $line
    by=${by/+/ }
    case $peer in
    # Both at once libreswan says that it cannot; OpenIKED speaks PF_KEY, whose SAs take the family of their ends
    # alone.
    libreswan | openiked) inner=$ip ;;
    esac
    test_of "$peer: $line" whole row || true
done <"$pki/rows"
by=${bys/[,+]/ }
if [ ${#all[@]} -gt 0 ] || [ "$only" != . ]; then
    for plane in ${planes/,/ }; do cases; done
fi
[ $net_failed -eq 0 ]
