/** From answers to a channel that runs. What was interrupted is called again, and goes on. */
import { createHash, randomBytes } from 'node:crypto';
import { documentOf, withSecrets } from '@lutra/client';
import type { Answers, InitDocument } from '@lutra/client';
import { stringify } from 'yaml';
import { requireConsent } from '../consent.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { showPlan } from '../plan-view.js';
import type { Plan } from '../plan-view.js';
import { planned } from '../planning.js';
import type { Run } from '../verb.js';
import { carryOut, lookAt, showLook } from './preparing.js';
import type { Look, Servers } from './preparing.js';
import { probe, waitUntilRunning } from './running.js';

interface Begun {
  readonly run: Run;
  readonly answers: Answers;
  readonly servers: Servers;
  readonly document: InitDocument;
  /** Of endpoints that are not there yet. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly looks: { readonly a: Look; readonly b: Look };
}

/** @throws CliError checksFailed: a person has to do something first; refused: nobody said yes */
export async function makeFirstChannel(run: Run, answers: Answers, servers: Servers): Promise<void> {
  const there = await endpointsThere(run, answers);
  const document = documentOf(answers, there);
  const passwords = passwordsOf(answers, there);
  const looks = await lookAt(run, answers, servers);
  const begun = { run, answers, servers, document, passwords, looks };
  const plan = await planOf(begun);
  show(begun, plan);
  requireNoErrors(run, looks, plan);
  const hash = hashOf(answers, looks);
  if (run.out.isJson && run.options.text('yes') !== hash) run.out.answer({ hash, servers: looks, document, plan }, () => undefined);
  await requireYes(run, hash);
  await apply(begun, plan);
  for (const side of ['a', 'b'] as const) {
    run.signal.throwIfAborted();
    await carryOut(run, side, { answers, admin: servers[side], agreed: looks[side] });
  }
  run.signal.throwIfAborted();
  await start(begun);
  const pipelines = await waitUntilRunning(run, answers.channel);
  await probe(run, answers.channel, pipelines);
  const done = { channel: answers.channel, pipelines: pipelines.map(({ name }) => name), endpoints: [answers.a.name, answers.b.name] };
  run.out.answer(done, () =>
    run.out.line(`Channel ${answers.channel} runs. lutra status --watch shows it; lutra export -o lutra.yaml keeps it.`),
  );
}

/** Those of the two that are configured already. @throws CliError refused: as another server */
async function endpointsThere(run: Run, { a, b }: Answers): Promise<readonly string[]> {
  const stored = await run.client.call('GET /api/v1/endpoints');
  return [a, b].flatMap((side) => {
    const endpoint = stored.find(({ name }) => name === side.name);
    if (!endpoint) return [];
    if ((['host', 'port', 'user', 'region'] as const).every((field) => endpoint[field] === side[field])) return [side.name];
    const is = `${endpoint.user} at ${endpoint.host}:${endpoint.port} in ${endpoint.region}`;
    throw new CliError(
      exitCodes.refused,
      `endpoint ${side.name} is there already, as ${is}; nothing was changed`,
      'Give this one another name.',
    );
  });
}

/** One for both users: where one server is a replica of the other, its user comes from there. */
function passwordsOf({ a, b }: Answers, there: readonly string[]): ReadonlyMap<string, string> {
  const password = randomPassword();
  return new Map([a, b].filter(({ name }) => !there.includes(name)).map(({ name }) => [name, password]));
}

/** 32 letters, with one of each kind that validate_password asks for. */
export function randomPassword(): string {
  for (;;) {
    const password = randomBytes(24).toString('base64url');
    if ([/[a-z]/, /[A-Z]/, /\d/, /[-_]/].every((kind) => kind.test(password))) return password;
  }
}

function planOf({ run, document, passwords }: Begun, state?: 'running'): Promise<Plan> {
  const body = { document: textOf(document, passwords, state) };
  return planned(run, () => run.client.call('POST /api/v1/plan', { body }));
}

function textOf(document: InitDocument, passwords: ReadonlyMap<string, string>, state?: 'running'): string {
  return stringify(withSecrets(document, passwords, state));
}

function show({ run, answers, document, looks }: Begun, plan: Plan): void {
  const { out } = run;
  if (out.isJson) return;
  showLook(out, answers.a, looks.a);
  showLook(out, answers.b, looks.b);
  out.line();
  out.toned(out.tone('lutra.yaml', 'strong'));
  out.raw(stringify(withSecrets(document, new Map(), 'running')).replaceAll(/^(?=.)/gm, '  '));
  out.line();
  showPlan(out, { ...plan, unmanaged: [] });
  out.line();
}

/** Only what is new is made: what is there is another one's. */
function requireNoErrors({ out }: Run, looks: Begun['looks'], plan: Plan): void {
  const problems = [...looks.a.problems, ...looks.b.problems, ...plan.problems].filter(({ severity }) => severity === 'error');
  if (out.isJson && problems.length > 0) out.answer({ problems }, () => undefined);
  if (problems.length > 0)
    throw new CliError(
      exitCodes.checksFailed,
      'somebody has to do this first; nothing was changed',
      'Then call lutra init again: it goes on.',
    );
  const foreign = plan.changes.find(({ op }) => op !== 'create');
  if (foreign)
    throw new CliError(
      exitCodes.refused,
      `${foreign.kind}/${foreign.name} is there already, and is another one; nothing was changed`,
      'Give this one another name, or change it by lutra apply.',
    );
}

/** Of what the answers say and both servers lack: the same before and after an interruption. */
export function hashOf(answers: Answers, { a, b }: { readonly a: Pick<Look, 'hash'>; readonly b: Pick<Look, 'hash'> }): string {
  return createHash('sha256')
    .update(JSON.stringify([answers, a.hash, b.hash]))
    .digest('hex')
    .slice(0, 32);
}

async function requireYes(run: Run, hash: string): Promise<void> {
  const given = run.options.text('yes');
  if (given === hash) return;
  if (given !== undefined)
    throw new CliError(exitCodes.refused, 'it is no longer what was shown; nothing was done', `Look at it, and say --yes=${hash}`);
  if (!run.prompts.isPossible) throw new CliError(exitCodes.refused, 'nothing was done', `--yes=${hash} does this without a question.`);
  await requireConsent(run, 'Do all of this?');
}

async function apply({ run, document, passwords }: Begun, plan: Plan): Promise<void> {
  if (plan.changes.length === 0) return;
  const body = { document: textOf(document, passwords), hash: plan.hash, reason: 'lutra init' };
  await run.client.call('POST /api/v1/apply', { body });
  run.out.note('regions, endpoints and the channel are configured');
}

/** The endpoints have their passwords now. */
async function start({ run, answers, document }: Begun): Promise<void> {
  const none = new Map<string, string>();
  const plan = await planned(run, () => run.client.call('POST /api/v1/plan', { body: { document: textOf(document, none, 'running') } }));
  const errors = plan.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    if (run.out.isJson) run.out.answer({ problems: errors }, () => undefined);
    else showPlan(run.out, { ...plan, unmanaged: [] });
    throw new CliError(
      exitCodes.checksFailed,
      `channel ${answers.channel} cannot start yet`,
      'Correct this, and call lutra init again: it goes on.',
    );
  }
  if (plan.changes.length === 0) return;
  const body = { document: textOf(document, none, 'running'), hash: plan.hash, reason: 'lutra init' };
  await run.client.call('POST /api/v1/apply', { body });
  run.out.note(`channel ${answers.channel} is started`);
}
