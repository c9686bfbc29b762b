/** What control finds missing on the two servers, shown statement by statement, and done. */
import { ApiError, preparationOf } from '@lutra/client';
import type { Administrator, Answer, Answers, Side, SideAnswers } from '@lutra/client';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Output } from '../output/output.js';
import { showProblems } from '../output/problems.js';
import type { Run } from '../verb.js';

export type Look = Answer<'POST /api/v1/prepare'>;

export interface Servers {
  readonly a: Administrator;
  readonly b: Administrator;
}

export async function lookAt(run: Run, answers: Answers, servers: Servers): Promise<Readonly<Record<Side, Look>>> {
  const look = (side: Side): Promise<Look> =>
    run.client.call('POST /api/v1/prepare', { body: preparationOf(answers, side, servers[side]) });
  return { a: await look('a'), b: await look('b') };
}

export function showLook(out: Output, { name, host, port }: SideAnswers, { version, steps, problems }: Look): void {
  const missing = steps.filter(({ done }) => !done);
  out.line();
  out.toned(out.tone(`${name}: MySQL ${version} at ${host}:${port}`, 'strong'));
  if (missing.length === 0) out.line('  nothing is missing');
  for (const { sql } of missing) for (const statement of sql) out.paragraph(`${shortened(statement)};`, '  ', '      ');
  showProblems(out, problems);
}

/** Columns of our own tables tell nobody anything: schemas/lutra.sql has them. */
export function shortened(statement: string): string {
  const [, table] = /^CREATE TABLE IF NOT EXISTS (lutra\.\w+) \(/.exec(statement) ?? [];
  return table === undefined ? statement : `CREATE TABLE IF NOT EXISTS ${table} (…)`;
}

/**
 * Does what was shown. Less may be missing by now, where one server is a replica of the other; more is never done.
 * @throws CliError refused
 */
export async function carryOut(run: Run, side: Side, { answers, admin, agreed }: Agreed): Promise<void> {
  const body = preparationOf(answers, side, admin);
  const look = await run.client.call('POST /api/v1/prepare', { body });
  const known = new Set(agreed.steps.flatMap(({ sql }) => sql));
  if (look.steps.some(({ done, sql }) => !done && sql.some((statement) => !known.has(statement))))
    throw new CliError(exitCodes.refused, `${answers[side].name}: more is missing by now than was shown`, 'Call lutra init again.');
  if (look.done) return;
  await run.client.call('POST /api/v1/prepare', { body: { ...body, hash: look.hash } });
  run.out.note(`${answers[side].name}: prepared`);
}

export interface Agreed {
  readonly answers: Answers;
  readonly admin: Administrator;
  readonly agreed: Look;
}

/** What a login or an address was wrong about may be asked again. */
export function isWrongServer(error: unknown): boolean {
  return error instanceof ApiError && /^(SOURCE|TARGET|SERVER)_(DENIED|UNAVAILABLE|SETTINGS|UNTRUSTED)$/.test(error.code);
}
