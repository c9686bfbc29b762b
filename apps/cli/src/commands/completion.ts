import { completionScripts, shells } from '../completion/scripts.js';
import type { Shell } from '../completion/scripts.js';
import { usageError } from '../exit-codes.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'completion',
  summary: 'print what makes a shell complete verbs, options and names',
  details: 'Names of channels, pipelines, endpoints and regions are asked of control, for half a second at most.',
  args: [{ syntax: '<shell>', what: 'bash, zsh or fish', named: shells }],
  examples: [
    ['eval "$(lutra completion bash)"', 'in ~/.bashrc'],
    ['lutra completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  run({ args: [shell = ''], out }) {
    if (!(shells as readonly string[]).includes(shell)) throw usageError(`${shell}: a shell is ${shells.join(', ')}`);
    out.raw(completionScripts[shell as Shell]);
    return Promise.resolve();
  },
};
