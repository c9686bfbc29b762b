/** What must hold for regions that are at home of the definitions of tables, where something comes back. Pure; returns every problem. */
import { comesBack } from '@lutra/model';
import type { ChannelInput } from '@lutra/model';
import { decidedTable, idleProblems } from '../channels/conflict.rules.js';
import { flowsOf, intoSource, throughRoute } from '../channels/flow.js';
import type { Flow, Replicated } from '../channels/flow.js';
import type { EndpointAddresses, FlowProblem } from '../channels/pipeline.rules.js';
import { apart, exampleTable, findTable, undecided } from '../channels/table-set.js';
import type { TablePattern } from '../channels/table-set.js';

export function schemaHomeProblems(channel: ChannelInput, addresses: EndpointAddresses): readonly FlowProblem[] {
  const { schemaHomes: homes = [], pipelines } = channel;
  const flows = flowsOf(channel);
  const twoWay = flows.filter((flow) => comesBack(flow, pipelines));
  const regions = regionsOf(flows, addresses);
  const problems = homes.flatMap((rule, index) => {
    const name = `channel ${channel.name}: schemaHomes[${index}] (${rule.schema}.${rule.table})`;
    const earlier = homes.slice(0, index);
    const isIdle = twoWay.every((flow) => decidedTable(flow, rule, earlier) === null);
    const none = 'no pipeline of which something comes back brings';
    return [...unknownRegion(rule.region, name, regions), ...(isIdle ? idleProblems({ name, rule, earlier, none }) : [])];
  });
  return [...problems.map((problem) => ({ ...problem, flows: flows.map(({ id }) => id) })), ...unequal(channel, twoWay)];
}

/** Null: an endpoint is missing, which is a problem of its own. */
function regionsOf(flows: readonly Flow[], addresses: EndpointAddresses): readonly string[] | null {
  const found = flows.flatMap(({ source, target }) => [addresses.get(source)?.region, addresses.get(target)?.region]);
  const regions = found.filter((region) => region !== undefined);
  return regions.length === found.length ? [...new Set(regions)] : null;
}

function unknownRegion(region: string, name: string, regions: readonly string[] | null): readonly Omit<FlowProblem, 'flows'>[] {
  if (regions === null || regions.includes(region)) return [];
  const what = `${name}: region is ${region}, but the endpoints of the channel are in ${regions.join(', ')}`;
  return [{ id: 'schema-home-unknown', severity: 'error', what, fix: `Set region to one of: ${regions.join(', ')}.` }];
}

interface Home extends TablePattern {
  /** Undefined: none is named. */
  readonly region: string | undefined;
}

/** A table that is renamed on its way is looked up by another name on the way back. Told once, by the first of the two. */
function unequal({ name, schemaHomes, conflicts }: ChannelInput, twoWay: readonly Flow[]): readonly FlowProblem[] {
  const homes: readonly Home[] = [...(schemaHomes ?? []), { schema: '*', table: '*', region: conflicts.home }];
  return twoWay.flatMap((there): readonly FlowProblem[] => {
    const back = twoWay.find(({ source, target }) => source === there.target && target === there.source);
    if (!back || there.source > there.target) return [];
    const found = there.replicates.flatMap((replicated) => otherHome(replicated, homes) ?? [])[0];
    if (!found) return [];
    const { table, here, away } = found;
    const what = `channel ${name}: ${table} of ${there.source} is at home in ${away ?? 'no region'} by its name at ${there.target} (${there.id}), and in ${here ?? 'no region'} by its own (${back.id}): each side would hold what the other runs`;
    const fix = 'Name the region for both names of the table in schemaHomes; rules go by the name at the target of each pipeline.';
    return [{ id: 'schema-home-differs', severity: 'error', what, fix, flows: [there.id, back.id] }];
  });
}

interface OtherHome {
  readonly table: string;
  readonly here: string | undefined;
  readonly away: string | undefined;
}

function otherHome(replicated: Replicated, homes: readonly Home[]): OtherHome | null {
  if (replicated.to?.schema === undefined && replicated.to?.table === undefined) return null;
  const { pattern, except } = replicated;
  for (const [i, away] of homes.entries()) {
    const named = throughRoute(replicated, away);
    if (named === null || apart(named, pattern)) continue;
    const left = [...except, ...intoSource(replicated, homes.slice(0, i))];
    for (const [j, here] of homes.entries()) {
      if (here.region === away.region || apart(here, named) || apart(here, pattern)) continue;
      const table = exampleTable([pattern, named, here], [...left, ...homes.slice(0, j)]);
      if (table !== null && table !== undecided) return { table, here: here.region, away: away.region };
    }
  }
  return null;
}

/** A table that the pipeline carries and of which no region is at home; null: each has one. */
export function homeless({ schemaHomes = [], conflicts }: ChannelInput, { replicates }: Flow): string | null {
  if (conflicts.home !== undefined) return null;
  const found = replicates.map((one) => findTable([one.pattern], [...one.except, ...intoSource(one, schemaHomes)]));
  return found.find((table) => table !== null) ?? null;
}
