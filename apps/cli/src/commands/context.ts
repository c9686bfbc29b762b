import { resolve } from 'node:path';
import { usageError } from '../exit-codes.js';
import { urlOf } from '../contexts.js';
import type { Run, Verb } from '../verb.js';

const nameArgument = { syntax: '<name>', what: 'of the context', named: 'context' } as const;

const list: Verb = {
  name: 'list',
  summary: 'list the contexts; no token is shown',
  run({ contexts, out }) {
    const { current, contexts: all } = contexts.read();
    const rows = Object.entries(all).map(([name, { url, token, ca }]) => ({
      name,
      current: name === current,
      url,
      token: token !== undefined,
      ca: ca ?? null,
    }));
    out.answer(rows, () => {
      const columns = [
        { title: 'current', of: (row: (typeof rows)[number]) => (row.current ? '*' : ' ') },
        { title: 'name', of: (row: (typeof rows)[number]) => row.name, whole: true },
        { title: 'url', of: (row: (typeof rows)[number]) => row.url },
        { title: 'token', of: (row: (typeof rows)[number]) => (row.token ? 'yes' : 'no') },
        { title: 'ca', of: (row: (typeof rows)[number]) => row.ca },
      ];
      out.table(columns, rows, 'no context: lutra context set makes one');
    });
    return Promise.resolve();
  },
};

const set: Verb = {
  name: 'set',
  summary: 'make a context, or change it, and use it from now on',
  details:
    'The token is asked for on a terminal, or read from stdin with --token-stdin. Without a token the old one of the same url stays.',
  args: [{ ...nameArgument, what: 'a name of your choice' }],
  options: [
    { flags: '--url <url>', what: 'of control', required: true },
    { flags: '--ca <file>', what: 'PEM file of the CA that signed the certificate of control' },
    { flags: '--token-stdin', what: 'read the token from stdin' },
    { flags: '--no-token', what: 'ask for no token' },
  ],
  examples: [
    ['lutra context set prod --url https://lutra.example:8080', 'asks for the token'],
    ['lutra context set prod --url https://lutra.example:8080 --token-stdin < token', 'for scripts: a token is in no command line'],
  ],
  async run(run) {
    const {
      args: [name = ''],
      contexts,
      options,
      out,
    } = run;
    if (!/^[\w.-]{1,100}$/.test(name)) throw usageError('a name has letters, digits, _ . and -');
    const url = urlOf(options.text('url') ?? '', '--url');
    const ca = options.text('ca');
    const before = contexts.read().contexts[name];
    const token = (await tokenFrom(run)) || (before?.url === url ? before.token : undefined);
    contexts.set(name, { url, ...(token ? { token } : {}), ...(ca === undefined ? {} : { ca: resolve(ca) }) });
    out.note(`context ${name} is set and current: ${contexts.file}`);
  },
};

async function tokenFrom({ options, prompts, stdin }: Run): Promise<string | undefined> {
  if (options.flag('tokenStdin')) return (await stdin()).trim();
  return prompts.isPossible && options.flag('token') ? await prompts.password('Token', '') : undefined;
}

const use: Verb = {
  name: 'use',
  summary: 'make another context the current one',
  args: [nameArgument],
  run({ args: [name = ''], contexts, out }) {
    contexts.use(name);
    out.note(`context ${name} is current`);
    return Promise.resolve();
  },
};

const remove: Verb = {
  name: 'remove',
  summary: 'remove a context with its token',
  args: [nameArgument],
  run({ args: [name = ''], contexts, out }) {
    contexts.remove(name);
    out.note(`context ${name} is removed`);
    return Promise.resolve();
  },
};

export const verb: Verb = {
  name: 'context',
  summary: 'where control is, and with which token: list, set, use, remove',
  verbs: [list, set, use, remove],
};
