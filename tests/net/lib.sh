# shellcheck shell=bash
# Hosts in network namespaces for the tests: sourced by scripts that print "ok NAME",
# "not ok NAME" or "skip NAME: reason" for tools/run-tests. Needs root and iproute2.
#
# Everything made here is named after this run and goes when the script ends, however it ends.
# nsenter instead of "ip netns exec" and "ip -n": they want / to be a mount point, and in a chroot
# it is none.

net_prefix=${NET_PREFIX:-$(printf 'sh%04x-' $((RANDOM % 65536)))}
net_dir=${NET_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/shrike-net.XXXXXX")}
net_hosts=()
net_pids=()
net_failed=0
chmod 755 "$net_dir"

# host NAME...: make hosts; their namespaces are called after the run and NAME.
host() {
    local name
    for name in "$@"; do
        ip netns add "$net_prefix$name"
        net_hosts+=("$name")
        on "$name" ip link set lo up
        # Without duplicate address detection, which takes a second that no test is about.
        on "$name" sh -c '[ ! -e /proc/sys/net/ipv6 ] ||
            echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
    done
}

# on NAME COMMAND...: run there. Replaces the shell when it stands behind "exec" in a subshell.
on() {
    local name=$1
    shift
    nsenter --net="/run/netns/$net_prefix$name" "$@"
}

# at NAME ARGUMENT...: ip(8) there.
at() {
    local name=$1
    shift
    on "$name" ip "$@"
}

# link A DEVICE B DEVICE: a cable between two hosts.
link() {
    ip link add "$2" netns "$net_prefix$1" type veth peer name "$4" netns "$net_prefix$3"
    at "$1" link set "$2" up
    at "$3" link set "$4" up
}

# address HOST DEVICE ADDRESS/BITS...: without duplicate address detection, so usable at once.
address() {
    local name=$1 device=$2 a
    shift 2
    for a in "$@"; do
        case $a in
        *:*) at "$name" addr add "$a" dev "$device" nodad ;;
        *) at "$name" addr add "$a" dev "$device" ;;
        esac
    done
}

