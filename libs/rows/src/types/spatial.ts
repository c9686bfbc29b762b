/** GEOMETRY and its kinds, as the server stores them: 4 bytes SRID (little-endian), then WKB. VECTOR: 4 bytes an entry. */
import { type ColumnSchema, geometryTypes, type GeometryType, SyncError } from '@lutra/model';
import type { ServerColumn } from '../server-column.js';
import { asBinary } from '../sql.js';
import { never, plainSql, sameType, type TypeRules } from '../type-rules.js';
import { bytesFromAvro } from '../compiled/to-sql.js';
import { bytesCodec, bytesLiteral, bytesReader, bytesToSql, bytesValues, compiledBytes, tooShort } from './binaries.js';

function geometryOf(number = -1): GeometryType {
  const type = geometryTypes[number];
  if (type !== undefined) return type;
  throw new SyncError('BINLOG_DECODE', `a table map with a geometry column of kind ${number}`);
}

/** By DATA_TYPE. MySQL from 8.0.11 on says geomcollection. */
export function geometryNamed(dataType: string): GeometryType | null {
  return geometryTypes.find((type) => type === dataType.replace(/^geomcollection$/, 'geometrycollection')) ?? null;
}

/** A column of one kind of geometry refuses the others, and one with an SRID refuses other SRIDs. */
function otherKind({ geometry }: ColumnSchema, target: ServerColumn): string | null {
  const holds = geometry === undefined || target.geometry === 'geometry' || target.geometry === geometry;
  return holds ? null : `is ${target.columnType} instead of ${geometry}`;
}

const geometry: TypeRules = {
  kind: 'bytes',
  large: 'bytes',
  binlog: {
    forms: [{ number: 255, bytes: 1, column: ([prefix]) => ({ metadata: 'geometry', type: 'geometry', prefix }) }],
    complete: (_raw, { number }) => ({ type: 'geometry', geometry: geometryOf(number) }),
    reader: bytesReader,
  },
  avro: bytesCodec,
  compiled: { toAvro: compiledBytes, fromAvro: () => bytesFromAvro, toSql: bytesToSql },
  sql: plainSql(bytesLiteral),
  values: bytesValues,
  server: { names: [...geometryTypes, 'geomcollection'], refused: never, difference: sameType(otherKind) },
};

const vector: TypeRules = {
  kind: 'bytes',
  large: 'bytes',
  binlog: {
    forms: [{ number: 242, bytes: 1, column: ([prefix]) => ({ metadata: 'vector', type: 'vector', prefix }) }],
    complete: (_raw, { number = 0 }) => ({ type: 'vector', length: 4 * number }),
    reader: bytesReader,
  },
  avro: bytesCodec,
  compiled: { toAvro: compiledBytes, fromAvro: () => bytesFromAvro, toSql: bytesToSql },
  sql: {
    ...plainSql(bytesLiteral),
    // It compares with nothing.
    exactly:
      ({ quoted }) =>
      (value, text) =>
        value === null ? `${quoted} IS NULL` : `${asBinary(quoted)} <=> ${text}`,
  },
  values: bytesValues,
  server: { names: ['vector'], refused: never, difference: sameType(tooShort) },
};

export const spatial = { geometry, vector };
