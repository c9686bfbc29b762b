/** From the start to the proof: the channel runs, what was there is copied, and a write of each side has come through to the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ChannelStatus, PipelinePosition } from '@lutra/client';
import { ApiError, UnansweredError } from '@lutra/client';
import { CliError, exitCodes } from '../exit-codes.js';
import { count, duration } from '../output/format.js';
import type { Run } from '../verb.js';

const lookMs = 1_000;
type Pipeline = ChannelStatus['pipelines'][number];
type Seed = Answer<'GET /api/v1/channels/{channel}/pipelines/{pipeline}/seed'>;

export interface Progress {
  readonly pipeline: Pipeline;
  readonly seed: Pick<Seed, 'order' | 'rows' | 'activity' | 'tables'>;
}

/** @throws CliError: a pipeline has failed; the reason of Ctrl-C */
export async function waitUntilRunning(run: Run, channel: string): Promise<readonly Pipeline[]> {
  let told = '';
  for (;;) {
    const progress = await asked(() => progressOf(run, channel));
    if (progress) {
      const line = progress.map(lineOf).join(' · ');
      if (line !== told) run.out.note(line);
      told = line;
      const failed = progress.find(({ pipeline }) => pipeline.state === 'failed');
      if (failed) throw failure(failed.pipeline);
      if (progress.every(isDone)) return progress.map(({ pipeline }) => pipeline);
    }
    await sleep(lookMs, undefined, { signal: run.signal });
  }
}

async function progressOf({ client }: Run, channel: string): Promise<readonly Progress[]> {
  const { pipelines } = await client.call('GET /api/v1/channels/{name}/status', { path: { name: channel } });
  return Promise.all(
    pipelines.map(async (pipeline) => {
      const path = { channel, pipeline: pipeline.name };
      return { pipeline, seed: await client.call('GET /api/v1/channels/{channel}/pipelines/{pipeline}/seed', { path }) };
    }),
  );
}

function failure({ id, lastError }: Pipeline): CliError {
  return new CliError(exitCodes.error, `${id}: ${lastError?.code ?? ''} ${lastError?.message ?? 'it has failed'}`, lastError?.help ?? '');
}

/** Running on both of its ends, and with nothing left to copy. */
export function isDone({ pipeline: { state, source, target }, seed }: Progress): boolean {
  return [state, source.state, target.state].every((one) => one === 'running') && !isCopying(seed);
}

/** The order says what is wanted; its loader, or what it has ticked off, how far it is. */
function isCopying({ order, activity, tables }: Progress['seed']): boolean {
  if (order === null || order.state === 'cancelled') return false;
  return activity ? activity.state !== 'done' : tables.seeding > 0 || tables.done === 0;
}

export function lineOf({ pipeline: { name, state, reason }, seed }: Progress): string {
  const is = state === 'running' || reason === null ? state : `${state} (${reason})`;
  if (!isCopying(seed)) return `${name}: ${is}`;
  const estimated = seed.activity?.rowsEstimated ? ` of about ${count(seed.activity.rowsEstimated)}` : '';
  return `${name}: ${is}, ${count(seed.rows)} rows copied${estimated}`;
}

/** What ZooKeeper or control cannot say just now is asked again. */
async function asked<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UnansweredError || (error instanceof ApiError && error.status >= 500)) return null;
    throw error;
  }
}

/** Writes at the source of each pipeline, and waits until each has it. */
export async function probe(run: Run, channel: string, pipelines: readonly { readonly name: string }[]): Promise<void> {
  await Promise.all(
    pipelines.map(async ({ name }) => {
      const begun = Date.now();
      await cameThrough(run, { channel, pipeline: name });
      run.out.note(`${name}: what is written at its source arrives (${duration(Date.now() - begun)})`);
    }),
  );
}

async function cameThrough(run: Run, path: { readonly channel: string; readonly pipeline: string }): Promise<void> {
  const { client, signal } = run;
  const written = await client.call('POST /api/v1/channels/{channel}/pipelines/{pipeline}/probe', { path });
  let end: number | null = null;
  for (;;) {
    const at = await asked(() => client.call('GET /api/v1/channels/{channel}/pipelines/{pipeline}/position', { path }));
    // The heartbeat that tells of the position stands in the topic before its end now.
    if (at && end === null && hasRead(at, written)) end = at.topic?.end ?? null;
    else if (at && end !== null && hasApplied(at, end)) return;
    if (end === null || at === null || !hasApplied(at, end)) await sleep(lookMs, undefined, { signal });
  }
}

/** Capture has read the binlog up to there. */
export function hasRead({ captured }: PipelinePosition, { file, pos }: { readonly file: string; readonly pos: number }): boolean {
  if (!captured) return false;
  const [at, wanted] = [numberOf(captured.position.file), numberOf(file)];
  return at > wanted || (at === wanted && captured.position.pos >= pos);
}

export function hasApplied({ topic, recordsBehind }: PipelinePosition, end: number): boolean {
  return topic !== null && recordsBehind !== null && topic.end - recordsBehind >= end;
}

/** binlog.000042 */
function numberOf(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? -1);
}
