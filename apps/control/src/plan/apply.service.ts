/**
 * Carries out exactly the plan that was shown: it is made again on the snapshot of each write, and with another hash nothing is written.
 * One transaction where that is large enough. Else creations come first, in several, all stopped, and one that changes, removes and starts.
 * The history of these creations names the plan: who applies it again after a crash goes on, for what the plan has created itself counts as
 * not there.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { Registry, Snapshot } from '@lutra/registry';
import { ChannelOperationsService } from '../channels/channel-operations.service.js';
import { UidService } from '../channels/uid.service.js';
import { currentAuthor, withReason } from '../configuration/author.js';
import { findLatest } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import type { Draft } from '../configuration/configuration.service.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import { EndpointService } from '../endpoints/endpoint.service.js';
import { ChannelSeedService } from '../seeds/channel-seed.service.js';
import { REGISTRY } from '../tokens.js';
import { requireConfirmed, requireNone, requireRights, waiting } from './apply-guards.js';
import { creationWrites, finalWrites, partsOf, removalsOf } from './apply-writes.js';
import type { Writer, Writes } from './apply-writes.js';
import { documentKinds, subjectOf } from './lutra-document.js';
import type { DocumentKind } from './lutra-document.js';
import { PlanError } from './plan-error.js';
import type { AppliedAnswer, ApplyBody } from './plan.schemas.js';
import { PlanService } from './plan.service.js';
import type { Plan, PlanRequest } from './plan.service.js';
import { ServerProblemsService } from './server-problems.service.js';
import { isAsWanted } from './step-maker.js';
import type { ChannelStep, Step, Steps } from './steps.js';

/** Each is at least a document and its history, of the 500 nodes of one write. */
const mostOfOneWrite = 250;

type Done = ReadonlySet<string>;
type Agreed = Pick<ApplyBody, 'hash' | 'confirm' | 'reason'>;

