import { describe, expect, it } from 'vitest';
import { SyncError } from '@lutra/model';
import { toSourceError } from './driver-error.js';

function driverError(message: string, more: object): Error {
  return Object.assign(new Error(message), more);
}

describe('an error of the driver', () => {
  it.each([
    [1045, 'SOURCE_DENIED'],
    [1227, 'SOURCE_DENIED'],
    [1040, 'SOURCE_UNAVAILABLE'],
    [1053, 'SOURCE_UNAVAILABLE'],
    [1146, 'INTERNAL'],
  ])('with number %i is %s', (errno, code) => {
    expect(toSourceError(driverError('x', { errno, code: 'ER_X', sqlState: '42000' }))).toMatchObject({ code });
  });

  it.each([
    ['Replica has more GTIDs than the source has, using the source SERVER_UUID.', 'SOURCE_BEHIND'],
    ['Client requested source to start replication from position > file size', 'SOURCE_BEHIND'],
    ['Could not find first log file name in binary log index file', 'SOURCE_PURGED'],
    ['Cannot replicate because the source purged required binary logs. Replicate the missing', 'SOURCE_PURGED'],
    ['A slave with the same server_uuid/server_id as this slave has connected to the master', 'SERVER_ID_TAKEN'],
    ['A replica with the same server_uuid/server_id as this replica has connected to the source', 'SERVER_ID_TAKEN'],
    ['Binary log is not open', 'SOURCE_SETTINGS'],
    ['event read from binlog did not pass crc check', 'BINLOG_DECODE'],
    ['something new', 'BINLOG_DECODE'],
  ])('1236 "%s" is %s', (message, code) => {
    expect(toSourceError(driverError(message, { errno: 1236, code: 'ER_X', sqlState: 'HY000' }))).toMatchObject({ code });
  });

  it('of the network is SOURCE_UNAVAILABLE', () => {
    for (const code of [
      'ECONNREFUSED',
      'ECONNRESET',
      'ETIMEDOUT',
      'PROTOCOL_CONNECTION_LOST',
      'ENOTFOUND',
      'HANDSHAKE_SSL_ERROR',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    ]) {
      expect(toSourceError(driverError('x', { code, errno: -111 }))).toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
        details: { driverCode: code },
      });
    }
  });

  it('of our own stays what it is, and one without a code is INTERNAL', () => {
    const own = new SyncError('BINLOG_DECODE', 'x');
    expect(toSourceError(own)).toBe(own);
    expect(toSourceError(new TypeError('x'))).toMatchObject({ code: 'INTERNAL' });
    expect(toSourceError('x')).toMatchObject({ code: 'INTERNAL' });
  });
});
