/** What becomes of each document. */
import { isDeepStrictEqual } from 'node:util';
import type { ChannelDocument, DesiredState, EndpointDocument, RegionDocument, RegionInput, StoredChannel } from '@lutra/model';
import type { Entry } from '@lutra/registry';
import type { EndpointWrite } from '../http/schemas.js';
import type { ChannelWanted } from './lutra-document.js';
import type { PlanChange, PlanProblem } from './plan.schemas.js';

interface Types {
  readonly regions: { readonly input: RegionInput; readonly stored: RegionDocument };
  readonly endpoints: { readonly input: EndpointWrite; readonly stored: EndpointDocument };
  readonly channels: { readonly input: ChannelWanted; readonly stored: StoredChannel };
}

/** `keep`: the document stays; what is wanted of a channel may change. */
interface StepOf<K extends keyof Types> {
  readonly kind: K;
  readonly name: string;
  readonly op: 'create' | 'change' | 'remove' | 'keep';
  readonly before: Entry<Types[K]['stored']> | null;
  /** null: it is removed. */
  readonly input: Types[K]['input'] | null;
  /** null: it is removed, or `problems` says why it cannot be stored. */
  readonly after: Types[K]['stored'] | null;
  readonly fields: PlanChange['fields'];
  readonly problems: readonly PlanProblem[];
  /** What the hash covers of it. */
  readonly digest: unknown;
}

export type RegionStep = StepOf<'regions'>;
export type EndpointStep = StepOf<'endpoints'>;
export type ChannelStep = StepOf<'channels'> & {
  /** As it was, with what was wanted. */
  readonly channel: ChannelDocument | null;
  readonly state: { readonly from: DesiredState; readonly to: DesiredState };
};
export type Step = RegionStep | EndpointStep | ChannelStep;

export interface Steps {
  readonly regions: readonly RegionStep[];
  readonly endpoints: readonly EndpointStep[];
  readonly channels: readonly ChannelStep[];
}

const stateOps = { running: 'start', paused: 'pause', stopped: 'stop' } as const;

/** In the order in which they are shown. */
export function changesOf({ regions, endpoints, channels }: Steps): readonly PlanChange[] {
  const documents = [...regions, ...endpoints, ...channels].flatMap(({ op, kind, name, fields }): readonly PlanChange[] =>
    op === 'keep' ? [] : [{ op, kind, name, fields: [...fields] }],
  );
  const states = channels
    .filter(({ state }) => state.from !== state.to)
    .map(({ kind, name, state: { from, to } }): PlanChange => ({ op: stateOps[to], kind, name, fields: [{ path: 'state', from, to }] }));
  return [...documents, ...states];
}

type Plain = Readonly<Record<string, unknown>>;

/** As people compare them: without what Lutra made. */
export function comparable(channel: ChannelWanted | StoredChannel): Plain {
  const { state: _, ...document } = channel as ChannelWanted;
  const pipelines = document.pipelines.map(({ uid: _uid, adopt: __, ...pipeline }) => pipeline);
  return plain({ ...document, pipelines });
}

/** Without fields that are undefined: they are not there. */
export function plain(value: object): Plain {
  return JSON.parse(JSON.stringify(value)) as Plain;
}

/** Field by field; of lists whose elements have names, by the names. */
export function fieldsOf(from: unknown, to: unknown, path = ''): PlanChange['fields'] {
  if (isDeepStrictEqual(from, to)) return [];
  const [before, after] = [partsOf(from), partsOf(to)];
  if (!before || !after || isEmptyList(from) || isEmptyList(to)) return [{ path, from: from ?? null, to: to ?? null }];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const fields = names.flatMap((name) => fieldsOf(before.get(name), after.get(name), path === '' ? name : `${path}.${name}`));
  return fields.length > 0 ? fields : [{ path, from, to }]; // their order
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function partsOf(value: unknown): ReadonlyMap<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  const named = value.map((element: unknown) =>
    typeof element === 'object' && element !== null && 'name' in element ? element.name : null,
  );
  const isNamed = named.every((name) => typeof name === 'string') && new Set(named).size === named.length;
  return isNamed ? new Map(value.map((element: unknown, index) => [named[index] as string, element])) : null;
}
