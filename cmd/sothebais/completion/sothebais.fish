# fish completion for sothebais; written by `sothebais completion fish`.
function __sothebais_complete
    set -l words (commandline -opc)
    set -l found ($words[1] complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c sothebais -f -a '(__sothebais_complete)'
