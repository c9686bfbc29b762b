import { MultipleErrors, NetworkError, ProtocolError, ResponseError, TimeoutError, UserError } from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import { SyncError } from '@lutra/model';
import { kafkaError, protocolError } from './kafka-error.js';

const withCode = (code: string): Error => Object.assign(new Error('any text'), { code });

describe('kafkaError', () => {
  it.each([
    ['KAFKA_UNAVAILABLE', new NetworkError('cut')],
    ['KAFKA_UNAVAILABLE', new TimeoutError('slow')],
    ['KAFKA_UNAVAILABLE', new NetworkError('failed', { cause: withCode('ECONNREFUSED') })],
    ['KAFKA_UNAVAILABLE', new ProtocolError('NOT_LEADER_OR_FOLLOWER')],
    ['KAFKA_UNAVAILABLE', new ProtocolError('UNKNOWN_SERVER_ERROR')],
    [
      'KAFKA_UNAVAILABLE',
      new MultipleErrors('many', [new NetworkError('one'), new NetworkError('two', { cause: new UserError('reset while greeting') })]),
    ],
    ['KAFKA_REFUSED', new NetworkError('failed', { cause: withCode('SELF_SIGNED_CERT_IN_CHAIN') })],
    ['KAFKA_REFUSED', new NetworkError('failed', { cause: withCode('ERR_TLS_CERT_ALTNAME_INVALID') })],
    ['KAFKA_DENIED', new ProtocolError('TOPIC_AUTHORIZATION_FAILED')],
    ['KAFKA_REFUSED', new ResponseError(19, 7, { '/topics/0': [44, 'too many partitions'] }, {})],
    ['TOPIC_MISSING', new ProtocolError('UNKNOWN_TOPIC_ID')],
    ['RECORD_TOO_LARGE', new ProtocolError('MESSAGE_TOO_LARGE')],
    ['INTERNAL', new TypeError('a mistake of ours')],
    ['INTERNAL', 'not even an error'],
  ])('is %s for %o', (code, error) => {
    expect(kafkaError(error, 'a call').code).toBe(code);
  });

  it('names the call, the protocol error and what the broker says about it', () => {
    const error = kafkaError(new ResponseError(19, 7, { '/topics/0': [44, 'too many partitions'] }, {}), 'creation of topic t', {
      details: { topic: 't' },
    });
    expect(error.message).toBe('creation of topic t: POLICY_VIOLATION (too many partitions)');
    expect(error.details).toEqual({ topic: 't', kafka: 'POLICY_VIOLATION' });
  });

  it('leaves an error of ours as it is', () => {
    const error = new SyncError('LOG_GAP', 'a hole');
    expect(kafkaError(error, 'a call')).toBe(error);
  });

  it('takes an error code that nobody knows for one that may pass', () => {
    expect(protocolError('protocol error 4711', 'a call')).toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      details: { kafka: 'protocol error 4711' },
    });
  });
});
