import { hostname } from 'node:os';
import { LutraClient } from '@lutra/client';
import { usageError } from '../exit-codes.js';
import { grantsText } from '../people-view.js';
import { tellInTheClear, trust } from '../session.js';
import type { Run, Verb } from '../verb.js';

const tokenDays = 30;

export const verb: Verb = {
  name: 'login',
  summary: 'log in by name and password, and keep an API token for this context',
  details: `The password is asked for, and kept nowhere. The token may do what you may, for ${tokenDays} days, unless --role says less. Who logs in by an identity provider makes a token in the browser, and keeps it by lutra context set.`,
  args: [{ syntax: '[user]', what: 'asked for if left out' }],
  options: [
    { flags: '--url <url>', what: 'of control; that of the context if left out' },
    { flags: '--password-stdin', what: 'read the password from stdin' },
    { flags: '--new-password', what: 'change the password first: asked for on a terminal' },
    { flags: '--role <role>', what: 'of the token', choices: ['viewer', 'operator', 'admin'] },
  ],
  examples: [
    ['lutra login admin --url https://lutra.example:8080', 'the first time, with the password that control printed'],
    ['lutra login ada --password-stdin < secret', 'in a script'],
  ],
  async run(run) {
    const { contexts, options, out, prompts } = run;
    const at = contexts.resolve(options.text('context'));
    const url = options.text('url') ?? at.url;
    if (at.ca !== undefined) trust(at.ca);
    tellInTheClear(url, out);
    const name = run.args[0] ?? (await prompts.text('User', 'the name of the user is needed'));
    const session = await sessionOf(run, url, name);
    const role = (options.text('role') ?? 'admin') as 'viewer' | 'operator' | 'admin';
    const body = { name: `lutra login on ${hostname()}`.slice(0, 100), grants: [{ role, channels: '*' }], days: tokenDays };
    const token = await session.call('POST /api/v1/me/tokens', { body });
    contexts.set(at.name ?? 'default', { url, token: token.secret, ...(at.ca !== undefined && { ca: at.ca }) });
    const me = await session.call('GET /api/v1/me');
    out.answer({ name, url, token: token.id, expiresAt: token.expiresAt }, () =>
      out.line(`${name} at ${url} may: ${grantsText(me.grants)}`),
    );
  },
};

/** A client that has logged in. */
async function sessionOf(run: Run, url: string, name: string): Promise<LutraClient> {
  const password = await passwordOf(run, name);
  const session = await logIn(url, { name, password });
  if (!run.options.flag('newPassword')) return session;
  const next = await run.prompts.password('New password, 12 characters or more', '--new-password needs a terminal');
  if (next !== (await run.prompts.password('Once more', ''))) throw usageError('the two are not the same; nothing was changed');
  await session.call('PUT /api/v1/me/password', { body: { current: password, password: next } });
  return logIn(url, { name, password: next });
}

function passwordOf({ options, prompts, stdin }: Run, name: string): Promise<string> {
  if (options.flag('passwordStdin')) return stdin().then((text) => text.replace(/\r?\n$/, ''));
  return prompts.password(`Password of ${name}`, '--password-stdin is needed');
}

async function logIn(url: string, body: { readonly name: string; readonly password: string }): Promise<LutraClient> {
  const { headers } = await new LutraClient({ url }).read('POST /api/v1/auth/login', { body });
  const cookie = headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  return new LutraClient({ url, headers: { cookie, 'sec-fetch-site': 'same-origin' } });
}
