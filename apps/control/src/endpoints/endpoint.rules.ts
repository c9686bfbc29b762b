/** What must hold for an endpoint among all others. Pure; returns every problem. */
import { isIP } from 'node:net';
import { SyncError, isLoopback, usedTls } from '@lutra/model';
import type { EndpointInput } from '@lutra/model';
import { changedLogin } from '@lutra/registry';
import type { Configuration } from '../configuration/configuration.js';
import type { Problem } from '../configuration/problem.js';

type Address = Pick<EndpointInput, 'name' | 'region' | 'host' | 'port' | 'serverId' | 'tls' | 'publicKey'>;

export function endpointProblems(
  endpoint: Address,
  { regions, endpoints }: Pick<Configuration, 'regions' | 'endpoints'>,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (!regions.some((region) => region.name === endpoint.region)) {
    problems.push({
      id: 'region-missing',
      severity: 'error',
      what: `region ${endpoint.region} does not exist`,
      fix: `Create region ${endpoint.region} first, or correct the name.`,
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
      fix: 'Choose a serverId that no other replica of that server uses.',
    });
  }
  return [...problems, ...authorityProblems(endpoint), ...transportWarnings(endpoint)];
}

/** The driver holds a certificate against names only. */
function authorityProblems({ host, tls }: Address): readonly Problem[] {
  const used = usedTls({ host, tls });
  if (!used?.verify || used.ca !== undefined || isIP(host) === 0) return [];
  const what = `host ${host} is an address, and tls names no authority: a certificate that any public authority gave to anybody would do`;
  const fix = `Give tls.ca, or the host by the name that is in its certificate${tls ? '' : '; to do without TLS, tls: {mode: "off"}'}.`;
  return [{ id: 'tls-authority-missing', severity: 'error', what, fix }];
}

const unusedKey: Problem = {
  id: 'public-key-unused',
  severity: 'warning',
  what: 'publicKey has no effect: it is for a login without TLS, and the endpoint has TLS on',
  fix: 'Take publicKey out; or, if the server has no TLS, set tls to {"mode": "off"}.',
};

/** What an attacker between us and the server could do. On this machine there is nobody. */
export function transportWarnings({ host, tls, publicKey }: Pick<Address, 'host' | 'tls' | 'publicKey'>): readonly Problem[] {
  const used = usedTls({ host, tls });
  if (used && publicKey !== undefined) return [unusedKey, ...transportWarnings({ host, tls })];
  if (isLoopback(host) || used?.verify === true) return [];
  const [id, what, fix] = used
    ? [
        'tls-unverified',
        'any certificate is accepted',
        'Give tls.ca, the authority that signed the certificate of the server, and leave verify out.',
      ]
    : ['tls-off', 'the connection is not encrypted', 'Take tls out, or give it ca; or keep the way to the server in a private network.'];
  const can = used ? 'read and change rows, and have the password' : 'read and change rows';
  return [{ id, severity: 'warning', what: `${what}: whoever is between here and ${host} can ${can}`, fix }];
}

/** A stored password goes to whom it was given for, and to nobody else. @throws SyncError CONFIG_INVALID */
export function requireSameLogin(stored: Parameters<typeof changedLogin>[0], wanted: Parameters<typeof changedLogin>[1]): void {
  const changed = changedLogin(stored, wanted);
  if (changed.length === 0) return;
  const why = `required, for ${changed.join(', ')} ${changed.length === 1 ? 'is' : 'are'} not what the stored password was given for`;
  throw new SyncError('CONFIG_INVALID', `endpoint ${wanted.name}: password: ${why}`, {
    details: { endpoint: wanted.name, changed: changed.join(', ') },
  });
}
