#compdef shrike
# Completion of shrike(1) for zsh: the tool itself knows, and says what each word does.
local -a found
found=(${(f)"$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
found=("${(@)found/$'\t'/:}")
if (( $#found )); then
    _describe -V 'shrike' found
else
    _files
fi
