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
# shellcheck source=tests/net/pki.sh
. tests/net/pki.sh
legacy=() # where OpenSSL has MD4, which MSCHAPv2 needs, in a package of its own
! apt-cache show openssl-provider-legacy >/dev/null 2>&1 || legacy=(openssl-provider-legacy)
tools/need iproute2 nftables openssl python3 "${legacy[@]}"
shrike_programs
cases=tests/net/why
pki=${PKI:-$net_dir/pki}

wants_pki() { grep -qx pki "$cases/$1/expect"; }

# What the cases with `pki` name in `certs`: a's are of a.example, b's of b.example.
make_pki() {
    local side
    mkdir "$pki" "$pki"/{a,b}
    authority root
    authority sub root
    authority other
    authority stranger
    local leaf_of=a
    leaf a P-256
    leaf nokey P-256
    leaf second P-256 other
    leaf deep P-256 sub
    leaf unknown P-256 stranger
    leaf expired P-256 root -1
    leaf future P-256
    later future root
    leaf usage P-256 root 90 extendedKeyUsage=codeSigning
    leaf short rsa1024
    leaf revoked P-256
    signed_by=sha1 leaf sha1 P-256
    leaf_of=another leaf another P-256
    leaf_of=b
    leaf b P-256
    leaf b_nokey P-256
    leaf b_unknown P-256 stranger
    leaf b_expired P-256 root -1
    leaf_of=c
    leaf b_another P-256
    leaf pinned P-256
    index a revoked
    crl root
    for side in a b; do
        mkdir -p "$pki/$side"/{x509,x509ca,x509crl,pubkey,private}
        cp "$pki"/{root,other}.pem "$pki/$side/x509ca"
    done
    cp "$pki/root.crl" "$pki/b/x509crl"
    cp "$pki"/{a,nokey,second,deep,unknown,expired,future,usage,short,revoked,sha1,another}.pem "$pki/a/x509"
    cp "$pki"/{b,b_nokey,b_unknown,b_expired,b_another,pinned}.pem "$pki/b/x509"
    for name in a second deep unknown expired future usage short revoked sha1 another; do
        cp "$pki/$name.key" "$pki/a/private/$name.pem"
    done
    for name in b b_unknown b_expired b_another; do cp "$pki/$name.key" "$pki/b/private/$name.pem"; done
    openssl pkey -in "$pki/a.key" -pubout -out "$pki/a/pubkey/a.pub"
    openssl pkey -in "$pki/second.key" -pubout -out "$pki/b/pubkey/second.pub"
}

# Those cases stand in the folder of this run, each side with its certificates beside it.
lay_out() {
    local name=$1 side folder
    for side in a b; do
        mkdir -p "$net_dir/why/$name.$side"
        cp "$cases"/*.conf "$net_dir/why"
        cp "$cases/$name/$side.conf" "$net_dir/why/$name.$side"
        for folder in "$pki/$side"/*; do ln -s "$folder" "$net_dir/why/$name.$side"; done
    done
}

# conf_of CASE SIDE
conf_of() {
    local conf=$cases/$1/$2.conf
    ! wants_pki "$1" || conf=$net_dir/why/$1.$2/$2.conf
    echo "$conf"
}

# Several at a time: most of what they do is to wait.
in_parallel() {
    local lanes=4 i failed=0 lane_pids=()
    local all=("$@")
    for ((i = 0; i < lanes; i++)); do
        local mine=() k
        for ((k = i; k < ${#all[@]}; k += lanes)); do mine+=("${all[k]}"); done
        [ ${#mine[@]} -gt 0 ] || continue
        env -u NET_DIR -u NET_PREFIX BUILD="$BUILD" PKI="$pki" "$0" --lane "${mine[@]}" >"$net_dir/lane$i" 2>&1 &
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
    ! on "$2" timeout 10 "$shriked" --check --config "$(conf_of "$1" "$2")" >"$net_dir/refused" 2>&1 || return 1
    cat "$net_dir/refused"
    grep -qE "$pattern" "$net_dir/refused"
}

# What both files say before anything is started.
checks() {
    local pattern
    pattern=$(sed -n 's/^check //p' "$cases/$1/expect")
    [ -n "$pattern" ] || return 0
    [ "$pattern" != none ] || pattern='^nothing to say against it$'
    "$shrike" check "$(conf_of "$1" a)" "$(conf_of "$1" b)" >"$net_dir/checked" || true
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
    background "$2" "$net_dir/$2.log" "$shriked" --config "$(conf_of "$1" "$2")" \
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
    ! wants_pki "$1" || lay_out "$1" || return 1
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
    make_pki
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
