import { ApiError } from '@lutra/client';
import type { Input } from '@lutra/client';
import { parse, stringify } from 'yaml';
import { acceptOption, requireConsent } from '../consent.js';
import { usageError } from '../exit-codes.js';
import { printable } from '../output/text.js';
import { textIn } from '../plan-view.js';
import type { Run, Verb } from '../verb.js';

type Body = Input<'PUT /api/v1/oidc'>['body'];

const get: Verb = {
  name: 'get',
  summary: 'show it as YAML, without its secret; set takes that back',
  async run({ client, out }) {
    const answer = await client.call('GET /api/v1/oidc');
    out.answer(answer, () => {
      const text = stringify(answer, { lineWidth: 0 });
      out.raw(out.isTerminal ? printable(text) : text);
    });
  },
};

const set: Verb = {
  name: 'set',
  summary: 'make it what a file says',
  details:
    'Without clientSecret the stored one stays. In the file it is best a reference (env:LUTRA_SECRET_…, file:…); --secret-stdin gives it in clear.',
  options: [
    { flags: '-f, --file <file>', what: 'issuer, clientId, groups and so on, YAML or JSON; - is stdin', required: true },
    { flags: '--secret-stdin', what: 'read the client secret from stdin' },
  ],
  examples: [['lutra oidc set -f oidc.yaml', 'who is in which group may do what']],
  async run(run) {
    const body = await bodyOf(run);
    const etag = await known(run);
    const how = etag === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag };
    const answer = await run.client.call('PUT /api/v1/oidc', { body, ...how });
    run.out.answer(answer, () => run.out.line(`login by ${answer.issuer}: ${answer.groups.length} groups may log in`));
  },
};

/** @throws CliError usage */
async function bodyOf({ options, stdin }: Run): Promise<Body> {
  const file = options.text('file') ?? '-';
  const isSecretGiven = options.flag('secretStdin');
  if (file === '-' && isSecretGiven) throw usageError('stdin is either the file or the secret');
  const body = documentIn(file, file === '-' ? await stdin() : textIn(file));
  return isSecretGiven ? { ...body, clientSecret: (await stdin()).replace(/\r?\n$/, '') } : body;
}

/** What it must be, control says. */
function documentIn(file: string, text: string): Body {
  try {
    const body: unknown = parse(text);
    if (typeof body === 'object' && body !== null) return body as Body;
  } catch {
    // A parser's message quotes the text, which may hold the secret.
  }
  throw usageError(`${file}: no document in YAML or JSON`);
}

/** Its version; null: there is none yet. */
async function known({ client }: Run): Promise<string | null> {
  try {
    return (await client.read('GET /api/v1/oidc')).etag;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

const remove: Verb = {
  name: 'remove',
  summary: 'remove it; who is logged in stays so until the session ends',
  options: [acceptOption],
  async run(run) {
    await requireConsent(run, 'Remove the login by the identity provider?');
    await run.client.call('DELETE /api/v1/oidc', { ifMatch: '*' });
    run.out.note('nobody can log in by the identity provider any more');
  },
};

export const verb: Verb = {
  name: 'oidc',
  summary: 'the login by an identity provider (OpenID Connect): get, set, remove',
  verbs: [get, set, remove],
};
