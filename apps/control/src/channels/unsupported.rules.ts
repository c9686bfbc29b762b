/**
 * Suspension is for what flows one way. Both ways the two loaders would have to begin it at one place of two logs: between the two, a row
 * that was changed on both sides would be taken for one that was changed on one.
 */
import { flowsBothWays, pipelineId } from '@lutra/model';
import type { ChannelInput } from '@lutra/model';
import type { FlowProblem } from './pipeline.rules.js';

export function unsupportedProblems({ name, pipelines, onUnsupported }: ChannelInput): readonly FlowProblem[] {
  if (onUnsupported !== 'suspend' || !flowsBothWays(pipelines)) return [];
  return [
    {
      id: 'suspend-two-way',
      severity: 'error',
      what: `channel ${name} says onUnsupported: "suspend", but its tables flow both ways, where a table that is suspended would hide conflicts`,
      mend: 'Say "stop", or leave it out. A table that cannot be carried goes into "exclude" of all its pipelines.',
      flows: pipelines.map((pipeline) => pipelineId(name, pipeline.name)),
    },
  ];
}
