/** Completion for bash 4 and later. omk itself reads and quotes the words, so no bash-completion package is needed. */

/** See the module. */
export const BASH_SCRIPT = `# omk completion for bash; made by: omk completions bash
_omk() {
  COMPREPLY=()
  local kind line
  {
    IFS= read -r kind || return 0
    case $kind in
      words)
        while IFS= read -r line; do COMPREPLY+=("$line"); done
        ;;
      files) compopt -o default ;;
      directories) compopt -o dirnames ;;
    esac
  } < <("\${1/#~\\//$HOME/}" __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -F _omk omk
`;
