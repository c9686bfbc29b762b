/** Takes back what was done on a server, with the login of its administrator. */
import { requireConsent } from '../consent.js';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Run } from '../verb.js';
import { administratorOf } from './administrators.js';

export async function undo(run: Run, endpoint: string): Promise<void> {
  const { client, options, out, prompts } = run;
  const { host, port, tls } = await client.call('GET /api/v1/endpoints/{name}', { path: { name: endpoint } });
  const admin =
    options.text('admin') ?? (prompts.isPossible ? await prompts.textOr(`User of an administrator at ${host}`, 'root') : 'root');
  const login = await administratorOf(run, 'a', { host, port, admin });
  const body = { endpoint, server: { host, port, ...(tls && { tls }) }, admin: login };
  const shown = await client.call('POST /api/v1/prepare/undo', { body });
  if (!out.isJson) {
    for (const { sql } of shown.steps) for (const statement of sql) out.paragraph(`${statement};`, '', '    ');
    for (const kept of shown.kept) out.note(`${kept}: somebody has changed it since, and it stays`);
  }
  await requireYes(run, shown.hash);
  const done = await client.call('POST /api/v1/prepare/undo', { body: { ...body, hash: shown.hash } });
  out.answer(done, () => out.line(`${host}:${port} is as it was. The endpoint ${endpoint} is still configured.`));
}

async function requireYes(run: Run, hash: string): Promise<void> {
  const given = run.options.text('yes');
  if (given === hash) return;
  if (given !== undefined || !run.prompts.isPossible)
    throw new CliError(exitCodes.refused, 'nothing was done', `--yes=${hash} does this without a question.`);
  await requireConsent(run, 'Take this back?');
}
