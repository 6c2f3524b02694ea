#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034,SC2013,SC1091
# The Debian package, as who installs it meets it: it installs, `shrike check` passes, users and folders
# are there, two gateways carry a tunnel, and an upgrade keeps it under traffic. Changes the system that
# it runs in: for a new root (tests/root/package.sh).
#
#     tests/root/installed.sh OLD.deb NEW.deb
#
# Without a service manager shriked is started by hand, and the package finds it by its socket; where
# systemd runs (tests/root/booted), the unit of the package starts it in the network of the system itself.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "${FRESH_ROOT:-}" = yes ] || {
    echo "installed: it installs and purges packages: run tests/root/package.sh" >&2
    exit 2
}
old=$(realpath "${1:?a package}") new=$(realpath "${2:?its successor}")

# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping
conf=/etc/swanctl/swanctl.conf

# The programs of the package; the first gateway with the files and the socket that it has unasked.
shriked=/usr/sbin/shriked shrike=/usr/bin/shrike
booted=no
[ ! -d /run/systemd/system ] || booted=yes

# With systemd, west is this system.
eval "new_$(declare -f host)"
host() {
    local name
    for name in "$@"; do
        if [ "$name" = west ] && [ $booted = yes ]; then
            ip netns attach "$net_prefix$name" 1
            net_hosts+=("$name")
        else
            new_host "$name"
        fi
    done
}

version_of() { dpkg-deb -f "$1" Version; }

install_package() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install \
        --no-install-recommends --allow-downgrades "$1" >"$net_dir/apt" 2>&1 && return
    cat "$net_dir/apt"
    return 1
}

first_installation() {
    [ ! -e $conf ] && install_package "$old" && [ -e $conf ] &&
        [ "$(stat -c '%U %a' $conf)" = "root 640" ] &&
        [ "$(stat -c '%U %a' /etc/swanctl/private)" = "root 700" ]
}

checks() {
    shrike check >"$net_dir/said" && cat "$net_dir/said" && grep -q 'nothing to say' "$net_dir/said"
}

users_are_there() {
    local user
    for user in $(awk '$1 == "u" { print $2 }' contrib/systemd/shrike.sysusers); do
        getent passwd "$user" >/dev/null || { echo "no $user" && return 1; }
    done
    [ "$(stat -c '%U %a' /run/shrike)" = "root 700" ]
}

unit_is_good() {
    systemd-analyze verify --man=no shriked.service >"$net_dir/said" 2>&1 || true
    cat "$net_dir/said"
    ! grep -q shriked "$net_dir/said"
}

main_pid() { systemctl show -P MainPID shriked; }

started() {
    systemctl status --no-pager shriked || true
    systemctl is-active shriked && systemctl is-enabled shriked &&
        systemctl show -P StatusText shriked | grep -q 'UDP ports 500 and 4500'
}

# What systemd reckons of 10: no more than 4 of exposure.
exposure() {
    systemd-analyze security --no-pager --offline=yes --threshold=40 \
        "$(dpkg -L shrike | grep '/system/shriked.service$')"
}

# gateway_starts west|east: west as the package would have it, with a script; east beside it.
gateway_starts() {
    if [ "$1" = west ]; then
        gateway_conf west "updown = $script"
    else
        gateway_conf east
    fi
    if [ "$1" = east ]; then
        shriked_start east
        return
    fi
    install -m 640 "$net_dir/west.conf" $conf
    if [ $booted = yes ]; then
        systemctl restart shriked && shriked_west=$(main_pid)
    else
        background west "$net_dir/west.log" $shriked
        shriked_west=$pid
        within 10 shrike version
    fi
}

# A script of Child SAs may set what belongs to networks, and nothing else of the kernel.
script=/usr/local/sbin/updown
write_script() {
    cat >$script <<'END'
#!/bin/sh
[ "$PLUTO_VERB" = up-client ] || exit 0
echo 2 >/proc/sys/net/ipv4/conf/lo/rp_filter && echo 171 >/proc/sys/net/core/xfrm_acq_expires &&
    echo "set what belongs to networks"
: >>/proc/sys/kernel/panic && echo "could set what does not" # opened; nothing is written
END
    chmod 755 $script
}

script_may() {
    local setting=/proc/sys/net/ipv4/conf/lo/rp_filter
    echo 0 >$setting && shrike down west-east && shrike up west-east &&
        within 5 grep -qx 2 $setting && within 5 said_by_west 'set what belongs to networks' &&
        within 5 said_by_west 'panic' && ! said_by_west 'could set what does not' && both_ways
}

said_by_west() { shrike log | grep "updown.*$1"; }

each_its_user() {
    local p name uid count=0
    for p in $(cat "/proc/$shriked_west/task/$shriked_west/children"); do
        name=$(cat "/proc/$p/comm")
        uid=$(id -u "shrike-${name#shriked-}") || return 1
        awk -v uid="$uid" '/^Uid:/ { exit $2 != uid || $5 != uid }' "/proc/$p/status" || return 1
        count=$((count + 1))
    done
    [ $count -eq 6 ]
}

