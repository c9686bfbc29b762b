import type { Answer } from '@lutra/client';
import { acceptOption, requireConsent } from '../consent.js';
import { usageError } from '../exit-codes.js';
import { time } from '../output/format.js';
import type { Column } from '../output/table.js';
import { grantsOf, grantsText, grantSyntax } from '../people-view.js';
import type { Run, Verb } from '../verb.js';

const columns: readonly Column<Answer<'GET /api/v1/users'>[number]>[] = [
  { title: 'name', of: ({ name }) => name, whole: true },
  { title: 'may', of: ({ grants }) => grantsText(grants) },
  { title: 'state', of: ({ disabled }) => (disabled ? 'disabled' : 'active'), tone: ({ disabled }) => (disabled ? 'faint' : 'good') },
  { title: 'password', of: ({ passwordSet }) => (passwordSet ? 'yes' : 'no') },
  { title: 'by', of: ({ by }) => by, wide: true },
  { title: 'at (UTC)', of: ({ at }) => time(at), wide: true },
];
const nameArgument = { syntax: '<name>', what: 'of the user' } as const;
const passwordOptions = [
  { flags: '--password-stdin', what: 'read the password from stdin; asked for on a terminal otherwise' },
  { flags: '--no-password', what: 'none: no login by password' },
] as const;
const grantOption = { flags: '--grant <grant>', what: grantSyntax, kind: 'list' } as const;

const list: Verb = {
  name: 'list',
  summary: 'all users, and what they may do',
  async run({ client, out }) {
    const users = await client.call('GET /api/v1/users');
    out.answer(users, () => out.table(columns, users, 'no users'));
  },
};

const create: Verb = {
  name: 'create',
  summary: 'make a user',
  args: [nameArgument],
  options: [grantOption, ...passwordOptions],
  examples: [['lutra user create ada --grant operator:shop-* --grant viewer', 'may run the channels of the shop, and see all']],
  async run(run) {
    const [name = ''] = run.args;
    const body = { name, grants: grantsOf(run.options.list('grant')) ?? [], password: await newPassword(run) };
    const user = await run.client.call('POST /api/v1/users', { body });
    run.out.answer(user, () => run.out.line(`user ${name} may: ${grantsText(user.grants)}`));
  },
};

/** Null: none. */
async function newPassword({ options, prompts, stdin }: Run): Promise<string | null> {
  if (!options.flag('password')) return null;
  if (options.flag('passwordStdin')) return (await stdin()).replace(/\r?\n$/, '');
  return prompts.password('Password of the user', '--password-stdin or --no-password is needed');
}

const grant: Verb = {
  name: 'grant',
  summary: 'what a user may do from now on, in place of what he might',
  args: [nameArgument],
  options: [grantOption],
  async run({ args: [name = ''], client, options, out }) {
    const grants = grantsOf(options.list('grant'));
    if (!grants) throw usageError(`--grant is needed: ${grantSyntax}`);
    const { answer, etag } = await client.read('GET /api/v1/users/{name}', { path: { name } });
    const body = { name, grants, disabled: answer.disabled };
    const user = await client.call('PUT /api/v1/users/{name}', { path: { name }, body, ifMatch: etag ?? '*' });
    out.answer(user, () => out.line(`user ${name} may: ${grantsText(user.grants)}`));
  },
};

const switched = (name: string, disabled: boolean, summary: string): Verb => ({
  name,
  summary,
  args: [nameArgument],
  async run({ args: [user = ''], client, out }) {
    const { answer, etag } = await client.read('GET /api/v1/users/{name}', { path: { name: user } });
    const body = { name: user, grants: answer.grants, disabled };
    const written = await client.call('PUT /api/v1/users/{name}', { path: { name: user }, body, ifMatch: etag ?? '*' });
    out.answer(written, () => out.line(`user ${user} is ${disabled ? 'disabled' : 'active'}`));
  },
});

const password: Verb = {
  name: 'password',
  summary: 'give a user another password; his sessions and API tokens end',
  args: [nameArgument],
  options: passwordOptions,
  async run(run) {
    const [name = ''] = run.args;
    await run.client.call('PUT /api/v1/users/{name}/password', { path: { name }, body: { password: await newPassword(run) } });
    run.out.note(`user ${name} has another password`);
  },
};

const remove: Verb = {
  name: 'remove',
  summary: 'remove a user with his sessions and API tokens',
  args: [nameArgument],
  options: [acceptOption],
  async run(run) {
    const [name = ''] = run.args;
    await requireConsent(run, `Remove user ${name}?`);
    await run.client.call('DELETE /api/v1/users/{name}', { path: { name }, ifMatch: '*' });
    run.out.note(`user ${name} is removed`);
  },
};

export const verb: Verb = {
  name: 'user',
  summary: 'people: list, create, grant, password, disable, enable, remove',
  verbs: [
    list,
    create,
    grant,
    password,
    switched('disable', true, 'end the sessions and API tokens of a user, and let him no longer in'),
    switched('enable', false, 'let a user in again'),
    remove,
  ],
};
