/**
 * What must hold for the conflict policies of a channel, so that its sides end equal (docs/decisions/0008-conflicts.md). Pure; returns
 * every problem. Rules match names at the target of each pipeline, so each is looked at once for every pipeline that brings it a table.
 */
import { conflictPolicies, isOneWay, needsHome } from '@lutra/model';
import type { ChannelInput, ConflictPolicy, ConflictRule } from '@lutra/model';
import { flowsOf, intoSource, throughRoute } from './flow.js';
import type { Replicated, Flow } from './flow.js';
import type { EndpointAddress, EndpointAddresses, FlowProblem } from './pipeline.rules.js';
import { ruleProblems } from './rule.rules.js';
import { exampleTable, findTable } from './table-set.js';
import type { TablePattern } from './table-set.js';

/** A rule at its position in the list, and the tables that it decides. */
interface Placed {
  readonly rule: ConflictRule;
  /** For messages. */
  readonly name: string;
  /** One entry for each pipeline that brings it a table. */
  readonly decides: readonly { readonly flow: Flow; readonly table: string; readonly back: Flow | undefined }[];
}

export function conflictProblems(channel: ChannelInput, addresses: EndpointAddresses): readonly FlowProblem[] {
  const flows = flowsOf(channel);
  const rules = channel.conflicts.rules.map((rule, index) => placedRule(rule, index, { channel, flows }));
  const deciding = rules.filter(({ rule, decides }) => needsHome(rule) && decides.some(({ back }) => back));
  const problem = (found: Omit<FlowProblem, 'flows'>): FlowProblem => ({ ...found, flows: flows.map(({ id }) => id) });
  return [
    ...homeProblems(channel, { flows, addresses, deciding }).map(problem),
    ...rules.flatMap(({ rule, name }) => ruleProblems(rule, name)).map(problem),
    ...rules.flatMap((placed) => policyProblems(placed)),
    ...rules.flatMap((placed) => forwardedProblems(placed, { home: channel.conflicts.home, addresses })),
    ...rules
      .flatMap(({ name, rule, decides }, index) =>
        decides.length > 0
          ? []
          : idleProblems({ name, rule, earlier: channel.conflicts.rules.slice(0, index), none: 'no pipeline brings' }),
      )
      .map(problem),
  ];
}

function placedRule(rule: ConflictRule, index: number, { channel, flows }: { channel: ChannelInput; flows: readonly Flow[] }): Placed {
  const earlier = channel.conflicts.rules.slice(0, index);
  const decides = flows.flatMap((flow) => {
    const table = decidedTable(flow, rule, earlier);
    const back = flows.find(({ source, target }) => source === flow.target && target === flow.source);
    return table === null ? [] : [{ flow, table, back }];
  });
  return { rule, name: `channel ${channel.name}: conflicts.rules[${index}] (${rule.schema}.${rule.table})`, decides };
}

/** What of the pipeline's tables, as they are called at the target, the rule decides about and no earlier rule takes; null if nothing. */
export function decidedTable({ replicates }: Flow, rule: TablePattern, earlier: readonly TablePattern[]): string | null {
  for (const replicated of replicates) {
    const pattern = throughRoute(replicated, rule);
    if (!pattern) continue;
    const table = exampleTable([replicated.pattern, pattern], [...replicated.except, ...intoSource(replicated, earlier)]);
    if (table !== null) return toldTable(replicated, rule);
  }
  return null;
}

/** By what the user wrote: of a rule and a route with wildcards any name would be an example, which need not be there. */
function toldTable({ pattern, to }: Replicated, rule: TablePattern): string {
  if (!isPattern(pattern)) return `${to?.schema ?? pattern.schema}.${to?.table ?? pattern.table}`;
  return isPattern(rule) ? `tables of route ${pattern.schema}.${pattern.table}` : `${rule.schema}.${rule.table}`;
}

function isPattern({ schema, table }: TablePattern): boolean {
  return /[*?]/.test(schema + table);
}

interface Regions {
  readonly flows: readonly Flow[];
  readonly addresses: EndpointAddresses;
  /** The rules that someone must have the last word about. */
  readonly deciding: readonly Placed[];
}

function homeProblems(channel: ChannelInput, { flows, addresses, deciding }: Regions): readonly Omit<FlowProblem, 'flows'>[] {
  const names = [...new Set(flows.flatMap(({ source, target }) => [source, target]))];
  const endpoints = names.flatMap((name) => addresses.get(name) ?? []);
  const regions = [...new Set(endpoints.map(({ region }) => region))];
  const { home } = channel.conflicts;
  const problems: Omit<FlowProblem, 'flows'>[] = [];
  // Endpoints that are missing have a problem of their own.
  if (home !== undefined && endpoints.length === names.length && !regions.includes(home)) {
    const what = `channel ${channel.name}: conflicts.home is ${home}, but its endpoints are in ${regions.join(', ')}`;
    problems.push({ id: 'home-unknown', severity: 'error', what, fix: `Set home to one of: ${regions.join(', ')}.` });
  }
  const [first] = deciding;
  if (!first) return problems;
  if (home === undefined) {
    const what = `${first.name}: policy ${first.rule.policy} for what flows both ways (${first.decides.find(({ back }) => back)?.table}), but the channel has no home: nobody would have the last word, and the sides could differ for ever`;
    problems.push({ id: 'home-missing', severity: 'error', what, fix: `Set conflicts.home to one of: ${regions.join(', ')}.` });
  }
  return [...problems, ...sharedRegions(channel.name, endpoints)];
}

