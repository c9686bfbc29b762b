/** What many verbs are about. */
import type { Argument } from './verb.js';

export const channelArgument: Argument = { syntax: '<channel>', what: 'its name', named: 'channel' };
export const pipelineArguments: readonly Argument[] = [
  channelArgument,
  { syntax: '<pipeline>', what: 'its name in the channel', named: 'pipeline' },
];
