/**
 * An operation as a person follows it: what each step did, what it waits for, and the questions that it asks. Where nobody sits at a
 * terminal it only tells.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '@lutra/client';
import { ApiError, UnansweredError } from '@lutra/client';
import { CliError, exitCodes } from './exit-codes.js';
import { time } from './output/format.js';
import type { Output } from './output/output.js';
import type { Run } from './verb.js';

export type Operation = Answer<'GET /api/v1/channels/{channel}/operation'>;

const pollMs = 1_000;

export function showOperation(out: Output, operation: Operation): void {
  const { channel, kind, from, to, state, steps, waitsFor, left, id, by, reason, at } = operation;
  out.line(`${kind} of channel ${channel}, ${from} → ${to}: ${state} (${id}, since ${time(at)} by ${by}: ${reason})`);
  for (const step of steps) out.paragraph(`✓ ${step.step}: ${step.what}`, '  ');
  if (waitsFor) showWaiting(out, operation);
  const after = left.slice(1);
  if (after.length > 0) out.line(`then: ${after.join(', ')}`);
}

function showWaiting(out: Output, { step, waitsFor }: Operation): void {
  if (!waitsFor) return;
  out.paragraph(`… ${step}: ${waitsFor.what}`, '  ');
  if (waitsFor.fix) out.paragraph(`to do: ${waitsFor.fix}`, '    ');
}

/** Until it has ended. @throws CliError it did not end well */
export async function followed(run: Run, channel: string, begun: Operation): Promise<void> {
  const { out, client, signal } = run;
  const path = { channel };
  let told = 0;
  let waited = '';
  let asked = '';
  for (let operation = begun; ; operation = (await latest(run, path)) ?? operation) {
    if (operation.id !== begun.id) throw new CliError(exitCodes.error, 'another operation has begun meanwhile');
    for (const step of operation.steps.slice(told)) out.paragraph(`✓ ${step.step}: ${step.what}`, '  ');
    told = operation.steps.length;
    if (operation.endedAt !== null) return ended(out, operation);
    const waits = `${operation.step} ${operation.waitsFor?.what ?? ''}`;
    if (operation.waitsFor && waits !== waited) showWaiting(out, operation);
    waited = waits;
    if (operation.waitsFor?.fix && waits !== asked && run.prompts.isPossible) {
      asked = waits;
      await ask(run, operation).catch((error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        out.note(error.message); // what is wrong with the login, or what has changed meanwhile
      });
    }
    await sleep(pollMs, undefined, { signal });
  }

  async function latest({ client: from }: Run, of: { readonly channel: string }): Promise<Operation | null> {
    try {
      return await from.call('GET /api/v1/channels/{channel}/operation', { path: of });
    } catch (error) {
      // Control may be started anew amid an operation: another one goes on.
      if (error instanceof UnansweredError || (error instanceof ApiError && error.status >= 500)) return null;
      throw error;
    }
  }

  async function ask({ prompts }: Run, { id, step, state }: Operation): Promise<void> {
    if (step === 'confirm' || step === 'confirm-open') {
      if (await prompts.confirm('Go on?'))
        await client.call('POST /api/v1/channels/{channel}/operation/confirm', { path, body: { id, step } });
      else out.note(`it waits; lutra operation abort ${channel} takes it back`);
    } else if (step === 'fence' || step === 'open' || state === 'aborting') {
      if (!(await prompts.confirm('Use the login of an administrator? It is used once, and kept nowhere.'))) return;
      await client.call('POST /api/v1/channels/{channel}/operation/read-only', { path, body: { id, ...(await login(run)) } });
    }
  }
}

export async function login({ prompts, options }: Run): Promise<{ readonly user: string; readonly password: string }> {
  const user = options.text('user') ?? (await prompts.text('User', '--user is needed'));
  const missing = 'the password is asked for at a terminal; a script sends it to the REST API (docs/operations.md)';
  return { user, password: await prompts.password(`Password of ${user}`, missing) };
}

function ended(out: Output, { kind, state, facts }: Operation): void {
  const { position } = facts;
  if (position) out.line(`position: ${position.file}:${position.pos}${position.gtidSet ? ` (${position.gtidSet})` : ''}`);
  for (const { source, atSource, target, atTarget } of facts.counts ?? [])
    out.line(`${source}: ${atSource ?? 'not counted'}, ${target}: ${atTarget ?? 'not counted'}`);
  out.line(`${kind}: ${state}`);
  if (state !== 'done') throw new CliError(exitCodes.error, `the ${kind} is ${state}`);
}
