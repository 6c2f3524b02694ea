# shellcheck shell=bash
# Completion of shrike(1) for bash: the tool itself knows.
_shrike() {
    mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=("${COMPREPLY[@]%%$'\t'*}") # without what it does
}
complete -o default -F _shrike shrike
