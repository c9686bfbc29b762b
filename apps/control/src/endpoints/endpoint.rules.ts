/** What must hold for an endpoint among all others. Pure; returns every problem. */
import type { EndpointInput } from '@lutra/model';
import type { Configuration } from '../configuration/configuration.js';
import type { Problem } from '../configuration/problem.js';

type Place = Pick<EndpointInput, 'name' | 'region' | 'host' | 'port' | 'serverId'>;

export function endpointProblems(
  endpoint: Place,
  { regions, endpoints }: Pick<Configuration, 'regions' | 'endpoints'>,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (!regions.some((region) => region.name === endpoint.region)) {
    problems.push({
      id: 'region-missing',
      severity: 'error',
      what: `region ${endpoint.region} does not exist`,
      mend: `Create region ${endpoint.region} first, or correct the name.`,
    });
  }
  const sameServer = endpoints.filter(
    (other) => other.name !== endpoint.name && other.host === endpoint.host && other.port === endpoint.port,
  );
  const taken = sameServer.find((other) => other.serverId === endpoint.serverId);
  if (taken) {
    problems.push({
      id: 'server-id-taken',
      severity: 'error',
      what: `endpoint ${taken.name} reads ${endpoint.host}:${endpoint.port} under server id ${endpoint.serverId} already: the two would cut each other off`,
      mend: 'Choose a serverId that no other replica of that server uses.',
    });
  }
  return problems;
}
