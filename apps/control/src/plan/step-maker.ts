/** What becomes of each document that is wanted, held against the one that is stored. Asks nobody. */
import { isDeepStrictEqual } from 'node:util';
import { endpointSchema, regionSchema, storedChannelSchema, storedDocument, toSyncError, withDesired } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, PipelineDocument, RegionInput, StoredChannel } from '@lutra/model';

import { sealRegion, secretOfEndpoint, secretsOfRegion } from '@lutra/registry';
import type { Keyring, Snapshot } from '@lutra/registry';
import { mayDo } from '../access/person.js';
import { problemId, RefusedError } from '../configuration/problem.js';
import type { EndpointService } from '../endpoints/endpoint.service.js';
import type { EndpointWrite } from '../http/schemas.js';
import type { ChannelWanted } from './lutra-document.js';
import type { PlanProblem } from './plan.schemas.js';
import { changedSecrets, digested, endpointKeeping, regionKeeping, shownEndpoint, shownRegionOf } from './secrets.js';
import { comparable, fieldsOf } from './steps.js';
import type { ChannelStep, EndpointStep, RegionStep } from './steps.js';

export interface Making {
  readonly snapshot: Snapshot;
  readonly keyring: Keyring;
  readonly endpoints: Pick<EndpointService, 'sealed'>;
  /** Of the cluster. */
  readonly level: number;
}

/** Whether a secret is the stored one is told to nobody who could not replace it. */
const mayCompare = (action: 'region.write' | 'endpoint.write'): boolean => mayDo(action, null);

export function regionStep({ snapshot, keyring, level }: Making, name: string, wanted: RegionInput | null): RegionStep {
  const before = snapshot.regions.get(name) ?? null;
  const stored = before?.document ?? null;
  const base = { kind: 'regions', name, before } as const;
  const version = before?.version ?? null;
  if (!wanted) return { ...base, op: 'remove', input: null, after: null, fields: [], problems: [], digest: ['remove', version] };
  const input = stored && mayCompare('region.write') ? regionKeeping(keyring, wanted, stored) : wanted;
  const { value: after, problems } = tried(() => {
    const document = sealRegion({ keyring, input, stored });
    storedDocument(regionSchema, document, { what: `region ${name}`, level });
    return document;
  });
  const secrets = stored && after ? changedSecrets(secretsOfRegion(stored), secretsOfRegion(after)) : [];
  const fields = stored && after ? withSecrets(fieldsOf(shownRegionOf(stored), shownRegionOf(after)), secrets) : [];
  const op = stored ? (fields.length > 0 || !after ? 'change' : 'keep') : 'create';
  return { ...base, op, input, after, fields, problems, digest: op === 'keep' ? null : [version, digested(keyring, input)] };
}

export function endpointStep(making: Making, name: string, wanted: EndpointWrite | null): EndpointStep {
  const { snapshot, keyring, level } = making;
  const before = snapshot.endpoints.get(name) ?? null;
  const stored: EndpointDocument | null = before?.document ?? null;
  const base = { kind: 'endpoints', name, before } as const;
  const version = before?.version ?? null;
  if (!wanted) return { ...base, op: 'remove', input: null, after: null, fields: [], problems: [], digest: ['remove', version] };
  const input = stored && mayCompare('endpoint.write') ? endpointKeeping(keyring, wanted, stored) : wanted;
  const { value: after, problems } = tried(() => {
    const document = making.endpoints.sealed(input, stored);
    storedDocument(endpointSchema, document, { what: `endpoint ${name}`, level });
    return document;
  });
  const secrets = stored && after ? changedSecrets([secretOfEndpoint(stored)], [secretOfEndpoint(after)]) : [];
  const fields = stored && after ? withSecrets(fieldsOf(shownEndpoint(stored), shownEndpoint(after)), secrets) : [];
  const op = stored ? (fields.length > 0 || !after ? 'change' : 'keep') : 'create';
  return { ...base, op, input, after, fields, problems, digest: op === 'keep' ? null : [version, digested(keyring, input)] };
}

/** @param uids gives the pipelines their uids */
export async function channelStep(
  { snapshot, level }: Making,
  { name, wanted }: { readonly name: string; readonly wanted: ChannelWanted | null },
  uids: (input: ChannelWanted, existing: readonly PipelineDocument[]) => Promise<PipelineDocument[]>,
): Promise<ChannelStep> {
  const before = snapshot.channels.get(name) ?? null;
  const desired = snapshot.desired.get(name);
  const stored: StoredChannel | null = before?.document ?? null;
  const channel: ChannelDocument | null = stored && withDesired(stored, desired?.document ?? undefined);
  const from = channel?.state ?? 'stopped';
  const base = { kind: 'channels', name, before, channel } as const;
  const versions = [before?.version ?? null, desired?.version ?? null];
  if (!wanted) {
    const state = { from, to: 'stopped' } as const;
    return { ...base, op: 'remove', input: null, after: null, fields: [], problems: [], state, digest: ['remove', versions] };
  }
  const state = { from, to: wanted.state ?? from };
  const [was, will] = [stored && comparable(stored), comparable(wanted)];
  const isSame = stored !== null && isAsWanted(wanted, stored);
  const digest = isSame && state.from === state.to ? null : [versions, will, wanted.pipelines.map(({ adopt }) => adopt ?? null), state.to];
  if (isSame) return { ...base, op: 'keep', input: wanted, after: stored, fields: [], problems: [], state, digest };
  const { value: after, problems } = await triedLater(async () => {
    const { state: _, ...document } = wanted;
    const written = { ...document, pipelines: await uids(wanted, stored?.pipelines ?? []) };
    storedDocument(storedChannelSchema, written, { what: `channel ${name}`, level });
    return written;
  });
  const fields = was ? fieldsOf(was, will) : [];
  return { ...base, op: stored ? 'change' : 'create', input: wanted, after, fields, problems, state, digest };
}

export function isAsWanted(wanted: ChannelWanted, stored: StoredChannel): boolean {
  return isDeepStrictEqual(comparable(stored), comparable(wanted)) && keepsUids(wanted, stored);
}

function keepsUids({ pipelines }: ChannelWanted, stored: StoredChannel): boolean {
  const ofStored = (name: string) => stored.pipelines.find((one) => one.name === name)?.uid;
  return pipelines.every(
    ({ name, uid, adopt }) => (uid ?? ofStored(name)) === ofStored(name) && (adopt ?? ofStored(name)) === ofStored(name),
  );
}

function withSecrets(fields: RegionStep['fields'], secrets: readonly string[]): RegionStep['fields'] {
  return [...fields, ...secrets.map((path) => ({ path, from: '(secret)', to: '(secret, changed)' }))];
}

interface Tried<T> {
  readonly value: T | null;
  readonly problems: readonly PlanProblem[];
}

function tried<T>(work: () => T): Tried<T> {
  try {
    return { value: work(), problems: [] };
  } catch (error) {
    return { value: null, problems: problemsOf(error) };
  }
}

export async function triedLater<T>(work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { value: await work(), problems: [] };
  } catch (error) {
    return { value: null, problems: problemsOf(error) };
  }
}

/** What a single document is refused for. @throws what is none of it */
function problemsOf(error: unknown): readonly PlanProblem[] {
  if (error instanceof RefusedError) return error.problems;
  const { code, message, help } = toSyncError(error);
  if (code === 'INTERNAL' || code.startsWith('ZOOKEEPER_')) throw error;
  return [{ id: problemId(code), severity: 'error', what: message, fix: code === 'CONFIG_INVALID' ? null : help }];
}
