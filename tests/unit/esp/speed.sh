#!/bin/sh
# How fast is the data plane between two network namespaces of this machine? Needs root and iperf3.
#
#     tests/unit/esp/speed.sh PATH/TO/esp_tunnel [tunnel options: raw, openssl, chacha ...]
#
# SECONDS_EACH=5  seconds of a measurement     STREAMS=1  TCP streams     SEGMENT=1  veth cuts to the MTU
# MTU=1500  of the path     RATE=  of the path, for tc: 100mbit
set -eu
tunnel=$1
shift
a=plane-a-$$ b=plane-b-$$
dir=$(mktemp -d)
cleanup() {
    exec 7>&- 8>&-
    ip netns del "$a" 2>/dev/null || true
    ip netns del "$b" 2>/dev/null || true
    rm -rf "$dir"
}
trap cleanup EXIT
ip netns add "$a"
ip netns add "$b"
ip -n "$a" link add v type veth peer name v netns "$b"
i=1
for ns in "$a" "$b"; do
    ip -n "$ns" addr add "10.98.0.$i/24" dev v
    ip -n "$ns" link set v mtu "${MTU:-1500}" up
    [ -z "${RATE:-}" ] || tc -n "$ns" qdisc add dev v root tbf rate "$RATE" burst 64kb latency 200ms
    ip -n "$ns" link set lo up
    if [ "${SEGMENT:-0}" = 1 ]; then
        ip netns exec "$ns" ethtool -K v tx-udp-segmentation off tso off gso off gro on >/dev/null 2>&1 || true
    fi
    i=$((i + 1))
done
mkfifo "$dir/a" "$dir/b"
ip netns exec "$a" "$tunnel" tun0 0 10.98.0.1 10.98.0.2 "$@" <"$dir/a" 2>"$dir/a.log" &
exec 7>"$dir/a"
ip netns exec "$b" "$tunnel" tun0 1 10.98.0.2 10.98.0.1 "$@" <"$dir/b" 2>"$dir/b.log" &
exec 8>"$dir/b"
sleep 0.5
i=1
for ns in "$a" "$b"; do
    ip -n "$ns" addr add "10.97.0.$i/24" dev tun0
    ip -n "$ns" addr add "fd97::$i/64" dev tun0 nodad
    ip -n "$ns" link set tun0 mtu 1400 up
    i=$((i + 1))
done
ip netns exec "$a" ping -q -c 3 -i 0.05 -W 1 10.97.0.2 | grep transmitted
ip netns exec "$a" ping -6 -q -c 3 -i 0.05 -W 1 fd97::2 | grep transmitted
ip netns exec "$b" iperf3 -s -1 >/dev/null &
sleep 0.3
ip netns exec "$a" iperf3 -c 10.97.0.2 -t "${SECONDS_EACH:-5}" -P "${STREAMS:-1}" -f g | grep -E "sender|receiver" | tail -2
exec 7>&- 8>&-
wait
for side in a b; do
    echo "-- $side"
    cat "$dir/$side.log"
done
