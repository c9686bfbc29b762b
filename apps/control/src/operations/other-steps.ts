/** Steps that ask a person, count rows, move the home, pause a direction. */
import type { OperationStep } from '@lutra/model';
import { notClosed } from './fence-step.js';
import { done, waits, ways } from './step-context.js';
import type { Step } from './step-context.js';

export function confirmed(step: OperationStep, what: (from: string, to: string) => string): Step {
  return ({ operation }) => {
    const { from, to } = operation;
    const result = operation.confirmed.includes(step) ? done('confirmed') : waits(what(from, to), 'confirm (POST …/operation/confirm)');
    return Promise.resolve(result);
  };
}

/** Equal counts are not equal rows: a verification tells that. */
export const counts: Step = async (context) => {
  const { operation, io } = context;
  const back = await notClosed(context);
  if (back) return back;
  if (!operation.count) return done('rows are not counted');
  const found = (await Promise.all(ways(context, operation.from, operation.to).map((pipeline) => io.count(pipeline)))).flat();
  const differing = found.filter(({ atSource, atTarget }) => atSource !== null && atTarget !== null && atSource !== atTarget);
  const unknown = found.filter(({ atSource, atTarget }) => atSource === null || atTarget === null);
  const [first] = differing;
  if (first && !operation.accept.includes('counts'))
    return waits(
      `${differing.length} tables have other counts: ${first.source} has ${first.atSource} rows, ${first.target} ${first.atTarget}`,
      'verify the channel; or accept "counts"',
    );
  const left = unknown.length > 0 ? `, ${unknown.length} not counted within their time` : '';
  return done(`${found.length} tables counted, ${differing.length} differ${left}`, { counts: [...found] });
};

export const home: Step = async (context) => {
  const { operation, channel, io } = context;
  if (!operation.moveHome) return done('the home stays');
  const back = await notClosed(context);
  if (back) return back;
  if (operation.facts.home === undefined) return { kind: 'facts', facts: { home: channel.conflicts.home ?? null } };
  const region = await io.regionOf(operation.to);
  if (channel.conflicts.home !== region) await io.setHome(region);
  return done(`home is ${region}`);
};

/** Before anything else: `from` would publish its lost tail over newer rows of `to` when it comes back. */
export const pause: Step = async (context) => {
  const { operation, io } = context;
  const uids = ways(context, operation.from, operation.to).map(({ uid }) => uid);
  if (!operation.facts.paused) return { kind: 'facts', facts: { paused: uids } };
  await io.setPaused(uids, true);
  const workers = await io.statuses();
  const working = workers.find(
    ({ app, uid, state }) =>
      app === 'loader' && uid !== null && uids.some((own) => own === uid) && !['paused', 'standby', 'stopped'].includes(state),
  );
  return working
    ? waits(`pipeline ${working.name} is ${working.state}, and is to pause`)
    : done(`${operation.from} → ${operation.to} is paused`);
};
