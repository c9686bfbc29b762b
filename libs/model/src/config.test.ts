import { describe, expect, it } from 'vitest';
import { selfSigned } from '../../../test/network/certificate.js';
import { endpointInputSchema, parseDocument, regionSchema } from './config.js';
import { toSyncError } from './errors.js';

function refusal(of: () => unknown): string {
  try {
    of();
    return '';
  } catch (error) {
    return toSyncError(error).message;
  }
}

const region = (...brokers: readonly string[]) => refusal(() => parseDocument(regionSchema, { name: 'r', kafka: { brokers } }, 'region r'));
const endpoint = (more: object) =>
  refusal(() => parseDocument(endpointInputSchema, { name: 'e', region: 'r', host: 'h', user: 'u', serverId: 1, ...more }, 'endpoint e'));

describe('the brokers of a region', () => {
  it.each(['kafka:9092', 'kafka-1.example_x.net:9092', '10.0.0.1:1', '[::1]:65535'])('%s is one', (broker) =>
    expect(region(broker)).toBe(''),
  );
  it.each(['http://x:80', 'kafka', 'a:99999', 'a:0', 'a b:9092', 'a:9092,b:9092', 'PLAINTEXT://a:9092', 'a:9092/', ':9092', '::1:9092'])(
    '%s is none, and the message says where',
    (broker) => expect(region('kafka:9092', broker)).toMatch(/^region r: kafka\.brokers\.1: /),
  );
});

describe('the host of an endpoint', () => {
  it.each(['db', 'db-1.example.net', '10.0.0.1', '::1', 'fe80::1', 'my_db'])('%s is one', (host) => expect(endpoint({ host })).toBe(''));
  it.each(['mysql://db', 'db:3306', 'user@db', 'a b', 'db/shop', ''])('%s is none', (host) =>
    expect(endpoint({ host })).toMatch(/^endpoint e: host: /),
  );
});

describe('tls.ca', () => {
  const { cert: pem } = selfSigned();
  it('is a PEM, several one after the other too', () => {
    expect(endpoint({ tls: { ca: pem } })).toBe('');
    expect(endpoint({ tls: { ca: `# authority\n${pem}${pem}` } })).toBe('');
  });
  it.each(['/etc/mysql/ca.pem', 'ca.pem', '~/ca.crt', './ca', 'file:///etc/ca.pem', 'C:\\ca.pem'])('%s is told to be a path', (ca) => {
    expect(endpoint({ tls: { ca } })).toMatch(/^endpoint e: tls\.ca: is a path; the PEM itself belongs here/);
    expect(refusal(() => parseDocument(regionSchema, { name: 'r', kafka: { brokers: ['a:1'], tls: { ca } } }, 'region r'))).toMatch(
      /kafka\.tls\.ca: is a path/,
    );
  });
  it.each([
    '',
    'MIIB',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----',
  ])('%j is told to be none', (ca) => expect(endpoint({ tls: { ca } })).toMatch(/tls\.ca: no PEM of a certificate/));
});
