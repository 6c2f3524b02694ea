# shellcheck shell=bash disable=SC2154
# Hosts in the kernel of user-mode-linux, where a fork costs as much as a handshake and a program several:
# sourced after tests/net/lib.sh, in place of its functions of the same names. What is asked often, is asked of
# resident.py, a program that stays.

# resident_start: it and its pipes, which a subshell may use, too.
resident_start() {
    coproc resident { exec python3 tests/kernel/resident.py; }
    exec {resident_to}>&"${resident[1]}" {resident_from}<&"${resident[0]}"
    exec {resident_never}<> <(:) # from which nothing ever comes
}

# ask WORD...: of resident.py; what it says is in $answer, which is shown where it says no.
ask() {
    local said=no
    answer=''
    echo "$*" >&"$resident_to"
    read -r -t 120 said answer <&"$resident_from" || answer="no answer to $*"
    [ "$said" = yes ] || {
        echo "$answer"
        return 1
    }
}

# sleep SECONDS: without a program.
sleep() { read -r -t "$1" -u "$resident_never" || true; }

host() {
    local name
    for name in "$@"; do
        net_hosts+=("$name")
        ask host "$name" "$net_prefix$name" && ask set "$name" 0 ipv6/conf/default/accept_dad
    done
}

# Here / is a mount point.
at() { ip -n "$net_prefix$1" "${@:2}"; }

# batch HOST LINE...: ip(8) there, once for all of them.
batch() {
    local name=$1 line
    shift
    for line in "$@"; do echo "$line"; done | at "$name" -batch -
}

address() {
    local name=$1 device=$2 a lines=()
    shift 2
    for a in "$@"; do
        case $a in
        *:*) lines+=("addr add $a dev $device nodad") ;;
        *) lines+=("addr add $a dev $device") ;;
        esac
    done
    batch "$name" "${lines[@]}"
}

router() {
    local name
    for name in "$@"; do
        ask set "$name" 1 ipv4/ip_forward
        ask set "$name" 1 ipv6/conf/all/forwarding
    done
}

# shrike_at HOST ARGUMENT...: what shrike(1) does that is done often, one at a time.
shrike_at() {
    local to=$net_dir/$1.vici
    case $2:$# in
    up:4) ask vici "$to" initiate "ike=$3" "child=$4" timeout=60000 ;;
    down:3) ask vici "$to" terminate "ike=$3" timeout=60000 ;;
    rekey:3 | rekey:4) ask vici "$to" rekey "ike=$3" ${4:+"child=$4"} timeout=60000 ;;
    # Who speaks IKE has what is new before it is asked for its SAs.
    reload:2) ask vici "$to" reload-settings && ask spis "$to" ike ;;
    *) shrike_itself "$@" ;;
    esac
}
shrike_itself() { "$shrike" --socket "$net_dir/$1.vici" "${@:2}"; }

# ping_at HOST ADDRESS [COUNT]
ping_at() { ask reach "$1" any "$2" "${3:-3}"; }

shriked_start() {
    local name=$1
    shift
    : >"$net_dir/$name.log"
    background "$name" "$net_dir/$name.log" "$shriked" --config "$net_dir/$name.conf" \
        --control-socket "$net_dir/$name.vici" "$@"
    declare -g "shriked_$name=$pid"
    ask until 30 says "$net_dir/$name.log" ready: # each of its processes is a program to load
}