# router NAME...: these hosts forward.
router() {
    local name
    for name in "$@"; do
        on "$name" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
            [ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
    done
}

# masquerade NAME DEVICE: what leaves through DEVICE gets its address and a random port.
masquerade() {
    local family
    for family in ip ip6; do
        on "$1" nft -f - <<END
table $family nat {
    chain post {
        type nat hook postrouting priority 100
        oifname "$2" masquerade random
    }
}
END
    done
}

# background HOST LOG COMMAND...: its pid is in $pid and is ended with the script. It has a session of
# its own: strongSwan 6's swanctl, when its daemon goes, sends SIGINT to all of its process group.
background() {
    local name=$1 log=$2
    shift 2
    setsid nsenter --net="/run/netns/$net_prefix$name" "$@" >>"$log" 2>&1 </dev/null &
    pid=$!
    net_pids+=("$pid")
}

# within SECONDS COMMAND...: until it succeeds; ten tries a second.
within() {
    local tries=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        sleep 0.1
    done
}

# took COMMAND...: and how long that was, is in $took, in ms.
took() {
    local began=${EPOCHREALTIME/[.,]/}
    "$@" || return 1
    took=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
}

# is_ours PID: a process that this script began, not one that has its number now.
is_ours() {
    local stat words
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -r -a words <<<"${stat##*) }"
    [ "${words[1]}" = $$ ]
}

# finish PID [SECONDS]: end it, with TERM and in the end with KILL.
finish() {
    local tries=$((${2:-5} * 20))
    is_ours "$1" && kill -TERM "$1" 2>/dev/null || return 0
    while is_ours "$1" && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        sleep 0.05
    done
    ! is_ours "$1" || kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

net_end() {
    local p name
    for p in "${net_pids[@]}"; do finish "$p" 5; done
    for name in "${net_hosts[@]}"; do ip netns del "$net_prefix$name" 2>/dev/null || true; done
    if [ -n "${KEEP:-}" ] || [ $net_failed -gt 0 ]; then
        echo "# kept $net_dir"
    else
        rm -rf "$net_dir"
    fi
}
trap net_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# test_of NAME COMMAND...: one test; on failure the last lines of what it said and of every log.
test_of() {
    local name=$1 out=$net_dir/out log
    shift
    if "$@" >"$out" 2>&1; then
        echo "ok $name"
        return 0
    fi
    echo "not ok $name"
    net_failed=$((net_failed + 1))
    tail -n 12 "$out" | sed 's/^/#   /'
    net_state | sed 's/^/#   /' || true
    for log in "$net_dir"/*.log; do
        [ -e "$log" ] || continue
        echo "# ${log##*/}:"
        tail -n 8 "$log" | sed 's/^/#   /'
    done
    return 1
}

# What tells a daemon that is gone or stuck from a machine that is too busy: of each host's daemon its
# processes, with state and ticks of CPU, and what waits in its UDP sockets.
net_state() {
    local name parent p
    echo "load $(cat /proc/loadavg)"
    for name in "${net_hosts[@]}"; do
        parent=shriked_$name
        [ -n "${!parent:-}" ] || continue
        [ -e "/proc/${!parent}" ] || echo "$name: its shriked (pid ${!parent}) is gone"
        for p in "${!parent}" $(cat "/proc/${!parent}/task/${!parent}/children" 2>/dev/null); do
            awk -v name="$name" '{ print name ": " $2 " " $3 " user " $14 " system " $15 }' \
                "/proc/$p/stat" 2>/dev/null || true
        done
        on "$name" ss -Huan 2>/dev/null | awk -v name="$name" '{ print name ": " $4 " holds " $2 }'
    done
}

# Shrike. The programs are those of the build folder in $BUILD (the newest one without it).
shrike_programs() {
    local here
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    BUILD=${BUILD:-$(find "$here" -maxdepth 1 -name 'build*' -type d -exec test -x \
        '{}/daemon/parent/shriked' \; -print -quit)}
    shriked=$BUILD/daemon/parent/shriked
    shrike=$BUILD/tool/shrike
    [ -x "$shriked" ] && [ -x "$shrike" ] || {
        echo "not ok programs"
        echo "# no shriked and shrike in ${BUILD:-any build folder}"
        exit 1
    }
}

# shriked_start HOST [OPTION...]: with $net_dir/HOST.conf; ready when the control socket answers.
shriked_start() {
    local name=$1
    shift
    background "$name" "$net_dir/$name.log" "$shriked" --config "$net_dir/$name.conf" \
        --control-socket "$net_dir/$name.vici" "$@"
    eval "shriked_$name=$pid"
    within 10 shrike_at "$name" version || {
        tail -n 5 "$net_dir/$name.log"
        return 1
    }
}

# shrike_at HOST ARGUMENT...: the tool, speaking to the daemon of that host.
shrike_at() {
    local name=$1
    shift
    "$shrike" --socket "$net_dir/$name.vici" "$@"
}

# role_of HOST ROLE: the pid of that process of the daemon there.
role_of() {
    local pid_of=shriked_$1 p
    for p in $(cat "/proc/${!pid_of}/task/${!pid_of}/children"); do
        [ "$(cat "/proc/$p/comm")" != "shriked-$2" ] || echo "$p"
    done
}

# ike_watched HOST DEVICE [FILE]: from now on $net_dir/FILE, without it $net_dir/ike, has a line for
# each IKE message that passes there (tests/net/ike_watch.py).
ike_watched() {
    local watcher file=$net_dir/${3:-ike}
    watcher=$(dirname "${BASH_SOURCE[0]}")/ike_watch.py
    rm -f "$file"
    background "$1" "$net_dir/ike.log" python3 "$watcher" "$2" "$file"
    ike_watcher=$pid
    within 5 grep -q ready "$file"
}

# ike_seen PATTERN: how many messages of this kind there were, such as "CREATE_CHILD_SA request".
ike_seen() {
    grep -c "^$1" "$net_dir/ike" || true
}

# none_lost LEAST [BEHIND]: of the answers in what ping says on standard input there are so many, up to the
# last one none is missing, and no more than BEHIND were sent behind that. The numbers tell it, not ping's own count: that takes one for lost which comes later
# than an interval, or two of the longest round trips, behind the last that it sent.
none_lost() {
    awk -v least="$1" -v behind="${2:-inf}" '
        / packets transmitted/ { sent = $1 }
        /bytes from/ && match($0, /icmp_seq=[0-9]+/) {
            n = substr($0, RSTART + 9, RLENGTH - 9) + 0
            if (!came[n]++) back++
            if (n > last) last = n
            next
        }
        { print }
        END {
            for (n = 1; n < last; n++) if (!came[n]) print "missing: " n
            if (behind != "inf" && sent > last + behind) exit 1
            exit back < least || back < last
        }'
}

# pings HOST COUNT ADDRESS [OPTION...]: twenty a second, and each comes back. With -w ping goes on until it
# has COUNT answers, or for so many seconds: a late one is among them, one that is lost is missing.
pings() {
    local host=$1 count=$2 address=$3
    shift 3
    on "$host" ping -n -c "$count" -i 0.05 -w $((2 + count / 20)) "$@" "$address" | none_lost "$count"
}

# ping_at HOST ADDRESS [COUNT]
ping_at() { pings "$1" "${3:-3}" "$2"; }

# both_ways: site_to_site_net must stand; bob and alice reach each other.
both_ways() {
    ping_at alice 10.2.0.10 && ping_at bob 10.1.0.10
}

# The usual picture:   alice -- west ==== east -- bob
#   alice 10.1.0.10, west 10.1.0.1 | 192.0.2.1, east 192.0.2.2 | 10.2.0.1, bob 10.2.0.10
# and the same in IPv6 with fd01::10, fd01::1 | 2001:db8::1, 2001:db8::2 | fd02::1, fd02::10.
site_to_site_net() {
    host alice west east bob
    link alice eth0 west lan0
    link west wan0 east wan0
    link east lan0 bob eth0
    address alice eth0 10.1.0.10/24 fd01::10/64
    address west lan0 10.1.0.1/24 fd01::1/64
    address west wan0 192.0.2.1/24 2001:db8::1/64
    address east wan0 192.0.2.2/24 2001:db8::2/64
    address east lan0 10.2.0.1/24 fd02::1/64
    address bob eth0 10.2.0.10/24 fd02::10/64
    at alice route add default via 10.1.0.1
    at alice -6 route add default via fd01::1
    at bob route add default via 10.2.0.1
    at bob -6 route add default via fd02::1
    router west east
}

# gateway_conf SIDE [LINE...]: what west or east of the usual picture is told; the lines go into its
# child.
gateway_conf() {
    local side=$1 other=east near=192.0.2.1 far=192.0.2.2 mine=1 theirs=2 line
    shift
    [ "$side" = west ] || { other=west near=192.0.2.2 far=192.0.2.1 mine=2 theirs=1; }
    {
        cat <<END
connections {
    west-east {
        local_addrs = $near
        remote_addrs = $far
        local {
            auth = psk
            id = $side.example
        }
        remote {
            auth = psk
            id = $other.example
        }
        children {
            lan {
                local_ts = 10.$mine.0.0/24,fd0$mine::/64
                remote_ts = 10.$theirs.0.0/24,fd0$theirs::/64
END
        for line in "$@"; do echo "                $line"; done
        cat <<END
            }
        }
    }
}
secrets {
    ike {
        secret = "Sixteen octets or more of it"
    }
}
END
    } >"$net_dir/$side.conf"
}
