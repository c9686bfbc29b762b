/**
 * What the codecs cost: binlog events → records of the log, and back, in this process, with no server and no disk. Rows a second of CPU
 * time, of all threads of the process. The bytes are those that capture writes: its reader, its tracker and its writer are used.
 */
import { RecordEncoder } from '@lutra/avro';
import { createRouter } from '@lutra/model';
import { LogWriter } from '../../apps/capture/src/stream/log-writer.js';
import { TransactionTracker } from '../../apps/capture/src/stream/transactions.js';
import { TransactionReader } from '../../libs/binlog/src/transaction-reader.js';
import { codecEvents, type CodecOp } from './codec-events.js';
import { decodePass } from './codec-decode.js';
import type { Measurement, Stage } from './figures.js';

/** One pass over its rows; resolves to how many. */
export type CodecPass = () => Promise<number>;

interface CodecStage {
  readonly stage: Stage;
  readonly make: (op: CodecOp) => Promise<CodecPass>;
  readonly op: CodecOp;
}

const amounts = { insert: { transactions: 200, rows: 100 }, update: { transactions: 200, rows: 50 } } as const;

const stages: readonly CodecStage[] = [
  { stage: 'encode', make: encodePass, op: 'insert' },
  { stage: 'encodeUpdates', make: encodePass, op: 'update' },
  { stage: 'decode', make: (op) => decodePass(op, amounts[op]), op: 'insert' },
  { stage: 'decodeUpdates', make: (op) => decodePass(op, amounts[op]), op: 'update' },
];

const warmUps = 10;
const turnMs = 200;

/** In turns, so that what else the machine does meets all alike; the median of the turns. */
export async function measureCodec({ scale }: { readonly scale: number }): Promise<Measurement[]> {
  const passes = await Promise.all(stages.map(async ({ stage, make, op }) => ({ stage, pass: await make(op) })));
  const rates = new Map<Stage, number[]>();
  const turns = Math.max(3, Math.round(20 * scale));
  for (let turn = -warmUps; turn < turns; turn++)
    for (const { stage, pass } of passes) {
      const rate = await rateOf(pass);
      if (turn >= 0) rates.set(stage, [...(rates.get(stage) ?? []), rate]);
    }
  return [...rates].flatMap(([stage, values]) => values.map((value): Measurement => ({ stage, metric: 'rowsPerSecond', value })));
}

async function rateOf(pass: CodecPass): Promise<number> {
  const begin = performance.now();
  const before = process.cpuUsage();
  let rows = 0;
  do rows += await pass();
  while (performance.now() - begin < turnMs);
  const { user, system } = process.cpuUsage(before);
  return (rows * 1e6) / (user + system);
}

async function encodePass(op: CodecOp): Promise<CodecPass> {
  const events = codecEvents(op, amounts[op]);
  let id = 0;
  const encoder = new RecordEncoder({ topic: 'codec', endpoint: 'a', ids: { register: async () => ++id, byId: async () => null } });
  // The same ones for all passes, as a capture has: the first event of each says where the binlog begins.
  const [reader, tracker] = [readerOf(), trackerOf()];
  return async () => {
    let rows = 0;
    const writer = writerOf(encoder, (count) => (rows += count));
    const running = writer.run(new AbortController().signal);
    for (const event of events) {
      for (const item of await reader.read(event)) {
        if (item.kind === 'undecoded' || item.kind === 'elsewhere') continue;
        for (const output of tracker.accept(item)) {
          if (output.kind === 'rows') await writer.unread(output.table, output, output.read);
          else if (output.kind === 'row') await writer.row(output.table, output.event);
        }
      }
    }
    writer.close();
    await running;
    return rows;
  };
}

export function readerOf(): TransactionReader {
  return new TransactionReader({
    facts: { flavor: 'mysql', charsets: new Map([[255, 'utf8mb4']]) },
    start: { gtidSet: '' },
    end: { file: 'binlog.000001', pos: 4 },
    gtidMode: true,
    session: { session: { sqlMode: 0, timeZone: '+00:00', lcTimeNames: 0, collation: 45 }, systemZone: '+00:00' },
    wants: () => true,
  });
}

export function trackerOf(): TransactionTracker {
  return new TransactionTracker({
    endpoint: 'a',
    region: 'hangzhou',
    connector: 'mysql',
    version: '9.7.0',
    router: createRouter([{ schema: '*', table: '*' }]),
    forwarded: createRouter([]),
    publishedThrough: null,
    copies: { originOf: () => null },
    level: () => 1,
    foldsNames: false,
    seen: {},
    now: Date.now,
  });
}

function writerOf(encoder: RecordEncoder, acknowledged: (rows: number) => void): LogWriter {
  let next = 0;
  return new LogWriter({
    publisher: {
      publish: async (records) => {
        const firstOffset = next;
        next += 'batch' in records ? records.count : records.length;
        return { firstOffset, nextOffset: next };
      },
    },
    encoder,
    log: 'codec',
    epoch: 1,
    nextSeq: 0,
    nextOffset: 0,
    queueBytes: 1024 * 1024,
    batchBytes: 512 * 1024,
    onAcknowledged: (parts) => acknowledged(parts.reduce((sum, { count }) => sum + count, 0)),
  });
}
