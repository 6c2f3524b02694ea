#!/usr/bin/env bash
# shellcheck disable=SC2154
# Pairs of configurations that do not fit, each with what either side has to say of it
# (tests/net/why/README). why.sh [CASE...]: these only.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip why: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 nftables python3
shrike_programs
cases=tests/net/why

# Several at a time: most of what they do is to wait.
in_parallel() {
    local lanes=4 i failed=0 lane_pids=()
    local all=("$@")
    for ((i = 0; i < lanes; i++)); do
        local mine=() k
        for ((k = i; k < ${#all[@]}; k += lanes)); do mine+=("${all[k]}"); done
        [ ${#mine[@]} -gt 0 ] || continue
        env -u NET_DIR -u NET_PREFIX BUILD="$BUILD" "$0" --lane "${mine[@]}" >"$net_dir/lane$i" 2>&1 &
        lane_pids+=($!)
        net_pids+=($!)
    done
    for i in "${lane_pids[@]}"; do wait "$i" || failed=1; done
    cat "$net_dir"/lane*
    return $failed
}

declare -A pids # of the daemons of this case, by side

two_hosts() {
    host a b
    link a wan0 b wan0
    address a wan0 192.0.2.1/24 192.0.2.3/24
    address b wan0 192.0.2.2/24
    at a addr add 10.1.0.1/24 dev lo
    at b addr add 10.2.0.1/24 dev lo
}

# What a case of before has dropped gets through again.
open_filters() {
    local side
    for side in a b; do
        on $side nft -f - <<END
table inet why
delete table inet why
table inet why {
    chain input {
        type filter hook input priority 0
    }
}
END
    done
}

has_refusal() { grep -q "^$2 refused " "$cases/$1/expect"; }

# It says what is wrong and where, and does not start.
refuses() {
    local pattern
    pattern=$(sed -n "s/^$2 refused //p" "$cases/$1/expect")
    ! on "$2" timeout 10 "$shriked" --check --config "$cases/$1/$2.conf" >"$net_dir/refused" 2>&1 || return 1
    cat "$net_dir/refused"
    grep -qE "$pattern" "$net_dir/refused"
}

# What both files say before anything is started.
checks() {
    local pattern
    pattern=$(sed -n 's/^check //p' "$cases/$1/expect")
    [ -n "$pattern" ] || return 0
    [ "$pattern" != none ] || pattern='^nothing to say against it$'
    "$shrike" check "$cases/$1/a.conf" "$cases/$1/b.conf" >"$net_dir/checked" || true
    cat "$net_dir/checked"
    grep -qE "$pattern" "$net_dir/checked"
}

# run CASE SIDE PROGRAM: one that says when it is ready.
run() {
    rm -f "$net_dir/$3.log"
    background "$2" "$net_dir/$3.log" python3 "$cases/$1/$3"
    pids[$3]=$pid
    within 10 grep -q ready "$net_dir/$3.log"
}

start() {
    rm -f "$net_dir/$2.log"
    background "$2" "$net_dir/$2.log" "$shriked" --config "$cases/$1/$2.conf" \
        --control-socket "$net_dir/$2.vici"
    pids[$2]=$pid
}

# What is there of this side: its daemon, another program, or a daemon that does not start.
begin() {
    if [ -e "$cases/$1/$2.py" ]; then
        run "$1" "$2" "$2.py"
    elif has_refusal "$1" "$2"; then
        refuses "$1" "$2"
    else
        start "$1" "$2"
    fi
}

# The words of the file that are done, in their order.
act() {
    local word rest
    while read -r word rest; do
        # nft takes its rule in any number of words, the tool wants them apart
        # shellcheck disable=SC2086
        case $word in
        up | rekey) shrike_at a --timeout 10 $word $rest || true ;;
        run) run "$1" "${rest%% *}" "${rest#* }" || return 1 ;;
        alter) on "${rest%% *}" nft add rule inet why input "${rest#* }" || return 1 ;;
        drop) on "${rest%% *}" nft add rule inet why input "${rest#* } drop" || return 1 ;;
        esac
    done <"$cases/$1/expect"
}

run_case() {
    local side
    pids=()
    checks "$1" || return 1
    open_filters
    for side in a b; do begin "$1" $side || return 1; done
    for side in a b; do [ -z "${pids[$side]:-}" ] || within 10 shrike_at $side version || return 1; done
    act "$1" && python3 tests/net/why_check.py "$cases/$1" "$net_dir" "$shrike"
}

one_case() {
    local failed=0 p
    run_case "$1" || failed=1
    for p in "${pids[@]}"; do kill -TERM "$p" 2>/dev/null || true; done
    for p in "${pids[@]}"; do finish "$p" 5; done
    return $failed
}

if [ "${1:-}" != --lane ]; then
    [ $# -gt 0 ] || mapfile -t all < <(find $cases -mindepth 1 -type d -printf '%f\n' | sort)
    in_parallel "${@:-${all[@]}}"
    exit
fi
shift
two_hosts
for name in "$@"; do
    test_of "$name" one_case "$name" || true
done
[ $net_failed -eq 0 ]