/** Home, and the path of a transaction, are regions: of two endpoints in one, both would have the last word. */
function sharedRegions(channel: string, endpoints: readonly EndpointAddress[]): readonly Omit<FlowProblem, 'flows'>[] {
  return [...Map.groupBy(endpoints, ({ region }) => region)]
    .filter(([, found]) => found.length > 1)
    .map(([region, found]) => ({
      id: 'region-shared',
      severity: 'error',
      what: `channel ${channel} has conflict policies, and its endpoints ${found.map(({ name }) => name).join(' and ')} are both in region ${region}`,
      fix: 'Give each endpoint of the channel a region of its own; regions may share a Kafka.',
    }));
}

function listed(fits: (policy: ConflictPolicy) => boolean): string {
  return conflictPolicies.filter(fits).join(', ');
}

function policyProblems({ rule, name, decides }: Placed): readonly FlowProblem[] {
  return decides.flatMap(({ flow, table, back }): readonly FlowProblem[] => {
    if (needsHome(rule) && !back) {
      const what = `${name}: policy ${rule.policy} decides about ${table}, which ${flow.id} brings and no pipeline of the channel replicates back`;
      const fix = `What flows one way only takes ${listed((policy) => !needsHome({ policy }))}; put it into a channel of its own.`;
      return [{ id: 'policy-needs-both-ways', severity: 'error', what, fix, flows: [flow.id] }];
    }
    if (isOneWay(rule) && back) {
      const what = `${name}: policy ${rule.policy} decides about ${table}, which ${flow.id} brings and ${back.id} replicates back: each side would end with another version`;
      return [
        {
          id: 'policy-one-way-only',
          severity: 'error',
          what,
          fix: `Choose ${listed((policy) => !isOneWay({ policy }))}.`,
          flows: [flow.id, back.id],
        },
      ];
    }
    return [];
  });
}

/**
 * Where something is forwarded, the last word must be with the one that forwards, against each of its neighbours. Counter-example, home at
 * A of A ↔ B ↔ C: B and C change a row at once, each refuses the other's change, and A, which hears of B's only, has nothing to send
 * (test/model/hub.test.ts).
 */
function forwardedProblems(
  { rule, name, decides }: Placed,
  { home, addresses }: { home: string | undefined; addresses: EndpointAddresses },
): readonly FlowProblem[] {
  const twoWay = decides.filter(({ back }) => back);
  const forwarding = twoWay.find(({ flow }) => flow.forwards);
  if (!needsHome(rule) || home === undefined || !forwarding) return [];
  const regionOf = (endpoint: string): string | undefined => addresses.get(endpoint)?.region;
  return twoWay.flatMap(({ flow, table }) => {
    const ends = [flow.source, flow.target].map(regionOf);
    // An endpoint that is missing has a problem of its own.
    if (ends.includes(undefined) || ends.includes(home)) return [];
    const what = `${name}: policy ${rule.policy} decides about ${table}, which ${forwarding.flow.id} forwards, but ${flow.id} connects two regions of which neither is home (${home}): nobody would have the last word between them`;
    const fix =
      'Make the hub home, with pipelines between it and each other region only, those from it with forwards; or give each two neighbours a channel of their own, each with its home; or let every region have a pipeline from and to every other one (a mesh), without forwards; or choose stop.';
    return [{ id: 'policy-not-forwarded', severity: 'error', what, fix, flows: [flow.id] }];
  });
}

interface Idle {
  /** For messages. */
  readonly name: string;
  readonly rule: TablePattern;
  readonly earlier: readonly TablePattern[];
  /** Pipelines that do not: 'no pipeline brings'. */
  readonly none: string;
}

/** Of a rule that decides about no table. */
export function idleProblems({ name, rule, earlier, none }: Idle): readonly Omit<FlowProblem, 'flows'>[] {
  const covered = findTable([rule], earlier) === null;
  const why = covered ? 'earlier rules take every table that it names' : `${none} a table that it names and no earlier rule takes`;
  const fix = covered
    ? 'Put it before the wider rule, or remove it.'
    : 'Rules go by the name at the target: correct it, or remove the rule.';
  return [{ id: 'rule-never-matches', severity: 'warning', what: `${name} decides nothing: ${why}`, fix }];
}
