import { SyncError } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { conflictKind, translateError } from './errors.js';

const fromServer = (errno: number, sqlState: string, sqlMessage: string): Error =>
  Object.assign(new Error(sqlMessage), { errno, sqlState, sqlMessage, code: `ER_${errno}`, sql: "INSERT INTO t VALUES ('secret')" });
const fromNetwork = (code: string): Error =>
  Object.assign(new Error(`connect ${code} 127.0.0.1:1`), { code, errno: -111, syscall: 'connect' });

describe('translateError', () => {
  test.each([
    [1045, '28000', 'SOURCE_DENIED', 'TARGET_DENIED'],
    [1044, '42000', 'SOURCE_DENIED', 'TARGET_DENIED'],
    [1142, '42000', 'SOURCE_DENIED', 'TARGET_DENIED'],
    [1143, '42000', 'SOURCE_DENIED', 'TARGET_DENIED'],
    [1227, '42000', 'SOURCE_DENIED', 'TARGET_DENIED'],
    [1370, '42000', 'SOURCE_DENIED', 'TARGET_DENIED'],
    [1040, '', 'SOURCE_UNAVAILABLE', 'TARGET_UNAVAILABLE'],
    [1053, '08S01', 'SOURCE_UNAVAILABLE', 'TARGET_UNAVAILABLE'],
    [1317, '70100', 'SOURCE_UNAVAILABLE', 'TARGET_UNAVAILABLE'],
    [1927, '70100', 'SOURCE_UNAVAILABLE', 'TARGET_UNAVAILABLE'],
    [4031, 'HY000', 'SOURCE_UNAVAILABLE', 'TARGET_UNAVAILABLE'],
    [1205, 'HY000', 'SOURCE_UNAVAILABLE', 'TARGET_BUSY'],
    [1213, '40001', 'SOURCE_UNAVAILABLE', 'TARGET_BUSY'],
    [1146, '42S02', 'TABLE_MISSING', 'TABLE_MISSING'],
    [1049, '42000', 'TABLE_MISSING', 'TABLE_MISSING'],
    [1054, '42S22', 'COLUMN_MISSING', 'COLUMN_MISSING'],
    [1290, 'HY000', 'INTERNAL', 'TARGET_READ_ONLY'],
    [1836, 'HY000', 'INTERNAL', 'TARGET_READ_ONLY'],
    [1785, 'HY000', 'INTERNAL', 'ENGINE_UNSUPPORTED'],
    [1062, '23000', 'INTERNAL', 'ROW_CONFLICT'],
    [1451, '23000', 'INTERNAL', 'ROW_CONFLICT'],
    [1452, '23000', 'INTERNAL', 'ROW_CONFLICT'],
    [1153, '08S01', 'SOURCE_UNAVAILABLE', 'TARGET_SETTINGS'],
    [1197, 'HY000', 'INTERNAL', 'TARGET_SETTINGS'],
    [1114, 'HY000', 'INTERNAL', 'TARGET_FULL'],
    [1021, 'HY000', 'INTERNAL', 'TARGET_FULL'],
    [3, 'HY000', 'INTERNAL', 'TARGET_FULL'],
    [1598, 'HY000', 'SOURCE_UNAVAILABLE', 'TARGET_UNAVAILABLE'],
    [1366, 'HY000', 'INTERNAL', 'APPLY_REFUSED'],
    [9999, 'HY000', 'INTERNAL', 'APPLY_REFUSED'],
  ] as const)('error %i (%s) is %s or %s', (errno, sqlState, source, target) => {
    const error = fromServer(errno, sqlState, 'x');
    expect(translateError(error, 'w', 'source').code).toBe(source);
    expect(translateError(error, 'w', 'target')).toMatchObject({ code: target, details: { errno, sqlState, side: 'target' } });
  });

  test.each(['ECONNREFUSED', 'ETIMEDOUT', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'PROTOCOL_CONNECTION_LOST', 'HANDSHAKE_SSL_ERROR'])(
    '%s waits and is tried again',
    (code) => {
      expect(translateError(fromNetwork(code), 'w', 'source').code).toBe('SOURCE_UNAVAILABLE');
      expect(translateError(fromNetwork(code), 'w', 'target').outcome).toBe('retry');
    },
  );

  test('what a server says unasked before it closes the connection', () => {
    const unasked = Object.assign(new Error('The client was disconnected by the server'), { code: 4031, fatal: true });
    expect(translateError(unasked, 'w', 'target')).toMatchObject({ code: 'TARGET_UNAVAILABLE', details: { errno: 4031 } });
  });

  test('a server without TLS is a setting', () => {
    expect(translateError(fromNetwork('HANDSHAKE_NO_SSL_SUPPORT'), 'w', 'target').code).toBe('TARGET_SETTINGS');
  });

  test.each([
    [1062, 'unique value taken'],
    [1586, 'unique value taken'],
    [1761, 'unique value taken'],
    [1452, 'parent missing'],
    [1216, 'parent missing'],
    [1451, 'child exists'],
    [1217, 'child exists'],
    [1690, null],
    [1213, null],
  ] as const)('error %i in the way: %s', (errno, kind) => {
    expect(conflictKind(translateError(fromServer(errno, '23000', 'x'), 'w', 'target'))).toBe(kind);
  });

  test('no value of a row comes through, only the names of key and column', () => {
    const taken = translateError(
      fromServer(1062, '23000', "Duplicate entry 'secret for key 'k' 'for key 't.u'"),
      'insert shop.t',
      'target',
    );
    expect(taken.message).toBe('insert shop.t: error 1062 (23000, ER_1062), key t.u');
    expect(taken.details['key']).toBe('t.u');
    expect(taken.cause).toBeUndefined();
    const wrong = translateError(
      fromServer(1366, 'HY000', "Incorrect string value: 'secret' for column 'name' at row 3"),
      'insert',
      'target',
    );
    expect(wrong.details['column']).toBe("'name'");
    expect(JSON.stringify([taken, wrong, wrong.message])).not.toContain('secret');
  });

  test('a foreign key that refuses is named, with both tables and their columns', () => {
    const text =
      'a foreign key constraint fails (`shop`.`child`, CONSTRAINT `fk 1` FOREIGN KEY (`p`, `q`) REFERENCES `parent` (`id`, `no`) ON DELETE CASCADE)';
    const missing = translateError(fromServer(1452, '23000', `Cannot add or update a child row: ${text}`), 'insert shop.child', 'target');
    expect(missing.message).toContain('CONSTRAINT `fk 1`');
    expect(missing.details['constraint']).toBe('fk 1 of shop.child (p, q), which references parent (id, no)');
    const exists = translateError(
      fromServer(1451, '23000', `Cannot delete or update a parent row: ${text}`),
      'delete shop.parent',
      'target',
    );
    expect(exists.details['constraint']).toBe(missing.details['constraint']);
  });

  test('messages that only name users and columns are passed on', () => {
    expect(
      translateError(fromServer(1142, '42000', "INSERT command denied to user 'u'@'h' for table 't'"), 'w', 'target').message,
    ).toContain("user 'u'@'h'");
  });

  test('ours stays as it is, anything else is INTERNAL without its text', () => {
    const ours = new SyncError('FENCED', 'x');
    expect(translateError(ours, 'w', 'target')).toBe(ours);
    expect(translateError(new TypeError('secret'), 'w', 'target')).toMatchObject({ code: 'INTERNAL', message: 'w: TypeError' });
    expect(translateError('secret', 'w', 'target').message).toBe('w: string');
  });
});
