# Completion of shrike(1) for fish: the tool itself knows; files where it knows nothing.
function __shrike_complete
    set -l before (commandline -opc)
    set -l word (commandline -ct | string collect --allow-empty)
    set -l found ($before[1] complete -- $before[2..-1] "$word" 2>/dev/null)
    if set -q found[1]
        printf '%s\n' $found
    else
        __fish_complete_path "$word"
    end
end
complete -c shrike -f -a '(__shrike_complete)'
