/** What servers have against a plan: what single documents and starts are refused for, asked before anything is written. */
import { Inject, Injectable } from '@nestjs/common';
import { mayDo } from '../access/person.js';
import { ChannelService } from '../channels/channel.service.js';
import { ChangedEndpointService } from '../endpoints/changed-endpoint.service.js';
import { EndpointCheckService } from '../endpoints/endpoint-check.service.js';
import { ChangedRegionService } from '../regions/changed-region.service.js';
import { ChannelSeedService } from '../seeds/channel-seed.service.js';
import { subjectOf } from './lutra-document.js';
import type { PlanProblem } from './plan.schemas.js';
import type { Plan } from './plan.service.js';
import { triedLater } from './step-maker.js';
import type { ChannelStep, EndpointStep, RegionStep, Step } from './steps.js';

/** Steps that are asked about at once. */
const askedAtOnce = 8;

type Asked = Pick<Plan, 'steps' | 'after'>;

@Injectable()
export class ServerProblemsService {
  constructor(
    @Inject(ChannelService) private readonly channels: ChannelService,
    @Inject(ChangedRegionService) private readonly changedRegions: ChangedRegionService,
    @Inject(ChangedEndpointService) private readonly changedEndpoints: ChangedEndpointService,
    @Inject(EndpointCheckService) private readonly checks: EndpointCheckService,
    @Inject(ChannelSeedService) private readonly seeds: ChannelSeedService,
  ) {}

  /** Who may not make a change has no server asked for it: a plan would send secrets to hosts of his choice. */
  async of(plan: Asked): Promise<readonly PlanProblem[]> {
    const { regions, endpoints, channels } = plan.steps;
    // Also none for a channel: it would be asked at the address that the plan gives the endpoint, with a secret that it refers to.
    if (!mayWrite(regions, 'region.write') || !mayWrite(endpoints, 'endpoint.write')) return [];
    const questions = [
      ...regions.filter(({ op }) => op === 'change').map((step) => () => this.#region(step)),
      ...endpoints.filter(({ op }) => op === 'change').map((step) => () => this.#endpoint(step, plan)),
      ...channels.filter(isAsked).map((step) => () => this.#channel(step, plan)),
    ];
    const problems: PlanProblem[] = [];
    for (let at = 0; at < questions.length; at += askedAtOnce)
      problems.push(...(await Promise.all(questions.slice(at, at + askedAtOnce).map((ask) => ask()))).flat());
    return problems;
  }

  async #region({ input }: RegionStep): Promise<readonly PlanProblem[]> {
    return input ? (await triedLater(() => this.changedRegions.require(input, false))).problems : [];
  }

  async #endpoint({ input }: EndpointStep, { after }: Asked): Promise<readonly PlanProblem[]> {
    return input ? (await triedLater(() => this.changedEndpoints.require(input, false, after.channels))).problems : [];
  }

  async #channel(step: ChannelStep, { after: planned }: Asked): Promise<readonly PlanProblem[]> {
    const { channel, input, after, op, state } = step;
    if (!input || !after) return [];
    const [how, starts] = [{ force: true, seed: false, planned }, state.from === 'stopped' && state.to !== 'stopped'];
    const { value, problems } = await triedLater(async () => [
      ...(channel && op === 'change' ? await this.channels.refusals(channel, input, how) : []),
      ...(starts ? await this.#start(step, planned) : []),
    ]);
    return value ?? problems;
  }

  async #start({ name, op, channel, after, state }: ChannelStep, planned: Asked['after']): Promise<readonly PlanProblem[]> {
    if (!after) return [];
    const started = { ...after, state: state.to, attempt: channel?.attempt ?? 0 };
    if (op === 'create') return this.checks.checkChannel({ ...after, seed: after.seed === true }, planned);
    const seeding = await this.seeds.pending(started);
    if (op === 'change' && seeding.plan.length > 0) return [changedBeforeSeed(name)];
    const problems = await this.checks.checkChannel({ ...started, seed: seeding.creates }, planned);
    const isRefused = problems.some(({ severity }) => severity === 'error');
    return seeding.plan.length === 0 || isRefused ? problems : [...problems, ...(await this.seeds.problems(started, seeding))];
  }
}

function mayWrite(steps: readonly Step[], action: 'region.write' | 'endpoint.write'): boolean {
  return mayDo(action, null) || steps.every(({ op }) => op === 'keep');
}

function isAsked({ name, op, state }: ChannelStep): boolean {
  if (op !== 'keep' && !mayDo('channel.write', name)) return false;
  if (op === 'change') return true;
  return state.from === 'stopped' && state.to !== 'stopped' && mayDo('channel.run', name);
}

function changedBeforeSeed(name: string): PlanProblem {
  const what = `channel ${name} is changed and started, and its start orders seeds of what it is now`;
  const fix = `leave "state: stopped" in ${subjectOf('channels', name)}, apply, and start it then`;
  return { id: 'seed-start-changed', severity: 'error', what, fix };
}
