/**
 * What a document would change, made anew from a snapshot each time that it is asked for: nothing of a plan is kept. The hash covers the
 * changes, what they do, and the versions of the documents that they are made from. Counter-example for the revision in it: whoever edits
 * anything makes every plan outdated.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { patternRegExp, SyncError, withDesired } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, RegionDocument } from '@lutra/model';
import type { Registry, Snapshot } from '@lutra/registry';
import { mayDo, requireMay } from '../access/person.js';
import { UidService } from '../channels/uid.service.js';
import { configurationOf, invalidOf, requireReadable } from '../configuration/configuration.js';
import type { Configuration } from '../configuration/configuration.js';
import { endpointProblems } from '../endpoints/endpoint.rules.js';
import { EndpointService } from '../endpoints/endpoint.service.js';
import { LEVEL, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { weigh } from './consequences.js';
import type { Weighed } from './consequences.js';
import { DroppedTablesService } from './dropped-tables.service.js';
import { documentKinds, subjectOf } from './lutra-document.js';
import type { DocumentKind, Place, Wanted } from './lutra-document.js';
import type { PlanAnswer, PlanProblem } from './plan.schemas.js';
import { judge } from './rules.js';
import { channelStep, endpointStep, regionStep, triedLater } from './step-maker.js';
import type { Making } from './step-maker.js';
import { changesOf } from './steps.js';
import type { Step, Steps } from './steps.js';

/** What somebody wants the configuration to be. */
export interface PlanRequest {
  readonly wanted: Wanted;
  readonly places: Readonly<Record<string, Place>>;
  /** What is there and not wanted is removed. */
  readonly prune: boolean;
  /** Removed all the same: `channels/orders`. */
  readonly removed?: readonly string[];
  readonly select?: readonly string[] | undefined;
}

export interface Plan {
  readonly answer: PlanAnswer;
  readonly steps: Steps;
  readonly before: Configuration;
  readonly after: Configuration;
}

const readOf = { regions: 'region.read', endpoints: 'endpoint.read', channels: 'channel.read' } as const;
const kindOf = { regions: 'region', endpoints: 'endpoint', channels: 'channel' } as const;
/** Steps between two turns of the event loop. */
const stepsAtOnce = 10;

