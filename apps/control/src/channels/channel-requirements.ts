/** What a write of a channel must fulfil by the documents alone, with all other channels. Each throws. */
import { isDeepStrictEqual } from 'node:util';
import { SyncError } from '@lutra/model';
import type { ChannelDocument, ChannelInput } from '@lutra/model';
import type { Configuration } from '../configuration/configuration.js';
import { RefusedError, errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import type { ChannelWrite } from '../http/schemas.js';
import { homeChangeProblems } from './home-change.js';
import { channelProblems, newErrors } from './topology.js';
import type { Topology } from './topology.js';

/** Seeds are ordered by a start, before capture knows the pipeline. @throws RefusedError CONFIG_CONFLICT */
export function requireBeginnable(before: ChannelDocument, after: ChannelInput): void {
  if (after.seed !== true || before.state === 'stopped') return;
  const added = after.pipelines.filter(({ name }) => !before.pipelines.some((known) => known.name === name));
  if (added.length === 0) return;
  const fix = 'stop the channel, change it, start it: the start orders their seeds';
  const problems = added.map(({ name }): Problem => {
    return { id: 'seed-added-pipeline', severity: 'error', what: `pipeline ${name} would begin without a seed`, fix };
  });
  throw new RefusedError('CONFIG_CONFLICT', `channel ${after.name} is ${before.state} and cannot be changed so yet`, problems);
}

/** Of a body, in the configuration that it was checked with last: the rules cost much, and are asked before the write and in it. */
const topologies = new WeakMap<ChannelInput, { readonly configuration: Configuration; readonly topology: Topology }>();

/** Actions change these; a body may repeat them, so that what GET gave can be sent back. */
export function requireState(input: ChannelWrite, { state, attempt, wishes }: Pick<ChannelDocument, 'state' | 'attempt' | 'wishes'>): void {
  const isSame = (input.state ?? state) === state && (input.attempt ?? attempt) === attempt;
  if (isSame && isDeepStrictEqual(input.wishes ?? wishes, wishes)) return;
  const how = 'POST /api/v1/channels/<name>/start, pause, stop and retry change them';
  throw new SyncError('CONFIG_INVALID', `channel ${input.name}: state, attempt, wishes: cannot be set here; ${how}`);
}

/** @throws RefusedError CONFIG_INVALID with the whole list, warnings included */
export function requireRules(channel: ChannelInput, topology: Topology): void {
  const problems = channelProblems(topology, channel);
  if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_INVALID', 'not written', problems); // they name the channel
}

/** @throws RefusedError CONFIG_CONFLICT */
export function requireSameHome(before: ChannelDocument, after: ChannelInput): void {
  const problems = homeChangeProblems(before, after);
  if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${after.name} cannot be changed so yet`, problems);
}

/** Other channels may rest on this one: a mesh with one side gone is a chain. */
export function requireOthers(name: string, configuration: Configuration, after: Topology): void {
  const errors = newErrors(configuration, after);
  if (errors.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${name} is needed by others`, errors);
}

export function withChannel(name: string, channel: ChannelInput | null, configuration: Configuration): Topology {
  const asked = channel && topologies.get(channel);
  if (asked?.configuration === configuration) return asked.topology;
  const others: readonly ChannelInput[] = configuration.channels.filter((other) => other.name !== name);
  const topology = { endpoints: configuration.endpoints, channels: channel ? [...others, channel] : others };
  if (channel) topologies.set(channel, { configuration, topology });
  return topology;
}
