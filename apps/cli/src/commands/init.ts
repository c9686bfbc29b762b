import { usageError } from '../exit-codes.js';
import { administratorOf, requireSafeControl } from '../init/administrators.js';
import { readAnswers } from '../init/answers.js';
import { ask } from '../init/asking.js';
import type { Asked } from '../init/asking.js';
import { makeFirstChannel } from '../init/first-channel.js';
import { undo } from '../init/undoing.js';
import type { Run, Verb } from '../verb.js';

export const verb: Verb = {
  name: 'init',
  summary: 'make the first channel between two databases, from their preparation to a proof that it works',
  details: `Asks for two databases and the logins of their administrators, shows every statement and the lutra.yaml that it would apply, and asks once. Then it prepares both servers, starts the channel, copies what is there, waits until it runs, and sees a write of each side come through. The logins are sent to control, over HTTPS or on its own machine only, and kept nowhere. Interrupted, it goes on when it is called again. Exit code 3: somebody has to do something first that it only says, as a restart of a server.

In a file of answers: channel, schemas, ways (both, a-to-b), home, policy (home, merge, stop), ddl, binlog (false: the users stay out of the binlogs), and for a and b: host, port, tls (true, or ca: a PEM file), admin (root), region, brokers (of a new region), name, user (lutra), serverId.`,
  options: [
    { flags: '-f, --file <file>', what: 'the answers, YAML; nothing is asked that stands in it' },
    { flags: '--admin-a-file <file>', what: 'with the password of the administrator of the first database' },
    { flags: '--admin-b-file <file>', what: 'of the second' },
    { flags: '--admin <user>', what: 'with --undo: the administrator, root if not given' },
    { flags: '--yes <hash>', what: 'of what was shown: it is done without a question, and nothing else' },
    { flags: '--undo <endpoint>', what: 'take back what was done on its server, and nothing else' },
  ],
  examples: [
    ['lutra init', 'asks'],
    ['lutra init -f answers.yaml --admin-a-file a --admin-b-file b', 'in a script: shows everything, and the hash for --yes'],
    ['lutra init --undo mysql-hangzhou', 'after its channel was removed'],
  ],
  async run(run) {
    requireSafeControl(run);
    const endpoint = run.options.text('undo');
    if (endpoint !== undefined) return undo(run, endpoint);
    const { answers, servers } = await answered(run);
    await makeFirstChannel(run, answers, servers);
  },
};

async function answered(run: Run): Promise<Asked> {
  const file = run.options.text('file');
  if (file === undefined) {
    if (!run.prompts.isPossible)
      throw usageError('nobody is there to ask', '--file has the answers, --admin-a-file and --admin-b-file the passwords.');
    return ask(run);
  }
  const answers = readAnswers(file);
  const servers = { a: await administratorOf(run, 'a', answers.a), b: await administratorOf(run, 'b', answers.b) };
  return { answers, servers };
}
