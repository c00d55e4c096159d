/**
 * What each shell runs at every press of the key: it asks `gantry __complete` with the words so far, of which the last is
 * not finished. The answer is a line per candidate, with a tab before its description; `:files` asks for paths.
 */
export const SCRIPTS = {
  // Bash splits words at : and =, which names hold; so they are put together again, and what stands is not said twice.
  bash: String.raw`# gantry completion bash: source it, or write it to /etc/bash_completion.d/gantry
_gantry() {
  local rest=$COMP_LINE blanks word candidate standing i
  local -a words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${"$"}{COMP_WORDS[i]}
    blanks=${"$"}{rest%%[![:blank:]]*}
    rest=${"$"}{rest#"$blanks"}
    rest=${"$"}{rest#"$word"}
    if [[ -n $blanks || $i -eq 0 ]]; then words+=("$word"); else words[-1]+=$word; fi
  done
  word=${"$"}{words[-1]}
  standing=${"$"}{word%"${"$"}{word##*["$COMP_WORDBREAKS"]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    if [[ $candidate == :files ]]; then
      compopt -o filenames
      while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "${"$"}{word#"$standing"}")
    else
      COMPREPLY+=("${"$"}{candidate#"$standing"}")
      [[ $candidate != *[:=] ]] || compopt -o nospace
    fi
  done < <("${"$"}{words[0]}" __complete -- "${"$"}{words[@]:1}" 2>/dev/null)
}
complete -F _gantry gantry
`,
  zsh: String.raw`#compdef gantry
# gantry completion zsh: write it to a file _gantry in a folder of $fpath, or source it after compinit
_gantry() {
  local line files=
  local -a candidates
  for line in "${"$"}{(@f)$("$words[1]" __complete -- "${"$"}{(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      files=1
    elif [[ -n $line ]]; then
      candidates+=("${"$"}{${"$"}{line%%$'\t'*}//:/\\:}:${"$"}{line#*$'\t'}")
    fi
  done
  (( $#candidates )) && _describe gantry candidates
  [[ -n $files ]] && _files
  return 0
}
if [[ "$funcstack[1]" == _gantry ]]; then _gantry "$@"; else compdef _gantry gantry; fi
`,
  fish: String.raw`# gantry completion fish: write it to ~/.config/fish/completions/gantry.fish
function __gantry_candidates
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c gantry -f -a '(__gantry_candidates)'
`,
} as const;

export type Shell = keyof typeof SCRIPTS;
