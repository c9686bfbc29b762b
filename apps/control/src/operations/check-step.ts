/** The first look: what would keep the operation from its end. Nothing is changed by it. */
import { barrierLevel, pipelineName } from '@lutra/model';
import type { PipelineDocument, WorkStatus } from '@lutra/model';
import { done, waits, ways } from './step-context.js';
import type { Step, StepContext } from './step-context.js';

const mostLagMs = 10_000;

/** Waits while something is in the way that may pass, or that a person can fix. */
export const check: Step = async (context) => {
  const { operation, io } = context;
  const trouble = operation.kind === 'failover' ? await ofFailover(context) : await ofMove(context);
  const [first] = trouble;
  if (first) return waits(trouble.map(({ what }) => what).join('; '), first.fix);
  const { from, to } = operation;
  const back = ways(context, to, from).length > 0 ? `, and back` : '';
  const isOpen = !(await io.look(to)).readOnly;
  return done(`${from} → ${to}${back}: nothing is in the way; ${to} ${isOpen ? 'takes writes already' : 'is read only'}`);
};

interface Trouble {
  readonly what: string;
  readonly fix: string | null;
}

async function ofMove(context: StepContext): Promise<readonly Trouble[]> {
  const { operation, channel, io } = context;
  const { from, to } = operation;
  const pipelines = [...ways(context, from, to), ...ways(context, to, from)];
  const workers = await io.statuses();
  const trouble: Trouble[] = [];
  if (io.level() < barrierLevel)
    trouble.push({
      what: `the cluster is at level ${io.level()}, and barriers are of level ${barrierLevel}`,
      fix: 'raise the level (docs/02-setup.md, Upgrading)',
    });
  if (channel.state !== 'running') trouble.push({ what: `channel ${context.name} is ${channel.state}`, fix: 'start it' });
  for (const pipeline of pipelines) trouble.push(...ofPipeline(context, pipeline, workers));
  if (ways(context, to, from).length > 0) {
    const { isExempt, account } = await io.look(from);
    if (!isExempt)
      trouble.push({
        what: `the user of endpoint ${from} could not write there while it is read only, and ${to} → ${from} would stand`,
        fix: `GRANT CONNECTION_ADMIN ON *.* TO ${account} (MariaDB: READ_ONLY ADMIN)`,
      });
  }
  return trouble;
}

function ofPipeline({ name, operation }: StepContext, pipeline: PipelineDocument, workers: readonly WorkStatus[]): readonly Trouble[] {
  const id = pipelineName(name, pipeline.name);
  const loader = workers.find((worker) => worker.app === 'loader' && worker.uid === pipeline.uid && worker.state !== 'standby');
  const capture = workers.find((worker) => worker.app === 'capture' && worker.name === pipeline.source && worker.state !== 'standby');
  const trouble: Trouble[] = [];
  for (const [worker, what] of [
    [capture, `capture of endpoint ${pipeline.source}`],
    [loader, `pipeline ${id}`],
  ] as const) {
    if (!worker) trouble.push({ what: `nobody works on ${what}`, fix: null });
    else if (worker.state !== 'running') trouble.push({ what: `${what} is ${worker.state}`, fix: worker.lastError?.help ?? null });
    const lagMs = worker?.lagMs ?? null;
    if (worker && !operation.accept.includes('lag') && (lagMs === null || lagMs > mostLagMs))
      trouble.push({ what: `${what} is ${lagMs === null ? 'of unknown lag' : `${lagMs} ms behind`}`, fix: null });
  }
  const seed = capture?.seeds?.find(({ uid, state }) => uid === pipeline.uid && state !== 'done' && state !== 'cancelled');
  if (seed) trouble.push({ what: `${id} is being seeded`, fix: null });
  return trouble;
}

/** `from` need not answer. What it has not published is not at `to`: a person accepts that. */
async function ofFailover({ operation, channel, name }: StepContext): Promise<readonly Trouble[]> {
  const { accept, from } = operation;
  const trouble: Trouble[] = [];
  if (channel.state === 'stopped') trouble.push({ what: `channel ${name} is stopped`, fix: 'start it' });
  if (!accept.includes('lost'))
    trouble.push({
      what: `what ${from} has committed and not published is not at the target, and stays away until ${from} is back`,
      fix: 'accept "lost"',
    });
  return Promise.resolve(trouble);
}
