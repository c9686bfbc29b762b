/** Which tables of which pipeline a verb is about. */
import { pipelineArguments } from './pipelines.js';
import type { Argument, Run } from './verb.js';

export const tableArguments: readonly Argument[] = [
  ...pipelineArguments,
  { syntax: '<table...>', what: 'as the source calls them: <schema>.<table>' },
];

export function suspendedTables({ args: [channel = '', pipeline = '', ...tables] }: Pick<Run, 'args'>) {
  return { path: { channel, pipeline }, tables };
}
