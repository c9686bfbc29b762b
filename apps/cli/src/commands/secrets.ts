import type { Answer } from '@lutra/client';
import type { Column } from '../output/table.js';
import { acceptOption, requireConsent } from '../consent.js';
import type { Verb } from '../verb.js';

type Secrets = Answer<'GET /api/v1/secrets'>;

const keyColumns: readonly Column<Secrets['keys'][number]>[] = [
  { title: 'key', of: ({ kid }) => kid, whole: true },
  { title: 'first', of: ({ first }) => (first ? 'yes' : 'no') },
  { title: 'known', of: ({ known }) => (known ? 'yes' : 'no'), tone: ({ known }) => (known ? undefined : 'bad') },
  { title: 'secrets', of: ({ secrets }) => secrets },
];

const referenceColumns: readonly Column<Secrets['references'][number]>[] = [
  { title: 'reference', of: ({ reference }) => reference },
  { title: 'of', of: ({ kind, name }) => `${kind} ${name}` },
  { title: 'field', of: ({ field }) => field },
];

const list: Verb = {
  name: 'list',
  summary: 'which keys seal how many secrets, and which secrets are references',
  async run({ client, out }) {
    const secrets = await client.call('GET /api/v1/secrets');
    out.answer(secrets, () => {
      out.table(keyColumns, secrets.keys, 'no keys');
      if (secrets.references.length > 0) {
        out.line();
        out.table(referenceColumns, secrets.references, '');
      }
      if (secrets.unreadable > 0) out.note(`${secrets.unreadable} secrets of an earlier version cannot be opened: give them again`);
    });
  },
};

const rotate: Verb = {
  name: 'rotate',
  summary: 'seal all secrets with the first key',
  options: [acceptOption],
  async run(run) {
    await requireConsent(run, 'Seal all secrets with the first key of the key file?');
    const answer = await run.client.call('POST /api/v1/secrets/rotate');
    const { kid, sealed } = answer;
    run.out.answer(answer, () =>
      run.out.line(`sealed with ${kid}: ${sealed.endpoints.length} endpoints, ${sealed.regions.length} regions`),
    );
  },
};

export const verb: Verb = { name: 'secrets', summary: 'the keys that seal passwords: list, rotate', verbs: [list, rotate] };
