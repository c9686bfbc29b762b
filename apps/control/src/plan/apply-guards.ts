/** What must hold before a plan is carried out. */
import { requireMay } from '../access/person.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import { subjectOf } from './lutra-document.js';
import { PlanError } from './plan-error.js';
import type { ApplyBody, PlanProblem } from './plan.schemas.js';
import type { Plan } from './plan.service.js';
import { judge } from './rules.js';
import type { Step, Steps } from './steps.js';

/** Each change needs the right to make it. @throws SyncError NOT_ALLOWED */
export function requireRights({ regions, endpoints, channels }: Steps): void {
  if (regions.some(({ op }) => op !== 'keep')) requireMay('region.write', null);
  if (endpoints.some(({ op }) => op !== 'keep')) requireMay('endpoint.write', null);
  for (const { op, name, state } of channels) {
    if (op !== 'keep') requireMay('channel.write', name);
    if (state.from !== state.to) requireMay('channel.run', name);
  }
}

export function requireConfirmed({ answer }: Plan, given: ApplyBody['confirm']): void {
  const missing = Object.entries(answer.confirm ?? {}).filter(([count, value]) => given?.[count] !== value);
  if (missing.length === 0) return;
  const what = missing.map(([count, value]) => `${count}: ${value}`).join(', ');
  throw new PlanError('PLAN_UNCONFIRMED', `the plan does more than is done unasked; repeat in "confirm": ${what}`, answer);
}

/** @throws RefusedError CONFIG_CONFLICT with all of them */
export function requireNone(problems: readonly PlanProblem[]): void {
  if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_CONFLICT', 'the plan cannot be applied', problems);
}

/** New channels that break a rule while all that is changed and removed is still as it was. */
export async function waiting({ steps, before, after }: Plan): Promise<ReadonlySet<string>> {
  const creations = (names: readonly Step[]): ReadonlySet<string> =>
    new Set(names.filter(({ op }) => op === 'create').map(({ name }) => name));
  const [channels, endpoints] = [creations(steps.channels), creations(steps.endpoints)];
  const between = {
    endpoints: [...before.endpoints, ...after.endpoints.filter(({ name }) => endpoints.has(name))].map(({ name, region, host, port }) => ({
      name,
      region,
      host,
      port,
    })),
    channels: [...before.channels, ...after.channels.filter(({ name }) => channels.has(name))],
  };
  const { own } = await judge({ endpoints: between.endpoints, channels: before.channels }, between, [...channels]);
  return new Set(Object.entries(own).flatMap(([name, problems]) => (errorsOf(problems).length > 0 ? [subjectOf('channels', name)] : [])));
}
