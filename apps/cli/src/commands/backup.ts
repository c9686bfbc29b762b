import { outputOption, writeAnswer } from '../files-of.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'backup',
  summary: 'everything that ZooKeeper keeps for Lutra, passwords sealed',
  details: 'For lutra restore, with the same LUTRA_SECRET_KEY. It has the hashes of passwords and API tokens.',
  options: [outputOption],
  examples: [['lutra backup -o lutra-backup.json', 'before an upgrade, and each night']],
  async run(run) {
    writeAnswer(run, `${JSON.stringify(await run.client.call('GET /api/v1/backup'))}\n`);
  },
};
