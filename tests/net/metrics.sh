#!/usr/bin/env bash
# shellcheck disable=SC2154
# Metrics: what they say of tunnels that are up and down, that Prometheus takes them and finds them
# again, that its tools find nothing wrong in them or in the alerts, and that no scraper holds the
# daemon up. Prometheus comes from Debian's package, unpacked and not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip metrics: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 iputils-ping python3 curl libmicrohttpd12
shrike_programs

site_to_site_net
gateway_conf west
gateway_conf east
cat >>"$net_dir/west.conf" <<END
shrike {
    retransmit_timeout = 0.5
    retransmit_tries = 2
    retransmit_limit = 1
    metrics {
        listen = 127.0.0.1:9500
    }
}
connections {
    nobody {
        remote_addrs = 192.0.2.99
        local {
            auth = psk
            id = west.example
        }
        remote {
            auth = psk
            id = nobody.example
        }
        children {
            down {
                remote_ts = 10.99.0.0/24
                start_action = start
            }
            trapped {
                remote_ts = 10.98.0.0/24
                start_action = trap
            }
        }
    }
}
END

# In the folder of the build, so that it is fetched once; PROMETHEUS may name a folder with both.
# Since Debian 13 promtool is a package of its own.
fetch_prometheus() {
    (
        cd "$BUILD/prometheus.new" && apt-get -q download prometheus || exit 1
        ! apt-cache show promtool >/dev/null 2>&1 || apt-get -q download promtool
    )
}

