#!/usr/bin/env bash
# shellcheck disable=SC2154
# Rekeying against strongSwan while five hundred packets a second go both ways: Child SAs, IKE SAs,
# begun by either side, with a key exchange of the Child SA's own or without; then both at once.
#
#     west (Shrike) ==== east (strongSwan)
#
# The same with strongSwan in the west shows what strongSwan itself loses. Behind west is 10.1.0.1,
# behind east 10.2.0.1.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip rekey: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/interop/peer.sh
. tests/interop/peer.sh
tools/need "${peer_packages[@]}" iproute2 iputils-ping python3
shrike_programs

say() { echo "# $*"; }

# connection SIDE: as either program reads it.
connection() {
    local mine=1 theirs=2
    [ "$1" = west ] || mine=2 theirs=1
    cat <<END
connections {
    net {
        version = 2
        local_addrs = 192.0.2.$mine
        remote_addrs = 192.0.2.$theirs
        proposals = aes128gcm16-prfsha256-x25519
        encap = yes
        local {
            auth = psk
            id = $1.example
        }
        remote {
            auth = psk
        }
        children {
            net {
                local_ts = 10.$mine.0.0/24
                remote_ts = 10.$theirs.0.0/24
                esp_proposals = aes128gcm16$pfs
            }
        }
    }
}
secrets {
    ike-1 {
        secret = "Sixteen octets or more of it"
    }
}
END
}

# numbers SIDE: the IKE SAs and the Child SAs there, one a line: "ike 3", "child 7 c0ffee00 c0ffee01"
# (SPIs in and out). strongSwan keeps a Child SA that is deleted for what is still under way.
numbers() {
    if [ "$1" = west ] && [ "$west" = shrike ]; then
        shrike_at west --json | python3 -c '
import json, sys
for conn in json.load(sys.stdin)["connections"]:
    for sa in conn["ike_sas"]:
        print("ike", sa["id"])
        for k in sa["child_sas"]:
            print("child", k["id"], k["spi_in"], k["spi_out"])'
    else
        peer "$1" --list-sas --raw | python3 -c '
import re, sys
text = sys.stdin.read()
for m in re.finditer(r"\{net \{uniqueid=(\d+)", text):
    print("ike", m[1])
child = r"name=net uniqueid=(\d+) [^{}\[]*?state=(\w+) [^{}\[]*?spi-in=(\w+) spi-out=(\w+)"
for m in re.finditer(child, text):
    if m[2] != "DELETED":
        print("child", m[1], m[3], m[4])'
    fi
}

# newest SIDE WHAT: the number of the newest.
newest() { numbers "$1" | awk -v what="$2" '$1 == what && $2 > n { n = $2 } END { print n }'; }

is_newer() { [ "$(newest "$1" "$2")" -gt "$3" ]; }

# rekey SIDE WHAT: begin it there, and wait until it is done there.
rekey() {
    local was
    if [ "$1" = west ] && [ "$west" = shrike ]; then
        if [ "$2" = ike ]; then shrike_at west rekey net; else shrike_at west rekey net net; fi
        return
    fi
    was=$(newest "$1" "$2")
    peer "$1" --rekey "--$2" net && within 5 is_newer "$1" "$2" "$was"
}

ping_begin() {
    : >"$net_dir/ping.out"
    background west "$net_dir/ping.out" stdbuf -oL ping -i 0.002 -I 10.1.0.1 10.2.0.1
    ping_pid=$pid
    within 5 grep -q icmp_seq=20 "$net_dir/ping.out"
}

# What was lost between the first and the last answer, in $lost of $sent; and the numbers of those.
ping_end() {
    sleep 0.3
    kill -INT "$ping_pid"
    wait "$ping_pid" || true
    read -r lost sent which < <(python3 - "$net_dir/ping.out" <<'END'
import re, sys
seen = set(map(int, re.findall(r"icmp_seq=(\d+) ttl", open(sys.argv[1]).read())))
lost = [n for n in range(1, max(seen) + 1) if n not in seen]
print(len(lost), max(seen), ",".join(map(str, lost[:40])))
END
    )
}

# drops: what Shrike's data plane has dropped for a reason that rekeying could give.
drops() {
    STRONGSWAN_CONF=$net_dir/east.swanctl/strongswan.conf timeout 30 /usr/sbin/swanctl --stats --raw \
        --uri "unix://$net_dir/west.vici" | tr -s ' {}' '\n' |
        grep -E '^(no_sa|replayed|late|forged|selector|exhausted|expired|trapped|no_room|send|tun)=' |
        paste -sd ' '
}

