/** Bytes as MySQL 8.0.15, MySQL 9.7.4 and MariaDB 11.4.5 wrote them. */
import { describe, expect, it } from 'vitest';
import { readStatusVariables, sessionFlags } from './status-variables.js';

const read = (hex: string, flavor: 'mysql' | 'mariadb' = 'mysql'): ReturnType<typeof readStatusVariables> =>
  readStatusVariables(Buffer.from(hex, 'hex'), flavor);

/** ANSI_QUOTES, NO_BACKSLASH_ESCAPES: the same bits on both. */
const modes = 0x4n | 0x100000n;
const session = { autoIncrement: { increment: 10, offset: 3 }, charset: { client: 224, connection: 5, server: 255 }, timeZone: '+02:00' };

describe('status variables', () => {
  it('of a session with defaults', () => {
    expect(read('0000000000012800a04500000000060373746404e000e000ff000c01640011030000000000000012ff00')).toEqual({
      flags2: 0,
      sqlMode: 0x45a00028n,
      charset: { client: 224, connection: 224, server: 255 },
      defaultCollationForUtf8mb4: 255,
      databases: ['d'],
      unknown: null,
    });
  });

  it.each([
    ['8.0', '1300', { sqlRequirePrimaryKey: false }],
    ['9.7', '1301', { sqlRequirePrimaryKey: true }],
  ])('of a session of MySQL %s with settings of its own', (_, end, primaryKey) => {
    const hex = `000000000c0104001000000000000603737464030a00030004e0000500ff0005062b30323a3030081c000c0164000d40e201110c00000000000000122d00${end}`;
    expect(read(hex)).toEqual({
      flags2: sessionFlags.noForeignKeyChecks | sessionFlags.relaxedUniqueChecks,
      sqlMode: modes,
      ...session,
      charsetDatabase: 28,
      microseconds: 123_456,
      defaultCollationForUtf8mb4: 45,
      databases: ['d'],
      ...primaryKey,
      unknown: null,
    });
  });

  it('of a session of MariaDB with settings of its own', () => {
    const hex = '000000000d0104001000000000000603737464030a00030004e0000500080005062b30323a3030081c008040e201810900000000000000';
    expect(read(hex, 'mariadb')).toEqual({
      flags2: Object.values(sessionFlags).reduce((sum, flag) => sum | flag, 0),
      sqlMode: modes,
      ...session,
      charset: { ...session.charset, server: 8 },
      charsetDatabase: 28,
      microseconds: 123_456,
      explicitDefaultsForTimestamp: true,
      unknown: null,
    });
  });

  it('behind a definer, a locale and databases', () => {
    const trigger =
      '000000000c0104001000000000000603737464030a00030004e0000500ff0005062b30323a3030070200081c000b04726f6f74093132372e302e302e310c016400111100000000000000122d00';
    expect(read(trigger)).toMatchObject({ lcTimeNames: 2, charsetDatabase: 28, defaultCollationForUtf8mb4: 45, unknown: null });
    expect(read('0c026100620013011400')).toEqual({
      databases: ['a', 'b'],
      sqlRequirePrimaryKey: true,
      defaultTableEncryption: false,
      unknown: null,
    });
    expect(read('0cfe1001')).toEqual({ databases: null, explicitDefaultsForTimestamp: true, unknown: null });
  });

  it('of both phases of MariaDB’s ALTER', () => {
    const head = '00000000010108002054000000000603737464030a00030004e00005002300070400081c00';
    expect(read(`${head}8202`, 'mariadb')).toMatchObject({ gtidFlags3: 2, unknown: null });
    expect(read(`${head}811a0000000000000082040a00000000000000`, 'mariadb')).toMatchObject({ gtidFlags3: 4, unknown: null });
  });

  it('of MariaDB 11.5 and later: collations before the character sets', () => {
    expect(read('8302210064084000000104e000e0000800', 'mariadb')).toEqual({
      characterSetCollations: [
        [0x21, 0x864],
        [0x40, 0x100],
      ],
      charset: { client: 224, connection: 224, server: 8 },
      unknown: null,
    });
  });

  it('end where a code is not known, and say so', () => {
    expect(read('000000000cc801020304')).toEqual({ flags2: 0xc000000, unknown: 200 });
    expect(read('8040e201')).toEqual({ unknown: 128 });
    expect(read('0d40e201', 'mariadb')).toEqual({ unknown: 13 });
  });

  it('that are cut off are refused', () => {
    expect(() => read('04e000e0')).toThrow(RangeError);
    expect(() => read('0c026100')).toThrow(RangeError);
  });
});
