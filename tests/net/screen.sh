#!/usr/bin/env bash
# shellcheck disable=SC2154
# What people see: the tool's commands on terminals of 80 and 160 columns, in tmux, against two
# gateways of which one child is up and one cannot be. The screens are held against those in
# tests/net/screens, with what differs from run to run masked. screen.sh --write writes these anew.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(id -u)" -eq 0 ] || {
    echo "skip screen: needs root, for network namespaces"
    exit 0
}
# shellcheck source=tests/net/lib.sh
. tests/net/lib.sh
tools/need iproute2 tmux python3
shrike_programs

screens=$PWD/tests/net/screens
write=no
[ "${1:-}" != --write ] || write=yes
tmux() { command tmux -S "$net_dir/tmux" -f /dev/null "$@"; }
trap 'tmux kill-server 2>/dev/null; net_end' EXIT
tmux new-session -d -s keeper "sleep 300" # so that the server stays between two screens

site_to_site_net
gateway_conf west
gateway_conf east
# A second child that east does not know.
python3 - "$net_dir/west.conf" <<'END'
import sys
text = open(sys.argv[1]).read()
more = "children {\n            attic {\n                remote_ts = 10.9.0.0/16\n            }"
open(sys.argv[1], "w").write(text.replace("children {", more, 1))
END
cp "$net_dir/west.conf" "$net_dir/gateway.conf"

# Ages, times of the day, SPIs, numbers of messages' octets that hang on random choices, what a
# process costs, and the folder of this run.
mask() {
    python3 -c '
import re, sys
for line in sys.stdin:
    line = line.rstrip().replace(sys.argv[1], "DIR")
    line = re.sub(r"^(CPU|memory) .*", r"\1 ...", line)
    line = re.sub(r"\b[0-9a-f]{16}\b", "x" * 16, line)
    line = re.sub(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8}\b", "x" * 8, line)
    line = re.sub(r"\d\d\d\d-\d\d-\d\d", "YYYY-MM-DD", line)
    line = re.sub(r"\d\d:\d\d:\d\d(\.\d+)?", "hh:mm:ss", line)
    line = re.sub(r"^ *\+\d+\.\d\d\ds", "      +t.ttts", line)
    line = re.sub(r"^up \d+[smh]\S*", "up Ns", line)
    line = re.sub(r", \d+s\b", ", NNs", line)
    line = re.sub(r"(?<= ) \ds\b|\b\d\ds\b", "NNs", line)
    line = re.sub(r"\b\d+m\b", "Nm", line)
    line = re.sub(r"\b\d+h(\d+m)?\b", "Nh", line)
    line = re.sub(r"\d+\.\d/s", "n.n/s", line)
    line = re.sub(r"\b[1-9]\d\d?\d? octets", "N octets", line)
    print(line)
' "$net_dir"
}

ended() { tmux capture-pane -p -t "$1" | grep -qx '\[ended\]'; }

# shown NAME WIDTH KEYS ARGUMENT...: the screen when the command has ended, or stands, with $stands
# on it; KEYS end it. It talks to the daemon of $side.
side=west
stands=CONNECTION
shown() {
    local name=$1 width=$2 keys=$3 file tries=150 done
    shift 3
    file=$net_dir/$name-$width.txt
    tmux new-session -d -s "$name" -x "$width" -y 60 \
        "stty -echoctl; trap : INT
         env TERM=screen TZ=UTC $shrike --socket $net_dir/$side.vici $*; echo '[ended]'; sleep 60"
    done='\[ended\]'
    [ -z "$keys" ] || done=$stands
    until tmux capture-pane -p -t "$name" | grep -q "$done"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || break
        sleep 0.1
    done
    tmux capture-pane -p -t "$name" | sed '/^\[ended\]$/d' | mask |
        sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$file"
    if [ -n "$keys" ]; then
        tmux send-keys -t "$name" "$keys"
        within 15 ended "$name" || return 1
    fi
    tmux kill-session -t "$name"
    [ $tries -gt 0 ] || return 1
    [ $write = no ] || cp "$file" "$screens/$name-$width.txt"
    diff "$screens/$name-$width.txt" "$file"
}

# An overlong line would wrap, and a screen begin with its rest.
both_widths() {
    shown "$1" 80 "${@:2}" && shown "$1" 160 "${@:2}"
}

# What there was, and what comes: a rekey, whose last message has this number.
followed() {
    local width=$1 stands="INFORMATIONAL response $2" code=0 rekey
    (sleep 1 && shrike_at west rekey west-east lan) >/dev/null &
    rekey=$!
    shown trace-follow "$width" C-c trace --follow west-east || code=1
    wait $rekey
    return $code
}

trace_follows() { followed 80 4 && followed 160 6; }

