/** The rules over all channels and endpoints, as for single documents, and beside the event loop: a thousand channels take long. */
import { beside } from '@lutra/runtime';
import { channelProblems, newErrors } from '../channels/topology.js';
import type { Topology } from '../channels/topology.js';
import type { Problem } from '../configuration/problem.js';

export interface Judged {
  /** Of the channels that are written. */
  readonly own: Readonly<Record<string, readonly Problem[]>>;
  /** Of others, by what is written. */
  readonly others: readonly Problem[];
}

export const judge = beside(import.meta.url, judged);

export function judged(before: Topology, after: Topology, touched: readonly string[]): Judged {
  const names = new Set(touched);
  const own = after.channels
    .filter(({ name }) => names.has(name))
    .map((channel) => [channel.name, channelProblems(after, channel)] as const);
  const said = new Set(own.flatMap(([, problems]) => problems.map(({ what }) => what)));
  return {
    own: Object.fromEntries(own.filter(([, problems]) => problems.length > 0)),
    others: newErrors(before, after).filter(({ what }) => !said.has(what)),
  };
}
