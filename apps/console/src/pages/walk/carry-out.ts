/** From the plan that was shown to a channel that starts. What was interrupted is done once more, and goes on: each step looks first. */
import { documentOf, preparationOf, withSecrets } from '@lutra/client';
import type { Administrator, Answer, Answers, Side } from '@lutra/client';
import { stringify } from 'yaml';
import { call, write } from '../../api/client.js';
import type { Look } from './answers.js';

export type Plan = Answer<'POST /api/v1/plan'>;
export type Administrators = Readonly<Record<Side, Administrator>>;

export interface Shown {
  readonly answers: Answers;
  readonly looks: Readonly<Record<Side, Look>>;
  readonly plan: Plan;
  /** With the passwords of endpoints that are new. */
  readonly document: string;
  /** To look at: without them. */
  readonly yaml: string;
}

/** Routes that both directions have stand in each of them: people edit one. */
const plain = { aliasDuplicateObjects: false } as const;

const reason = 'the console: new channel';
const sides = ['a', 'b'] as const;

export async function lookAt(answers: Answers, admins: Administrators, passwordOf: () => string, there: readonly string[]): Promise<Shown> {
  const look = (side: Side): Promise<Look> => call('POST /api/v1/prepare', { body: preparationOf(answers, side, admins[side]) });
  const looks = { a: await look('a'), b: await look('b') };
  const wanted = documentOf(answers, there);
  // One for both: where one server is a replica of the other, its user comes from there.
  const password = passwordOf();
  const secrets = new Map(
    sides.map((side) => answers[side].name).flatMap((name) => (there.includes(name) ? [] : [[name, password] as const])),
  );
  const document = stringify(withSecrets(wanted, secrets), plain);
  const plan = await call('POST /api/v1/plan', { body: { document } });
  return { answers, looks, plan, document, yaml: stringify(withSecrets(wanted, new Map(), 'running'), plain) };
}

export type Done = 'configured' | 'prepared' | 'started';

/** @throws ApiError; Error where more is missing by now than was shown */
export async function carryOut(shown: Shown, admins: Administrators, onDone: (done: Done) => void): Promise<void> {
  const { answers, plan, document, yaml } = shown;
  if (plan.changes.length > 0) await write('POST /api/v1/apply', { body: { document, hash: plan.hash, reason } });
  onDone('configured');
  for (const side of sides) await prepare(side, shown, admins);
  onDone('prepared');
  const start = await call('POST /api/v1/plan', { body: { document: yaml } });
  const wrong = start.problems.find(({ severity }) => severity === 'error');
  if (wrong) throw new Error(`${answers.channel}: ${wrong.what}`);
  if (start.changes.length > 0) await write('POST /api/v1/apply', { body: { document: yaml, hash: start.hash, reason } });
  onDone('started');
}

/** Less may be missing by now; more is never done than was shown. */
async function prepare(side: Side, { answers, looks }: Shown, admins: Administrators): Promise<void> {
  const body = preparationOf(answers, side, admins[side]);
  const look = await call('POST /api/v1/prepare', { body });
  const known = new Set(looks[side].steps.flatMap(({ sql }) => sql));
  const more = look.steps.filter(({ done }) => !done).flatMap(({ sql }) => sql.filter((statement) => !known.has(statement)));
  if (more.length > 0) throw new Error(`${answers[side].name}: ${more.join('; ')}`);
  if (!look.done) await write('POST /api/v1/prepare', { body: { ...body, hash: look.hash } });
}