up() { write_script && site_to_site_net && gateway_starts west && gateway_starts east && shrike up west-east && both_ways; }

serials() { shrike --json | grep -oE '"(id|spi[a-z_]*)": *"?[0-9a-f]+' | sort; }

# carried COMMAND...: while it runs, under 100 packets a second in both directions, none is lost.
carried() {
    local one two code=0
    rm -f "$net_dir/ping.one" "$net_dir/ping.two"
    background alice "$net_dir/ping.one" ping -i 0.01 10.2.0.10
    one=$pid
    background bob "$net_dir/ping.two" ping -i 0.01 10.1.0.10
    two=$pid
    "$@" || code=$?
    sleep 1
    kill -INT "$one" "$two"
    wait "$one" "$two" || true
    none_lost 50 20 <"$net_dir/ping.one" && none_lost 50 20 <"$net_dir/ping.two" && [ $code -eq 0 ]
}

# runs DEB: west's process, the same as ever, is the program of this package.
runs() {
    shrike version | grep -q "^shriked $(version_of "$1") " &&
        [ "/proc/$shriked_west/exe" -ef $shriked ] &&
        { [ $booted = no ] || [ "$(main_pid)" = "$shriked_west" ]; }
}

upgraded() {
    local before
    before=$(serials) && [ -n "$before" ] && runs "$old" && carried install_package "$new" &&
        runs "$new" && [ "$(serials)" = "$before" ] && unit_is_read
}

# systemd knows the unit that lies there now.
unit_is_read() { [ $booted = no ] || [ "$(systemctl show -P NeedDaemonReload shriked)" = no ]; }

# As needrestart does when a library of ours has changed: the same program, begun anew.
libraries_change() {
    local before
    before=$(role_of west control)
    carried /etc/needrestart/restart.d/shriked.service && runs "$new" &&
        [ -n "$before" ] && [ "$(role_of west control)" != "$before" ]
}

the_other_too() {
    carried shrike_at east upgrade && shrike_at east version | grep -q "^shriked $(version_of "$new") "
}

works_on() { shrike rekey west-east && shrike rekey west-east lan && both_ways; }

# A configuration that the new program cannot read: the package is installed, the tunnels stay.
refused() {
    local before
    before=$(serials) && echo nonsense >>$conf
    carried install_package "$old" || return 1
    grep -q 'the old shriked goes on' "$net_dir/apt" && shrike version | grep -q "^shriked $(version_of "$new") " &&
        both_ways || return 1
    install -m 640 "$net_dir/west.conf" $conf
    carried shrike upgrade && runs "$old" && [ "$(serials)" = "$before" ]
}

reloads() {
    echo nonsense >>$conf
    ! systemctl reload shriked && both_ways || return 1
    install -m 640 "$net_dir/west.conf" $conf
    carried systemctl reload shriked && [ "$(main_pid)" = "$shriked_west" ]
}

another_is_there() { [ "$(main_pid)" != "$shriked_west" ] && [ "$(main_pid)" != 0 ] && shrike version; }

# By the unit's Restart=; there is no journal, so the tunnel is made anew.
comes_back() {
    kill -KILL "$shriked_west"
    within 10 another_is_there && shriked_west=$(main_pid) && shrike up west-east && both_ways
}

stops() {
    systemctl stop shriked && ! systemctl is-failed shriked && [ ! -e /run/charon.vici ] &&
        ! ip rule | grep -q 220 && systemctl start shriked
}

purge() { apt-get -q -y purge shrike >"$net_dir/apt" 2>&1 && [ ! -e $shriked ]; }

# What an administrator has written stays; what the package has made goes.
nothing_is_left() {
    [ $booted = yes ] || finish "$shriked_west"
    finish "$shriked_east"
    purge && [ -e $conf ] && rm $conf && install_package "$new" && [ -e $conf ] && purge && [ ! -e $conf ]
}

test_of "the package installs" first_installation || exit 1
test_of "what it brings passes its check" checks || true
test_of "users and folders are there" users_are_there || true
test_of "systemd finds nothing wrong with the unit" unit_is_good || true
if [ $booted = yes ]; then
    test_of "systemd has started it" started || true
    test_of "systemd finds it little exposed" exposure || true
fi
test_of "two gateways carry a tunnel" up || true
test_of "each process has its user" each_its_user || true
test_of "an upgrade keeps the tunnel: nothing lost" upgraded || true
test_of "new libraries keep the tunnel, too" libraries_change || true
test_of "a daemon with another socket takes over by its command" the_other_too || true
test_of "works on" works_on || true
test_of "a program that is refused leaves the old one" refused || true
if [ $booted = yes ]; then
    test_of "a script may set what belongs to networks" script_may || true
    test_of "systemctl reload says what is wrong, and reloads" reloads || true
    test_of "it is started again when it dies" comes_back || true
    test_of "it stops and starts" stops || true
fi
test_of "it goes without a trace, but for the administrator's" nothing_is_left || true
[ $net_failed -eq 0 ]