# A connection more, and another key in each of two places; then a mistake.
reloads() {
    local code=0
    cp "$net_dir/west.conf" "$net_dir/before.conf"
    sed -i 's/^\( *\)attic {/\1lan_6 {\n\1    remote_ts = fd09::\/64\n\1}\n&\n\1    rekey_time = 30m/' \
        "$net_dir/west.conf"
    printf '\nconnections {\n    south {\n        remote_addrs = 192.0.2.9\n    }\n}\n' >>"$net_dir/west.conf"
    both_widths reload '' reload --dry-run || code=1
    sed -i 's/rekey_time = 30m/rekey_tme = 30m/; s/192.0.2.9/192.0.2.300.1/' "$net_dir/west.conf"
    both_widths reload-refused '' reload || code=1
    mv "$net_dir/before.conf" "$net_dir/west.conf"
    return $code
}

# A mistake and a doubt; and where two files do not fit.
checks() {
    sed 's/psk$/pks/; s/^ *lan {/&\n start_action = begin/' "$net_dir/east.conf" >"$net_dir/wrong.conf"
    sed 's/id = east.example/id = east.example.org/; s/^ *lan {/&\n esp_proposals = aes128-sha256/' \
        "$net_dir/east.conf" >"$net_dir/other.conf"
    both_widths check '' check "$net_dir/wrong.conf" &&
        both_widths check-pair '' check "$net_dir/west.conf" "$net_dir/other.conf"
}

# Who has called can be led away; who was called himself cannot.
redirects() {
    both_widths redirect-refused '' redirect west-east 192.0.2.9 || return 1
    local side=east
    both_widths redirect '' redirect west-east 192.0.2.9
}

lan_is_up_attic_is_not() {
    shriked_start west && shriked_start east || return 1
    shrike_at west up west-east lan || return 1
    ! shrike_at west up west-east attic
}

# The shells themselves, as people have them: each begins with the completion that is installed.
shell_of() {
    local folder=$net_dir/zsh
    case $1 in
    bash)
        printf '%s\n' "PS1='> '" '. tool/completion/shrike.bash' >"$net_dir/bashrc"
        echo "bash --rcfile $net_dir/bashrc"
        ;;
    zsh)
        mkdir -p "$folder"
        cp tool/completion/shrike.zsh "$folder/_shrike"
        printf '%s\n' "PS1='> '" "fpath=($folder \$fpath)" 'autoload -Uz compinit' \
            'compinit -u -D' >"$folder/.zshrc"
        echo "env ZDOTDIR=$folder zsh -d"
        ;;
    fish)
        echo "env HOME=$net_dir fish --no-config -C 'set fish_autosuggestion_enabled 0; \
            function fish_prompt; echo -n \"> \"; end; source tool/completion/shrike.fish'"
        ;;
    esac
}

line_is() { tmux capture-pane -p -t completed | grep -qxF -- "$1"; }

# completed SHELL LINE SHOULD: what stands on the line when the tabulator was pressed.
completed() {
    local code=0
    tmux new-session -d -s completed -x 160 -y 10 \
        "PATH=$(dirname "$shrike"):$PATH exec $(shell_of "$1")"
    within 10 line_is '>' || code=1
    tmux send-keys -t completed -l "$2"
    tmux send-keys -t completed Tab
    within 5 line_is "> $3" || code=1
    [ $code -eq 0 ] || tmux capture-pane -p -t completed
    tmux kill-session -t completed
    return $code
}

# Of several words it is shown what each does.
described() {
    local code=0
    tmux new-session -d -s completed -x 160 -y 20 \
        "PATH=$(dirname "$shrike"):$PATH exec $(shell_of "$1")"
    within 10 line_is '>' || code=1
    tmux send-keys -t completed -l "shrike re"
    tmux send-keys -t completed Tab
    within 5 sh -c "command tmux -S '$net_dir/tmux' capture-pane -p -t completed |
        grep -q 'reload .*have the files read again'" || code=1
    [ $code -eq 0 ] || tmux capture-pane -p -t completed
    tmux kill-session -t completed
    return $code
}

# Commands, options of a command, names that the daemon has, and files where nothing else fits.
shell_completes() {
    local socket="shrike --socket $net_dir/west.vici"
    completed "$1" "shrike tra" "shrike trace" &&
        completed "$1" "shrike top --on" "shrike top --once" &&
        completed "$1" "$socket up we" "$socket up west-east" &&
        completed "$1" "$socket rekey west-east at" "$socket rekey west-east attic" &&
        completed "$1" "shrike check docs/TOU" "shrike check docs/TOUR.md" || return 1
    [ "$1" = bash ] || described "$1"
}

test_of one_child_is_up_and_one_is_not lan_is_up_attic_is_not || exit 1
test_of overview both_widths overview '' overview || true
test_of list both_widths list '' list || true
test_of why both_widths why '' why || true
test_of trace both_widths trace '' trace west-east || true
test_of simulate both_widths simulate '' simulate tests/net/why/wrong_psk/{a,b}.conf || true
test_of top both_widths top q top || true
test_of top_once both_widths top-once '' top --once || true
test_of trace_follows trace_follows || true
test_of check checks || true
test_of reload reloads || true
for shell in bash zsh fish; do
    if tools/need $shell 2>/dev/null; then
        test_of ${shell}_completes shell_completes $shell || true
    else
        echo "skip ${shell}_completes: there is no $shell here, and it cannot be installed"
    fi
done
test_of redirect redirects || true
exit $((net_failed > 0))