@Injectable()
export class PlanService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly keyring: SecretKey,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(EndpointService) private readonly endpoints: EndpointService,
    @Inject(UidService) private readonly uids: UidService,
    @Inject(DroppedTablesService) private readonly droppedTables: DroppedTablesService,
  ) {}

  /** @throws SyncError NOT_ALLOWED: it is about what the person may not see */
  async make(snapshot: Snapshot, request: PlanRequest): Promise<Plan> {
    const { steps, unmanaged } = await this.#steps(snapshot, request);
    const before = configurationOf(snapshot);
    const after = afterOf(snapshot, steps);
    const dropped = await this.droppedTables.of(steps.channels, before, after);
    const weighed = weigh(steps, { before, after, dropped, unapplied: await this.#unapplied(steps, before) });
    const changes = [...changesOf(steps)];
    const problems = changes.length === 0 ? [] : await this.#problems({ snapshot, steps, before, after });
    const placed = problems.map(({ subject, ...problem }) => ({ ...problem, ...(subject && request.places[subject]) }));
    const answer: PlanAnswer = {
      hash: hashOf(steps, weighed),
      changes,
      consequences: [...weighed.consequences],
      counts: weighed.counts,
      problems: [...distinct(placed)],
      confirm: weighed.confirm,
      unmanaged: [...unmanaged],
    };
    return { answer, steps, before, after };
  }

  async #steps(
    snapshot: Snapshot,
    { wanted, prune, removed = [], select }: PlanRequest,
  ): Promise<{ steps: Steps; unmanaged: readonly string[] }> {
    const selects = selectorOf(select);
    const making: Making = { snapshot, keyring: this.keyring, endpoints: this.endpoints, level: this.level.current };
    const unmanaged: string[] = [];
    const namesOf = (kind: DocumentKind): readonly string[] => {
      const given = wanted[kind].map(({ name }) => name).filter((name) => selects(subjectOf(kind, name)));
      for (const name of given) requireMay(readOf[kind], kind === 'channels' ? name : null);
      const known = new Set(given);
      const others = [...snapshot[kind].keys()].filter(
        (name) => !known.has(name) && selects(subjectOf(kind, name)) && mayDo(readOf[kind], kind === 'channels' ? name : null),
      );
      const isRemoved = (name: string): boolean => prune || removed.includes(subjectOf(kind, name));
      unmanaged.push(...others.filter((name) => !isRemoved(name)).map((name) => subjectOf(kind, name)));
      return [...given, ...others.filter(isRemoved)];
    };
    const steps = {
      regions: await inTurns(namesOf('regions'), (name) => regionStep(making, name, find(wanted.regions, name))),
      endpoints: await inTurns(namesOf('endpoints'), (name) => endpointStep(making, name, find(wanted.endpoints, name))),
      channels: await this.#channelSteps(making, wanted, namesOf('channels')),
    };
    return { steps, unmanaged };
  }

  #channelSteps(making: Making, { channels }: Wanted, names: readonly string[]): Promise<Steps['channels']> {
    const adopted = new Set<string>();
    const all = configurationOf(making.snapshot);
    return inTurns(names, (name) =>
      channelStep(making, { name, wanted: find(channels, name) }, async (input, existing) => {
        const adopting = input.pipelines.flatMap(({ adopt }) => adopt ?? []);
        const twice = adopting.find((uid) => adopted.has(uid));
        for (const uid of adopting) adopted.add(uid);
        if (twice) throw new SyncError('CONFIG_INVALID', `channel ${name}: uid ${twice} is adopted by another pipeline of the document`);
        return this.uids.of(input, existing, adopting.length > 0 ? all : { channels: [] });
      }),
    );
  }

  async #problems({ snapshot, steps, before, after }: Omit<Plan, 'answer'> & { readonly snapshot: Snapshot }): Promise<readonly Placed[]> {
    const all: readonly Step[] = [...steps.regions, ...steps.endpoints, ...steps.channels];
    const problems: Placed[] = all.flatMap(({ kind, name, problems: own }) =>
      own.map((problem) => ({ ...problem, subject: subjectOf(kind, name) })),
    );
    for (const kind of documentKinds) {
      if (invalidOf(snapshot, kindOf[kind]).length === 0) continue;
      const { problems: own } = await triedLater(async () => requireReadable(snapshot, kindOf[kind], 'the plan cannot be applied'));
      problems.push(...own);
    }
    for (const { op, name, input } of steps.endpoints) {
      if (op === 'remove' || op === 'keep' || !input) continue;
      const subject = subjectOf('endpoints', name);
      problems.push(...endpointProblems(input, after).map((problem) => ({ ...problem, subject })));
    }
    problems.push(...lostRegions(steps, after));
    const touched = steps.channels.filter(({ op, state }) => op !== 'remove' && (op !== 'keep' || state.from !== state.to));
    const { own, others } = await judge(
      topologyOf(before),
      topologyOf(after),
      touched.map(({ name }) => name),
    );
    for (const [name, found] of Object.entries(own))
      problems.push(...found.map((problem) => ({ ...problem, subject: subjectOf('channels', name) })));
    return [...problems, ...others];
  }

  /** Removed endpoints whose topic may have what a loader of theirs has not applied. */
  async #unapplied({ endpoints }: Steps, { channels }: Configuration): Promise<readonly string[]> {
    const removed = endpoints.filter(({ op }) => op === 'remove');
    if (removed.length === 0) return [];
    const statuses = await this.registry.status.list();
    const found: string[] = [];
    for (const { name } of removed) {
      const log = (await this.registry.logs.read(name))?.document;
      const readers = channels.flatMap(({ pipelines }) => pipelines).filter(({ source }) => source === name);
      const isBehind = readers.some(({ uid }) => {
        const loader = statuses.find((status) => status.app === 'loader' && status.uid === uid);
        return loader?.log !== log?.log || (loader?.seq ?? -1) < (log?.seq ?? 0);
      });
      if (log && isBehind) found.push(name);
    }
    return found;
  }
}

