/** What a plan writes, and in which transactions. */
import type { ChannelInput } from '@lutra/model';
import type { Author, DocumentChange, Operation, Registry, Snapshot } from '@lutra/registry';
import type { ChannelOperationsService } from '../channels/channel-operations.service.js';
import { removedFrom } from '../channels/uid.service.js';
import type { Removal, UidService } from '../channels/uid.service.js';
import type { EndpointService } from '../endpoints/endpoint.service.js';
import { subjectOf } from './lutra-document.js';
import type { ChannelStep, Step, Steps } from './steps.js';

export interface Writer {
  readonly registry: Registry;
  readonly channels: ChannelOperationsService;
  readonly endpoints: EndpointService;
  readonly uids: UidService;
}

export interface Writes {
  readonly changes: readonly DocumentChange[];
  readonly operations: readonly Operation[];
}

/** Documents of one transaction among several. */
const nodesAtOnce = 450;
const nodeBytes = 500;
const bytesAtOnce = 700_000;

export interface Writing {
  readonly snapshot: Snapshot;
  readonly author: Author;
}

/** Creations alone, channels stopped. */
export async function creationWrites(steps: readonly Step[], writer: Writer, writing: Writing): Promise<Writes> {
  const parts = await Promise.all(
    steps.map(async (step) =>
      step.kind === 'channels' && step.after && step.input
        ? writer.channels.creating(step.after, step.input, { writing, state: 'stopped' })
        : [],
    ),
  );
  return { changes: steps.map(changeOf), operations: parts.flat().filter((operation) => operation !== null) };
}

/** All that is not done yet. `done`: what was created before, as `channels/orders`. */
export async function finalWrites(
  steps: Steps,
  done: ReadonlySet<string>,
  { writer, writing }: { readonly writer: Writer; readonly writing: Writing },
): Promise<Writes> {
  const isDone = ({ kind, name }: Step): boolean => done.has(subjectOf(kind, name));
  const documents: readonly Step[] = [...steps.regions, ...steps.endpoints, ...steps.channels];
  const written = documents.filter((step) => step.op !== 'keep' && !isDone(step));
  const operations: (Operation | null)[] = [];
  for (const { op, name } of steps.endpoints) if (op === 'remove') operations.push(...(await writer.endpoints.removing(name)));
  const atOnce = 50;
  for (let at = 0; at < steps.channels.length; at += atOnce) {
    const some = steps.channels.slice(at, at + atOnce);
    operations.push(...(await Promise.all(some.map((step) => ofChannel(step, isDone(step), { writer, writing })))).flat());
  }
  return { changes: written.map(changeOf), operations: operations.filter((operation) => operation !== null) };
}

async function ofChannel(
  step: ChannelStep,
  isDone: boolean,
  { writer, writing }: { readonly writer: Writer; readonly writing: Writing },
): Promise<readonly (Operation | null)[]> {
  const { op, name, after, channel, state } = step;
  const input: ChannelInput | null = step.input;
  if (op === 'remove') return writer.channels.removing(name, await removalsOf(step, writer.uids), writing);
  if (op === 'create' && !isDone) return after && input ? writer.channels.creating(after, input, { writing, state: state.to }) : [];
  const wanted = state.from === state.to ? null : state.to;
  if (op === 'change')
    return after && input && channel ? writer.channels.replacing({ before: channel, after, input }, { writing, state: wanted }) : [];
  return wanted === null ? [] : [writer.channels.wanting(name, { state: wanted, attempt: channel?.attempt ?? 0 }, writing)];
}

export async function removalsOf({ op, name, before, after }: ChannelStep, uids: UidService): Promise<readonly Removal[]> {
  if (op !== 'remove' && op !== 'change') return [];
  return before?.document ? removedFrom(before.document, after?.pipelines ?? []) : uids.allOf(name);
}

function changeOf({ kind, name, before, after }: Step): DocumentChange {
  return { kind, name, before, after } as DocumentChange;
}

/** Creations that come first, in parts. A channel that would break a rule beside what is still there (a table that moves to it) waits. */
export function partsOf(steps: Steps, waits: ReadonlySet<string>): readonly (readonly Step[])[] {
  const all: readonly Step[] = [...steps.regions, ...steps.endpoints, ...steps.channels];
  const parts: Step[][] = [];
  let [nodes, bytes] = [0, 0];
  for (const step of all) {
    if (step.op !== 'create' || waits.has(subjectOf(step.kind, step.name))) continue;
    const size = nodesOf(step) * nodeBytes + JSON.stringify(step.after).length;
    const last = parts.at(-1);
    if (last && nodes + nodesOf(step) <= nodesAtOnce && bytes + size <= bytesAtOnce) last.push(step);
    else {
      parts.push([step]);
      [nodes, bytes] = [0, 0];
    }
    nodes += nodesOf(step);
    bytes += size;
  }
  return parts;
}

/** The document, its history, what is wanted, and a uid a pipeline. */
function nodesOf(step: Step): number {
  return step.kind === 'channels' ? 3 + (step.after?.pipelines.length ?? 0) : 2;
}
