/** Completion for fish 3 and later. */

/** See the module. */
export const FISH_SCRIPT = `# omk completion for fish; made by: omk completions fish
function __omk_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l omk (string replace -r -- '^~/' "$HOME/" $words[1])
    type -q $omk; or return 0
    set -l lines ($omk __complete fish "=$current" $words[2..-1] 2>/dev/null)
    switch "$lines[1]"
        case words
            string join \\n -- $lines[2..-1]
        case files directories
            # Behind --option= the path is only a part of the word.
            set -l option (string replace -r -- '^(--[^=]+=)?.*' '$1' "$current")
            set -l path (string replace -r -- '^--[^=]+=' '' "$current")
            if test $lines[1] = directories
                printf '%s\\n' $option(__fish_complete_directories $path '')
            else
                printf '%s\\n' $option(__fish_complete_path $path)
            end
    end
end
complete -c omk -f -a '(__omk_complete)'
`;
