#!/usr/bin/env bash
# shellcheck disable=SC2154
# XFRM interfaces, in QEMU with Debian's kernel, since user-mode-linux has none: made by shriked, or
# there before, and for two peers with the same network behind them.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
# shellcheck source=tests/kernel/conf.sh
. tests/kernel/conf.sh
if [ "${IN_QEMU:-}" != yes ]; then
    rm -r "$net_dir" # that is made inside
    tools/need iproute2 iputils-ping
    code=0
    IN_QEMU=yes tests/kernel/in-qemu --seconds 1400 "$0" "$@" || code=$?
    [ $code -ne 77 ] || {
        echo "skip XFRM interfaces: there is no QEMU with a kernel that has them"
        exit 0
    }
    exit $code
fi
shrike_programs

reload() {
    shrike_at west reload && shrike_at east reload
}

# It is there, traffic goes through it both ways, and outside of it nothing does.
made_here() {
    at west -d link show ipsec42 | grep -F 'xfrm if_id 0x2a' >/dev/null || return 1
    shrike_at west up net net || return 1
    at west route show table 220 | grep -F '10.2.0.0/24 dev ipsec42' >/dev/null || return 1
    both_ways && on alice ping -q -c 2 -W 5 -s 3000 10.2.0.10 >/dev/null || return 1
    [ "$(at west -s -j link show ipsec42 | python3 -c 'import json, sys
s = json.load(sys.stdin)[0]["stats64"]
print(s["rx"]["packets"] > 3 and s["tx"]["packets"] > 3)')" = True ] || return 1
    shrike_at west rekey net && sleep 2 && both_ways
}

# A child that does not name it any more: it goes.
gone() {
    lines_of west if_id_in=42 if_id_out=42
    shrike_at west down net
    reload || return 1
    [ -z "$(at west link show type xfrm)" ]
}

# What the administrator has made is used, and stays.
there_before() {
    at west link add mine type xfrm if_id 43
    at west link set mine up
    at west route add 10.2.0.0/24 dev mine
    lines_of west if_id_in=43 if_id_out=43
    reload && shrike_at west up net net || return 1
    both_ways && shrike_at west down net || return 1
    lines_of west if_id_in=43 if_id_out=43 xfrm_interface=mine
    reload || return 1
    at west link show mine >/dev/null
}

clean_end() {
    lines_of west if_id_in=42 if_id_out=42 xfrm_interface=ipsec42
    reload || return 1
    at west link show ipsec42 >/dev/null || return 1
    finish "$shriked_west" 15
    finish "$shriked_east" 15
    [ "$(at west -j link show type xfrm | python3 -c 'import json, sys
print([l["ifname"] for l in json.load(sys.stdin) if l])')" = "['mine']" ]
}

site_to_site_net
lines_of west if_id_in=42 if_id_out=42 xfrm_interface=ipsec42
lines_of east
shriked_start west
shriked_start east
test_of "an interface that is made when a child names it" made_here || true
test_of "it goes when none does" gone || true
test_of "one that was there before" there_before || true
test_of "at the end ours is gone, and theirs is not" clean_end || true
[ $net_failed -eq 0 ]
