# Completion of shrike(1) for fish: the tool itself knows.
function __shrike_complete
    set -l before (commandline -opc)
    $before[1] complete -- $before[2..-1] (commandline -ct | string collect --allow-empty) 2>/dev/null
end
complete -c shrike -a '(__shrike_complete)'
