/** The rules over all channels and endpoints together, and which of their problems a change is answerable for. Pure. */
import type { ChannelInput } from '@lutra/model';
import { errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { conflictProblems } from './conflict.rules.js';
import { ddlRuleProblems } from '../ddl/ddl.rules.js';
import { schemaHomeProblems } from '../ddl/schema-home.rules.js';
import { fileProblems, rootPathProblems } from '../files/file.rules.js';
import { flowsOf } from './flow.js';
import { pathProblems } from './path.rules.js';
import { pipelineProblems } from './pipeline.rules.js';
import type { EndpointAddress, FlowProblem } from './pipeline.rules.js';
import { related } from './related.js';
import { twoWayProblems } from './two-way.rules.js';

export interface Topology {
  readonly endpoints: readonly EndpointAddress[];
  readonly channels: readonly ChannelInput[];
}

/** Of a topology that is asked about again: it does not change. */
const known = new WeakMap<Topology, readonly FlowProblem[]>();

export function topologyProblems(topology: Topology): readonly FlowProblem[] {
  const problems = known.get(topology) ?? problemsOf(topology);
  known.set(topology, problems);
  return problems;
}

function problemsOf({ endpoints, channels }: Topology): readonly FlowProblem[] {
  const flows = channels.flatMap(flowsOf);
  const addresses = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]));
  return [
    ...pipelineProblems(flows, addresses),
    ...related(flows).flatMap((some) => [...pathProblems(some, flows), ...twoWayProblems(some), ...fileProblems(some)]),
    ...rootPathProblems(flows),
    ...channels.flatMap((channel) => [
      ...conflictProblems(channel, addresses),
      ...schemaHomeProblems(channel, addresses),
      ...ddlRuleProblems(channel),
    ]),
  ];
}

/** The problems of one channel, also with the other channels. */
export function channelProblems(topology: Topology, channel: ChannelInput): readonly Problem[] {
  const own = new Set(flowsOf(channel).map((flow) => flow.id));
  return topologyProblems(topology)
    .filter((problem) => problem.flows.some((id) => own.has(id)))
    .map(withoutFlows);
}

/** Errors that `after` has and `before` had not: what was wrong before does not bar the way of a change that has no part in it. */
export function newErrors(before: Topology, after: Topology): readonly Problem[] {
  const errors = errorsOf(topologyProblems(after));
  if (errors.length === 0) return [];
  const old = new Set(topologyProblems(before).map((problem) => problem.what));
  return errors.filter((problem) => !old.has(problem.what)).map(withoutFlows);
}

function withoutFlows({ id, severity, what, fix }: FlowProblem): Problem {
  return { id, severity, what, fix };
}