prometheus_programs() {
    local to=${PROMETHEUS:-$BUILD/prometheus}
    if [ ! -x "$to/promtool" ]; then
        mkdir -p "$BUILD/prometheus.new"
        fetch_prometheus >"$net_dir/apt.log" 2>&1 ||
            { apt-get -q update && fetch_prometheus; } \
                >>"$net_dir/apt.log" 2>&1 || return 1
        for package in "$BUILD"/prometheus.new/*.deb; do
            dpkg-deb -x "$package" "$BUILD/prometheus.new"
        done
        mkdir -p "$to"
        mv "$BUILD/prometheus.new/usr/bin/prometheus" "$BUILD/prometheus.new/usr/bin/promtool" "$to"
        rm -rf "$BUILD/prometheus.new"
    fi
    promtool=$to/promtool
    prometheus=$to/prometheus
    rm -f "$net_dir/apt.log"
}

scrape() { on west curl -sf --max-time 5 "$@" http://127.0.0.1:9500/metrics; }

# sample PATTERN: the value of the first sample that begins so; \$net_dir/page has all.
sample() {
    scrape >"$net_dir/page" || return 1
    grep -m 1 "^$1" "$net_dir/page" | sed 's/.* //'
}

is() { [ "$(sample "$1")" = "$2" ] || { echo "$1: $(sample "$1"), not $2"; return 1; }; }
at_least() { [ "$(sample "$1")" -ge "$2" ] || { echo "$1: $(sample "$1"), less than $2"; return 1; }; }

up() {
    shriked_start west && shriked_start east && shrike_at west up west-east && both_ways
}

tunnels_up_down_and_trapped() {
    local lan='{connection="west-east",child="lan"}'
    within 5 is 'shrike_tunnels{state="up"}' 1 || return 1
    is 'shrike_tunnels{state="down"}' 1 && is 'shrike_tunnels{state="trap"}' 1 &&
        is "shrike_tunnel_child_sas$lan" 1 &&
        is 'shrike_tunnel_child_sas{connection="nobody",child="down"}' 0 &&
        at_least "shrike_tunnel_received_packets_total$lan" 6 &&
        at_least "shrike_tunnel_sent_bytes_total$lan" 504 &&
        at_least 'shrike_exchange_seconds_count{exchange="handshake"}' 1 &&
        at_least 'shrike_proofs_total{result="checked"}' 1 &&
        at_least 'shrike_process_resident_memory_bytes{role="net"}' 1000000 &&
        for role in parent control keys esp net certs eap; do is "shrike_role_up{role=\"$role\"}" 1 || return 1; done
}

# The peer that is not there, counted with its reason.
failures_have_their_reason() {
    within 20 at_least 'shrike_failures_total{what="ike",reason="TIMEOUT",by="us"}' 1 &&
        at_least shrike_ike_retransmissions_total 2
}

# What a Child SA has carried stays when it goes; a rekey and a new one add to it.
traffic_never_falls() {
    local name='shrike_tunnel_sent_packets_total{connection="west-east",child="lan"}' before
    before=$(sample "$name")
    shrike_at west rekey west-east lan && both_ways || return 1
    sleep 1.1
    at_least "$name" $((before + 6)) || return 1
    at_least 'shrike_exchange_seconds_count{exchange="child_rekey"}' 1 || return 1
    shrike_at west down west-east || return 1
    sleep 1.1
    at_least "$name" $((before + 6)) && is 'shrike_tunnels{state="up"}' 0 || return 1
    shrike_at west up west-east && both_ways || return 1
    sleep 1.1
    at_least "$name" $((before + 12)) && is 'shrike_tunnels{state="up"}' 1
}

tools_find_nothing_wrong() {
    scrape >"$net_dir/page" && "$promtool" check metrics <"$net_dir/page" &&
        "$promtool" check rules contrib/prometheus/shrike.rules.yml &&
        python3 - "$net_dir/page" <<'END'
import json, re, sys
page = open(sys.argv[1]).read()
known = {m.split(" ")[2] for m in page.splitlines() if m.startswith("# TYPE ")}
used = set()
def look(x):
    if isinstance(x, dict):
        for k, v in x.items():
            if k == "expr": used.update(re.findall(r"shrike_\w+", v))
            look(v)
    elif isinstance(x, list):
        for v in x: look(v)
look(json.load(open("contrib/grafana/shrike.json")))
used.update(re.findall(r"shrike_\w+", " ".join(l for l in open("contrib/prometheus/shrike.rules.yml") if "expr:" in l)))
missing = {u for u in used if re.sub(r"_(bucket|sum|count)$", "", u) not in known and u not in known}
assert used and not missing, missing
END
}

query() {
    on west "$promtool" query instant http://127.0.0.1:9090 "$1" | tee "$net_dir/query"
    grep -q " => $2 @" "$net_dir/query"
}

# It asks for OpenMetrics, which it reads more strictly than the older text.
prometheus_answers() {
    cat >"$net_dir/prometheus.yml" <<END
global:
  scrape_interval: 1s
rule_files: [ $PWD/contrib/prometheus/shrike.rules.yml ]
scrape_configs:
  - job_name: shrike
    static_configs:
      - targets: ["127.0.0.1:9500"]
END
    background west "$net_dir/prometheus.log" "$prometheus" --config.file="$net_dir/prometheus.yml" \
        --storage.tsdb.path="$net_dir/tsdb" --web.listen-address=127.0.0.1:9090
    within 20 query 'up{job="shrike"}' 1 &&
        within 10 query 'shrike_tunnels{state="up"}' 1 &&
        query 'shrike_tunnels{state="down"}' 1 &&
        query 'count(shrike_role_up == 1)' 7 &&
        within 10 query 'rate(shrike_scrapes_total[5s]) > bool 0' 1
    local code=$?
    finish "$pid"
    return $code
}

# Two hundred at once, and as many that never read or never ask: the daemon goes on, its memory
# stays, and whoever asks afterwards is answered.
scrapers_that_never_read() {
    local before after
    before=$(sample 'shrike_process_resident_memory_bytes{role="control"}')
    on west python3 - <<'END' || return 1
import socket, time
def call(data):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    s.setblocking(False)
    try: s.connect(("127.0.0.1", 9500))
    except BlockingIOError: pass
    return s, data
all = [call(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" if n % 2 else b"GET /") for n in range(200)]
end = time.monotonic() + 3
while time.monotonic() < end:
    for s, data in all:
        try: s.send(data)
        except OSError: pass
    time.sleep(0.2)
END
    both_ways && shrike_at west version || return 1
    within 40 scrape -o /dev/null || return 1
    after=$(sample 'shrike_process_resident_memory_bytes{role="control"}')
    echo "memory of control: $before, $after"
    [ "$after" -lt $((before + 8000000)) ] || return 1
    seq 200 | on west xargs -P 200 -I{} curl -s --max-time 20 -o /dev/null -w '%{http_code}\n' \
        http://127.0.0.1:9500/metrics >"$net_dir/codes" || true
    sort "$net_dir/codes" | uniq -c
    [ "$(grep -c 200 "$net_dir/codes")" -ge 190 ] && both_ways
}

# Another place, and none, without a start anew.
moved_and_off() {
    sed -i 's/127.0.0.1:9500/127.0.0.1:9501/' "$net_dir/west.conf"
    kill -HUP "$shriked_west"
    within 5 on west curl -sf -o /dev/null http://127.0.0.1:9501/metrics && ! scrape || return 1
    sed -i '/listen = /d' "$net_dir/west.conf"
    kill -HUP "$shriked_west"
    sleep 1
    ! on west curl -sf -o /dev/null http://127.0.0.1:9501/metrics && both_ways
}

test_of up up || exit 1
test_of tunnels_up_down_and_trapped tunnels_up_down_and_trapped || true
test_of failures_have_their_reason failures_have_their_reason || true
test_of traffic_never_falls traffic_never_falls || true
if prometheus_programs; then
    test_of promtool tools_find_nothing_wrong || true
    test_of prometheus prometheus_answers || true
else
    echo "skip prometheus: its package cannot be fetched"
fi
test_of scrapers_that_never_read scrapers_that_never_read || true
test_of moved_and_off moved_and_off || true
[ $net_failed -eq 0 ]
