/** What makes a shell ask `lutra` what it may offer. */
import { completionVerb } from './complete.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const bash = `# lutra: eval "$(lutra completion bash)"
_lutra() {
  local IFS=$'\\n'
  COMPREPLY=($(lutra ${completionVerb} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _lutra lutra
`;

const zsh = `#compdef lutra
# lutra: eval "$(lutra completion zsh)", behind compinit
_lutra() {
  local -a found
  found=("\${(@f)$(lutra ${completionVerb} "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  [[ -n "\${found[1]}" ]] && compadd -- "\${found[@]}" || _files
}
compdef _lutra lutra
`;

const fish = `# lutra: lutra completion fish | source
function __lutra_complete
  set -l words (commandline -opc) (commandline -ct)
  lutra ${completionVerb} $words[2..-1] 2>/dev/null
end
complete -c lutra -f -a '(__lutra_complete)'
`;

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
