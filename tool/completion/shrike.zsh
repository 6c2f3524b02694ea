#compdef shrike
# Completion of shrike(1) for zsh: the tool itself knows.
local -a found
found=(${(f)"$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
if (( $#found )); then
    compadd -- $found
else
    _files
fi
