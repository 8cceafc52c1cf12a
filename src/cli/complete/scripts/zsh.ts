/** Completion for zsh 5 and later: to be read at once, or as the file `_omk` in a directory of `fpath`. */

/** See the module. */
export const ZSH_SCRIPT = `#compdef omk
# omk completion for zsh; made by: omk completions zsh
_omk() {
  local -a lines found
  local line value
  lines=("\${(@f)$(\${~words[1]} __complete zsh "=\${(Q)PREFIX}" "\${(@Q)words[2,CURRENT-1]}" 2>/dev/null)}")
  case $lines[1] in
    words)
      for line in "\${(@)lines[2,-1]}"; do
        value=\${line%%$'\\t'*}
        found+=("\${\${value//\\\\/\\\\\\\\}//:/\\\\:}:\${line#*$'\\t'}")
      done
      (( $#found )) && _describe -V omk found
      ;;
    files) compset -P '--*='; _files ;;
    directories) compset -P '--*='; _files -/ ;;
    *) return 1 ;;
  esac
}
if [[ $funcstack[1] == _omk ]]; then
  _omk "$@"
else
  compdef _omk omk
fi
`;