# own_exchange: has the Child SA a key exchange of its own, if it should?
own_exchange() {
    local found
    found=$(shrike_at west --json | python3 -c '
import json, sys
print(*{k["algorithms"]["key_exchange"] for conn in json.load(sys.stdin)["connections"]
        for sa in conn["ike_sas"] for k in sa["child_sas"]})')
    echo "key exchange: $found"
    if [ -n "$pfs" ]; then [ "$found" = CURVE_25519 ]; else [ "$found" = None ]; fi
}

# rekeys SIDE WHAT TIMES
rekeys() {
    local i code=0
    ping_begin || return 1
    for ((i = 0; i < $3 && code == 0; i++)); do rekey "$1" "$2" || code=$?; done
    ping_end
    [ $code -eq 0 ]
}

# one_pair: one IKE SA with one pair of Child SAs, the same here and there.
one_pair() {
    local here there
    here=$(numbers west) there=$(numbers east)
    [ "$(wc -l <<<"$here")" -eq 2 ] && [ "$(wc -l <<<"$there")" -eq 2 ] &&
        [ "$(awk '$1 == "child" { print $3, $4 }' <<<"$here")" = \
            "$(awk '$1 == "child" { print $4, $3 }' <<<"$there")" ]
}

# collisions: how often strongSwan has seen one.
collisions() { grep -c 'detected .* collision' "$net_dir/east.charon.log" || true; }

# at_once WHAT TIMES: both sides in the same moment. swanctl takes some milliseconds to begin: a
# little more each time, so that some of them cross; $crossed says how many did.
at_once() {
    local i code=0 seen
    seen=$(collisions)
    ping_begin || return 1
    for ((i = 0; i < $2 && code == 0; i++)); do
        peer east --rekey "--$1" net &
        local theirs=$!
        sleep "0.$(printf %03d $((8 * i)))"
        rekey west "$1" || code=$?
        wait $theirs || code=$?
        within 12 one_pair || {
            echo "after time $((i + 1)):"
            numbers west | sed 's/^/west /'
            numbers east | sed 's/^/east /'
            code=1
        }
    done
    ping_end
    crossed=$(($(collisions) - seen))
    [ $code -eq 0 ]
}

# tunnel_begin and tunnel_end: for $west and $pfs.
tunnel_begin() {
    connection east >"$net_dir/east.swanctl/swanctl.conf"
    peer east --load-all || return 1
    if [ "$west" = shrike ]; then
        connection west >"$net_dir/west.conf"
        shriked_start west && shrike_at west up net net
    else
        mkdir -p "$net_dir/west.swanctl"
        connection west >"$net_dir/west.swanctl/swanctl.conf"
        peer_start west && peer west --load-all && peer west --initiate --child net --timeout 10
    fi
}

tunnel_end() {
    if [ "$west" = shrike ]; then finish "$shriked_west"; else finish "$charon_west"; fi
    peer east --terminate --ike net --force --timeout 5 || true
}

# not_worse WHAT NAME: nothing lost; or no more than strongSwan loses of its own, and Shrike has
# dropped nothing.
not_worse() {
    local own=${owns[$1$pfs]:-0} after code=0
    after=$(drops)
    [ "$lost" -eq 0 ] || { [ "$lost" -le "$own" ] && [ "$after" = "$before" ]; } || code=1
    if [ $code -eq 0 ]; then
        echo "ok $2: $lost of $sent lost"
    else
        echo "not ok $2: $lost of $sent lost"
        net_failed=$((net_failed + 1))
    fi
    [ "$lost" -eq 0 ] || {
        say "lost: numbers $which; strongSwan alone lost up to $own in the same case"
        say "Shrike dropped before: $before"
        say "Shrike dropped after:  $after"
    }
}

# alone WHAT: what strongSwan loses when it is in the west too.
alone() {
    local what=$1 side
    for side in west east; do
        rekeys $side "$what" "${times[$what]}" >/dev/null 2>&1 || say "it did not end well"
        say "strongSwan alone, ${times[$what]} rekeys of the $what SA by $side$with: $lost of $sent lost"
        [ "$lost" -le "${owns[$what$pfs]:-0}" ] || owns[$what$pfs]=$lost
    done
}

# case_of NAME WHAT COMMAND...: it succeeds, and nothing is lost.
case_of() {
    local name=$1 what=$2
    shift 2
    before=$(drops)
    if "$@" >"$net_dir/case.log" 2>&1; then
        not_worse "$what" "$name"
    else
        test_of "$name" false || true
    fi
}

# cases: all of Shrike against strongSwan.
cases() {
    local what side
    for what in child ike; do
        for side in west east; do
            who=Shrike
            [ $side = west ] || who=strongSwan
            case_of "${times[$what]} rekeys of the $what SA by $who$with" $what \
                rekeys $side $what "${times[$what]}"
            [ $what = ike ] || test_of "the key exchange of the Child SA, by $who$with" own_exchange || true
        done
    done
    for what in child ike; do
        case_of "${times[once]} rekeys of the $what SA by both at once$with" $what \
            at_once $what "${times[once]}"
        say "$crossed of them crossed"
    done
}

host west east
link west wan0 east wan0
address west wan0 192.0.2.1/24
address east wan0 192.0.2.2/24
address west lo 10.1.0.1/24
address east lo 10.2.0.1/24
mkdir -p "$net_dir/east.swanctl"
peer_start east || {
    echo "not ok the peer starts"
    exit 1
}

declare -A owns=() times=([child]=${CHILD_TIMES:-20} [ike]=${IKE_TIMES:-10} [once]=${ONCE_TIMES:-10})
lost=0 sent=0 which='' before='' crossed=0
for pfs in "" -x25519; do
    with=${pfs:+, with a key exchange of the Child SA}
    west=strongswan
    tunnel_begin >/dev/null 2>&1 || say "strongSwan alone is not up$with"
    for what in child ike; do alone $what; done
    tunnel_end >/dev/null 2>&1
    west=shrike
    test_of "up$with" tunnel_begin || exit 1
    cases
    tunnel_end >/dev/null 2>&1
done
[ $net_failed -eq 0 ]
