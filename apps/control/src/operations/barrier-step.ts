/**
 * All that is in the binlog of one side is at the other. The proof is the checkpoint row there: it has passed a record that capture wrote
 * behind the end of the binlog. What a loader says of itself is none: its target may have been restored since.
 */
import { pipelineName, randomId } from '@lutra/model';
import type { BarrierOrder, OperationFacts, PipelineDocument } from '@lutra/model';
import { done, waits, ways } from './step-context.js';
import type { Step, StepContext, StepResult } from './step-context.js';

type Direction = 'barrier' | 'barrier-back';

/** The record may lie where its loader cannot prove its routes yet: another one is asked for. */
const againMs = 30_000;

/**
 * Home decides last: what it makes of the other side's changes goes the other way. So the way to `from` comes first, where `from` is at
 * home; and where both are closed the order does not matter any more, since nothing is written between the two.
 */
export const barrierBack: Step = (context) => {
  const { from, to } = context.operation;
  return barrier(context, { direction: 'barrier-back', source: to, target: from });
};

export const barrierOn: Step = (context) => {
  const { from, to } = context.operation;
  return barrier(context, { direction: 'barrier', source: from, target: to });
};

interface Way {
  readonly direction: Direction;
  readonly source: string;
  readonly target: string;
}

async function barrier(context: StepContext, way: Way): Promise<StepResult> {
  const { operation, io } = context;
  const pipelines = ways(context, way.source, way.target);
  if (pipelines.length === 0) return done(`nothing flows ${way.source} → ${way.target}`);
  const asked = operation.facts.barriers?.[way.direction];
  if (!asked || asked.endpoint !== way.source) return askAgain(context, way);
  const order = await io.barrier(asked.id);
  if (!order) return give(context, { id: asked.id, pipelines, way });
  const { answer } = order;
  if (!answer)
    return waits(
      `capture of ${way.source} has not published up to ${order.position.file}:${order.position.pos}${await standing(context, way)}`,
    );
  if ('refused' in answer) {
    await io.withdraw(asked.id);
    return askAgain(context, way);
  }
  const places = await Promise.all(pipelines.map(async (pipeline) => ({ pipeline, place: await io.checkpoint(pipeline) })));
  const behind = places.find(({ place }) => place === null || place.log !== answer.log || place.seq < answer.seq);
  if (behind) {
    if (io.now() - answer.at > againMs) {
      await io.withdraw(asked.id);
      return askAgain(context, way);
    }
    const id = pipelineName(context.name, behind.pipeline.name);
    return waits(`pipeline ${id} has applied up to seq ${behind.place?.seq ?? 'none'} of ${answer.seq}${await standing(context, way)}`);
  }
  await io.withdraw(asked.id);
  const applied = Object.fromEntries(places.map(({ pipeline, place }) => [pipeline.uid, place!]));
  const end = await io.end(way.source);
  const position = { file: order.position.file, pos: order.position.pos, gtidSet: end.gtidSet };
  const facts: Partial<OperationFacts> = way.direction === 'barrier' ? { applied, position } : {};
  return done(`all of ${way.source} up to ${position.file}:${position.pos} is at ${way.target}`, facts);
}

/** Its id is remembered first: a control that dies behind that finds the order, or that there is none. */
function askAgain({ operation, io }: StepContext, { direction, source }: Way): StepResult {
  const barriers = { ...operation.facts.barriers, [direction]: { id: randomId(), endpoint: source, at: io.now() } };
  return { kind: 'facts', facts: { barriers } };
}

async function give(
  { io }: StepContext,
  { id, pipelines, way }: { id: string; pipelines: readonly PipelineDocument[]; way: Way },
): Promise<StepResult> {
  const { file, pos, server } = await io.end(way.source);
  const uids = pipelines.map(({ uid }) => uid);
  const order: BarrierOrder = { endpoint: way.source, position: { file, pos }, server, pipelines: uids, at: io.now(), answer: null };
  await io.order(id, order);
  return waits(`capture of ${way.source} is asked to publish up to ${file}:${pos}`);
}

/** What keeps it, if somebody says so. */
async function standing(context: StepContext, { source, target }: Way): Promise<string> {
  const uids = ways(context, source, target).map(({ uid }): string => uid);
  const workers = await context.io.statuses();
  const stopped = workers.find(
    ({ app, name, uid, state }) =>
      ((app === 'capture' && name === source) || (app === 'loader' && uid !== null && uids.includes(uid))) &&
      state !== 'running' &&
      state !== 'standby',
  );
  return stopped ? `: ${stopped.app} ${stopped.name} is ${stopped.state}` : '';
}