@Injectable()
export class ApplyService {
  readonly #writer: Writer;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(PlanService) private readonly plans: PlanService,
    @Inject(ServerProblemsService) private readonly servers: ServerProblemsService,
    @Inject(ChannelSeedService) private readonly seeds: ChannelSeedService,
    @Inject(ChannelOperationsService) channels: ChannelOperationsService,
    @Inject(EndpointService) endpoints: EndpointService,
    @Inject(UidService) private readonly uids: UidService,
  ) {
    this.#writer = { registry, channels, endpoints, uids };
  }

  /**
   * @throws PlanError PLAN_OUTDATED, PLAN_UNCONFIRMED; SyncError PLAN_TOO_LARGE, NOT_ALLOWED; RefusedError CONFIG_CONFLICT with all
   * problems: nothing is written then
   */
  async apply(request: PlanRequest, agreed: Agreed): Promise<AppliedAnswer> {
    const snapshot = await this.registry.snapshot.latest();
    const done = await this.#begun(snapshot, request, agreed.hash);
    const plan = await this.#agreedPlan(snapshot, { request, done, agreed });
    requireRights(plan.steps);
    requireConfirmed(plan, agreed.confirm);
    requireNone(await this.servers.of(plan));
    const order = { request, agreed, plan, revision: numberOf(snapshot), parts: await this.#parts(snapshot, plan, { done, agreed }) };
    const created = await this.#create(order, done);
    await this.#beginSeeds(plan.steps);
    const writes = await withReason(agreed.reason, () => this.#finish(order, created.done));
    for (const step of plan.steps.channels) {
      const removals = step.channel ? await removalsOf(step, this.uids) : [];
      if (removals.length > 0) await this.uids.fence(step.name, removals);
    }
    return { revision: numberOf(await this.registry.snapshot.latest()), writes: created.writes + writes, changes: plan.answer.changes };
  }

  async #agreedPlan(
    snapshot: Snapshot,
    { request, done, agreed }: { readonly request: PlanRequest; readonly done: Done; readonly agreed: Agreed },
  ): Promise<Plan> {
    const plan = await this.plans.make(without(snapshot, done), request);
    if (plan.answer.hash === agreed.hash && (await isAllAsCreated(snapshot, request, done))) {
      requireNone(plan.answer.problems);
      return plan;
    }
    const { answer } = done.size === 0 ? plan : await this.plans.make(snapshot, request);
    throw new PlanError('PLAN_OUTDATED', 'the plan is no longer the one that was shown (details.plan); nothing was changed', answer);
  }

  /** What an earlier try has created. */
  async #begun(snapshot: Snapshot, { wanted }: PlanRequest, hash: string): Promise<Done> {
    const done = new Set<string>();
    const mark = markOf(hash);
    for (const kind of documentKinds) {
      const fresh = wanted[kind].filter(({ name }) => isUntouched(snapshot, subjectOf(kind, name)));
      for (let at = 0; at < fresh.length; at += 50) {
        const some = fresh.slice(at, at + 50);
        const histories = await Promise.all(some.map(({ name }) => this.registry.history.list(kind, name)));
        for (const [index, [newest]] of histories.entries())
          if (newest?.before === null && newest.reason.endsWith(mark)) done.add(subjectOf(kind, some[index]!.name));
      }
    }
    return done;
  }

  /** Creations that come first; none: one transaction takes all. @throws SyncError PLAN_TOO_LARGE */
  async #parts(
    snapshot: Snapshot,
    plan: Plan,
    { done, agreed }: { readonly done: Done; readonly agreed: Agreed },
  ): Promise<readonly (readonly Step[])[]> {
    const { steps } = plan;
    const writing = { snapshot, author: { ...currentAuthor(), reason: agreed.reason } };
    const fits = async (created: Done): Promise<boolean> => {
      const writes = await finalWrites(steps, created, { writer: this.#writer, writing });
      const base = { tree: snapshot.revision, version: snapshot.revisionVersion };
      return this.registry.configuration.fits({ base, ...writes, author: writing.author });
    };
    const seeded = steps.channels.filter(isSeededStart).filter(({ op }) => op === 'create');
    if (done.size === 0 && seeded.length === 0 && plan.answer.changes.length < mostOfOneWrite && (await fits(done))) return [];
    const waits = await waiting(plan);
    const blocked = seeded.find(({ kind, name }) => waits.has(subjectOf(kind, name)));
    if (blocked)
      throw new SyncError(
        'CONFIG_CONFLICT',
        `channel ${blocked.name} takes tables from another one and is seeded when it starts: apply it stopped first, and start it then`,
      );
    const parts = partsOf(steps, waits);
    const created = new Set([...done, ...parts.flat().map(({ kind, name }) => subjectOf(kind, name))]);
    if (await fits(created))
      return parts.map((part) => part.filter(({ kind, name }) => !done.has(subjectOf(kind, name)))).filter(({ length }) => length > 0);
    throw new SyncError(
      'PLAN_TOO_LARGE',
      'what the plan changes, removes and starts does not fit into one write of ZooKeeper; nothing was changed',
    );
  }

  async #create(
    { request, agreed, plan, revision, parts }: Order,
    before: Done,
  ): Promise<{ readonly done: Done; readonly writes: number }> {
    const done = new Set(before);
    for (const [index, part] of parts.entries()) {
      const names = new Set(part.map(({ kind, name }) => subjectOf(kind, name)));
      await withReason(`${agreed.reason}${markOf(agreed.hash)}`, () =>
        this.configuration.write(async (snapshot, author) => {
          // Nobody else has written since: what was looked at holds.
          const isSame = numberOf(snapshot) === revision + index;
          const { steps } = isSame ? plan : await this.#agreedPlan(snapshot, { request, done, agreed });
          const now = [...steps.regions, ...steps.endpoints, ...steps.channels].filter(({ kind, name }) =>
            names.has(subjectOf(kind, name)),
          );
          return { answer: undefined, ...(await creationWrites(now, this.#writer, { snapshot, author })) };
        }),
      );
      for (const name of names) done.add(name);
    }
    return { done, writes: parts.length };
  }

  /** Orders and positions come before the state that is wanted, as at each start. */
  async #beginSeeds({ channels }: Steps): Promise<void> {
    for (const { name, state } of channels.filter(isSeededStart)) {
      const { document, version } = await findLatest(this.registry, 'channel', name);
      const started = { ...document, state: state.to };
      const seeding = await this.seeds.pending(started);
      if (seeding.plan.length === 0) continue;
      const errors = errorsOf(await this.seeds.problems(started, seeding));
      if (errors.length > 0)
        throw new RefusedError('CONFIG_CONFLICT', `what is new was created, stopped; channel ${name} cannot be seeded yet`, errors);
      await this.seeds.begin(started, version, seeding);
    }
  }

  /** Resolves with the transactions that it took. */
  async #finish({ request, agreed }: Order, done: Done): Promise<number> {
    return this.configuration.write(async (snapshot, author) => {
      const { steps } = await this.#agreedPlan(snapshot, { request, done, agreed });
      const writes = await finalWrites(steps, done, { writer: this.#writer, writing: { snapshot, author } });
      return draftOf(writes);
    });
  }
}

interface Order {
  readonly request: PlanRequest;
  readonly agreed: Agreed;
  readonly plan: Plan;
  /** That the plan was made from. */
  readonly revision: number;
  readonly parts: readonly (readonly Step[])[];
}

function numberOf({ revision }: Snapshot): number {
  return revision?.revision ?? 0;
}

/** In the history of what a plan of several transactions created first. */
function markOf(hash: string): string {
  return ` (part of plan ${hash})`;
}

/** Since it was created, and still stopped: an old apply starts nothing again. */
function isUntouched(snapshot: Snapshot, subject: string): boolean {
  const [kind, name = ''] = subject.split('/') as [DocumentKind, string?];
  return snapshot[kind].get(name)?.version === 0 && (kind !== 'channels' || snapshot.desired.get(name)?.version === 0);
}

/**
 * Untouched, and what the plan wants. Counter-example for the history alone: its reason is the words of whoever writes, so another one
 * creates a channel with these words, and the plan would start what nobody was shown.
 */
async function isAllAsCreated(snapshot: Snapshot, { wanted }: PlanRequest, done: Done): Promise<boolean> {
  for (const subject of done) if (!isUntouched(snapshot, subject)) return false;
  for (const [index, channel] of wanted.channels.filter(({ name }) => done.has(subjectOf('channels', name))).entries()) {
    if (index % 10 === 9) await nextTurn();
    const stored = snapshot.channels.get(channel.name)?.document;
    if (!stored || !isAsWanted(channel, stored)) return false;
  }
  return true;
}

/** As it was before a plan created these. */
function without(snapshot: Snapshot, done: Done): Snapshot {
  if (done.size === 0) return snapshot;
  const left = <T>(kind: 'regions' | 'endpoints' | 'channels', entries: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map([...entries].filter(([name]) => !done.has(subjectOf(kind, name))));
  return {
    ...snapshot,
    regions: left('regions', snapshot.regions),
    endpoints: left('endpoints', snapshot.endpoints),
    channels: left('channels', snapshot.channels),
    desired: left('channels', snapshot.desired),
  };
}

function isSeededStart({ after, state }: ChannelStep): boolean {
  return after?.seed === true && state.from === 'stopped' && state.to !== 'stopped';
}

/** Without documents no revision changes. The answer: the transactions that it takes. */
function draftOf({ changes, operations }: Writes): Draft<number> {
  const answer = changes.length + operations.length > 0 ? 1 : 0;
  return { answer, operations, ...(changes.length > 0 && { changes }) };
}
