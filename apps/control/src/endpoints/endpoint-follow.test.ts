import { describe, expect, it } from 'vitest';
import type { EndpointDocument } from '@lutra/model';
import { following } from './endpoint-follow.service.js';

const endpoint = {
  name: 'hz',
  host: 'a',
  port: 3306,
  standbys: [
    { host: 'b', port: 3306 },
    { host: 'c', port: 3307 },
  ],
} as EndpointDocument;

describe('the server that an endpoint follows to', () => {
  it('is a standby, and the old one is a standby then', () => {
    const after = following(endpoint, { host: 'c', port: 3307 });
    expect(after).toMatchObject({
      host: 'c',
      port: 3307,
      standbys: [
        { host: 'b', port: 3306 },
        { host: 'a', port: 3306 },
      ],
    });
  });

  it.each([
    ['the present one', { host: 'a', port: 3306 }, 'is at a:3306 already'],
    ['a stranger', { host: 'd', port: 3306 }, 'd:3306 is no standby of endpoint hz (b:3306, c:3307)'],
    ['a standby at another port', { host: 'c', port: 3306 }, 'c:3306 is no standby'],
  ])('is not %s', (_, to, message) => expect(() => following(endpoint, to)).toThrow(message));
});
