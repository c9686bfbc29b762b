/**
 * Sends staged values into their variables, piece by piece: each text fits max_allowed_packet, and the event loop has its turn between two.
 * In hexadecimal, which needs no escaping and is the same for the nastiest text. Nothing of it is in a transaction or in the binlog (rows
 * are logged, not statements).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bytePieces, piecesOf } from '@lutra/bytes';
import { SyncError, tableName } from '@lutra/model';
import { TextFailure } from './session.js';
import type { Session } from './session.js';
import type { StagedValue } from './staged-values.js';

/** Of a value in one text: larger pieces are not faster (measured), smaller ones make the server copy what it has more often. */
const pieceBytes = 2 * 1024 * 1024;
/** Of a text around the values. */
const overhead = 1000;

/** @throws TextFailure */
export async function upload(session: Session, values: readonly StagedValue[]): Promise<void> {
  for (const value of values) requireFit(session, value);
  const limit = Math.min(pieceBytes, Math.floor((session.maxTextBytes - overhead) / 2));
  let assignments: string[] = [];
  let bytes = 0;
  for (const { variable, value } of values) {
    let before = '';
    for (const piece of sqlPieces(value, limit)) {
      if (bytes + piece.bytes > limit) {
        await send(session, assignments);
        [assignments, bytes] = [[], 0];
      }
      // One statement each: within one SET the order of evaluation is nowhere promised.
      assignments.push(`SET ${variable} = ${before === '' ? piece.sql : `CONCAT(${before}, ${piece.sql})`}`);
      bytes += piece.bytes;
      before = variable;
    }
  }
  await send(session, assignments);
}

/** The server need not keep them any longer. Never throws: a session that does not answer is cut. */
export async function discard(session: Session, values: readonly StagedValue[]): Promise<void> {
  if (session.broken) return;
  const nothing = values.map(({ variable }) => `${variable} = NULL`);
  await session.execute(`SET ${nothing.join(', ')}`).catch(() => session.destroy());
}

async function send(session: Session, assignments: readonly string[]): Promise<void> {
  if (assignments.length === 0) return;
  await session.execute(assignments.join(';\n'));
  await nextTurn();
}

interface Piece {
  readonly sql: string;
  readonly bytes: number;
}

function* sqlPieces(value: string | Buffer, limit: number): Generator<Piece> {
  const isText = typeof value === 'string';
  const type = isText ? '_utf8mb4 ' : '';
  if (value.length === 0) yield { sql: `${type}x''`, bytes: 0 };
  // A unit of UTF-16 is up to three bytes of UTF-8.
  for (const piece of isText ? piecesOf(value, Math.floor(limit / 3)) : bytePieces(value, limit)) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    yield { sql: `${type}x'${bytes.toString('hex')}'`, bytes: bytes.length };
  }
}

/** The server would make NULL of it. */
function requireFit({ maxTextBytes }: Session, { bytes, column, table, change }: StagedValue): void {
  const packet = maxTextBytes + 1;
  if (bytes <= packet) return;
  const message = `${tableName(table)}.${column}: a value of ${bytes} bytes is larger than max_allowed_packet of the target (${packet})`;
  const details = { ...table, database: table.database, table: table.name, column, bytes, maxAllowedPacket: packet, change, changes: 1 };
  throw new TextFailure(new SyncError('TARGET_SETTINGS', message, { details, refused: { changes: { first: change, count: 1 } } }), -1);
}
