import type { Answer } from '@lutra/client';
import { time } from '../output/format.js';
import type { Column } from '../output/table.js';
import { grantsOf, grantsText, grantSyntax } from '../people-view.js';
import type { Verb } from '../verb.js';

const columns: readonly Column<Answer<'GET /api/v1/users/{name}/tokens'>[number]>[] = [
  { title: 'id', of: ({ id }) => id, whole: true },
  { title: 'name', of: ({ name }) => name },
  { title: 'state', of: ({ state }) => state, tone: ({ state }) => (state === 'valid' ? 'good' : 'faint') },
  { title: 'may', of: ({ grants }) => grantsText(grants) },
  { title: 'expires (UTC)', of: ({ expiresAt }) => (expiresAt === null ? 'never' : time(expiresAt)) },
  { title: 'last use (UTC)', of: ({ lastUsedAt }) => time(lastUsedAt) },
];
const userArgument = { syntax: '<user>', what: 'whose tokens' } as const;

const list: Verb = {
  name: 'list',
  summary: 'the API tokens of a user; no secret is shown',
  args: [userArgument],
  async run({ args: [name = ''], client, out }) {
    const tokens = await client.call('GET /api/v1/users/{name}/tokens', { path: { name } });
    out.answer(tokens, () => out.table(columns, tokens, 'no API tokens'));
  },
};

const create: Verb = {
  name: 'create',
  summary: 'make an API token; its secret is shown this once',
  details: 'It may do what its grants and those of its user allow, both.',
  args: [userArgument, { syntax: '<name>', what: 'what it is for' }],
  options: [
    { flags: '--grant <grant>', what: `${grantSyntax}; viewer if left out`, kind: 'list' },
    { flags: '--days <number>', what: 'until it expires; 90 if left out', kind: 'number' },
    { flags: '--no-expiry', what: 'it never expires' },
  ],
  examples: [['lutra token create ada "nightly job" --grant operator:shop-* --days 30', 'prints the secret']],
  async run({ args: [user = '', name = ''], client, options, out }) {
    const days = options.flag('expiry') ? options.number('days') : null;
    const grants = grantsOf(options.list('grant'));
    const body = { name, ...(grants && { grants }), ...(days !== undefined && { days }) };
    const token = await client.call('POST /api/v1/users/{name}/tokens', { path: { name: user }, body });
    out.answer(token, () => {
      out.note(
        `${token.id}, ${token.expiresAt === null ? 'without an end' : `until ${time(token.expiresAt)}`}. The secret is shown now and never again:`,
      );
      out.line(token.secret);
    });
  },
};

const revoke: Verb = {
  name: 'revoke',
  summary: 'end an API token at once',
  args: [userArgument, { syntax: '<id>', what: 'as lutra token list shows it' }],
  async run({ args: [name = '', id = ''], client, out }) {
    await client.call('DELETE /api/v1/users/{name}/tokens/{id}', { path: { name, id } });
    out.note(`${id} is revoked`);
  },
};

export const verb: Verb = { name: 'token', summary: 'API tokens: list, create, revoke', verbs: [list, create, revoke] };