type Placed = PlanProblem & { readonly subject?: string };

/** The configuration as the steps make it. What cannot be stored is there for the rules alone. */
function afterOf(snapshot: Snapshot, { regions, endpoints, channels }: Steps): Configuration {
  const before = configurationOf(snapshot);
  const replaced = <T extends { readonly name: string }>(
    documents: readonly T[],
    steps: readonly Step[],
    of: (step: Step) => T | null,
  ): readonly T[] => {
    const names = new Set(steps.map(({ name }) => name));
    return [...documents.filter(({ name }) => !names.has(name)), ...steps.flatMap((step) => of(step) ?? [])];
  };
  const ofStep = (step: Step): unknown => step.after ?? step.input;
  return {
    regions: replaced(before.regions, regions, (step) => ofStep(step) as RegionDocument | null),
    endpoints: replaced(before.endpoints, endpoints, (step) => ofStep(step) as EndpointDocument | null),
    channels: replaced(before.channels, channels, (step) => {
      if (step.kind !== 'channels' || !step.input) return null;
      return withDesired((step.after ?? step.input) as ChannelDocument, { state: step.state.to, attempt: step.channel?.attempt ?? 0 });
    }),
  };
}

/** What the rules look at; it goes to another thread. */
function topologyOf({ endpoints, channels }: Configuration): Parameters<typeof judge>[0] {
  return { endpoints: endpoints.map(({ name, region, host, port }) => ({ name, region, host, port })), channels };
}

function lostRegions({ regions, endpoints }: Steps, after: Configuration): readonly Placed[] {
  const touched = new Set(endpoints.filter(({ op }) => op !== 'keep').map(({ name }) => name));
  return regions
    .filter(({ op }) => op === 'remove')
    .flatMap(({ name }) => {
      const users = after.endpoints.filter((endpoint) => endpoint.region === name && !touched.has(endpoint.name));
      const what = `region ${name} is in use by endpoint ${users.map((user) => user.name).join(', ')}`;
      return users.length === 0
        ? []
        : [{ id: 'region-in-use', severity: 'error' as const, what, fix: 'Remove these endpoints too, or keep the region.' }];
    });
}

function selectorOf(select: readonly string[] | undefined): (subject: string) => boolean {
  if (!select) return () => true;
  const patterns = select.map(patternRegExp);
  return (subject) => patterns.some((pattern) => pattern.test(subject));
}

function find<T extends { readonly name: string }>(documents: readonly T[], name: string): T | null {
  return documents.find((document) => document.name === name) ?? null;
}

async function inTurns<T>(names: readonly string[], work: (name: string) => T | Promise<T>): Promise<readonly T[]> {
  const done: T[] = [];
  for (const [index, name] of names.entries()) {
    if (index % stepsAtOnce === stepsAtOnce - 1) await nextTurn();
    done.push(await work(name));
  }
  return done;
}

function hashOf({ regions, endpoints, channels }: Steps, { consequences }: Weighed): string {
  const steps = [...regions, ...endpoints, ...channels].filter(({ digest }) => digest !== null);
  const covered = steps
    .map(({ kind, name, digest }) => [`${kind}/${name}`, digest] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([covered, consequences]))
    .digest('hex');
}

function distinct(problems: readonly PlanProblem[]): readonly PlanProblem[] {
  return [...new Map(problems.map((problem) => [`${problem.id}\0${problem.what}`, problem])).values()];
}
