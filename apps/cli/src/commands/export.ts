import { outputOption, writeAnswer } from '../files-of.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'export',
  summary: 'the configuration as a lutra.yaml, without secrets',
  details: 'Applied again it changes nothing. Passwords are references, or left out: those that are stored stay.',
  options: [outputOption],
  examples: [['lutra export -o lutra.yaml', 'begin to keep the configuration in a file']],
  async run(run) {
    const { answer } = await run.client.send('GET', '/api/v1/export');
    writeAnswer(run, typeof answer === 'string' ? answer : `${JSON.stringify(answer, null, 2)}\n`);
  },
};
