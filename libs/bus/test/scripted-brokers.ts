/**
 * Brokers that speak just enough of the protocol over real sockets to answer what a test wants: error codes that a healthy
 * broker cannot be made to give. They share one topic; which of them leads it is the test's to say.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Reader, Writer, protocolErrors } from '@platformatic/kafka';

const api = { produce: 0, fetch: 1, metadata: 3, apiVersions: 18, initProducerId: 22 } as const;

/** ok: at this offset · error: an error id · silent: no answer · cut: the connection is cut */
export type ProduceAnswer = { ok: number } | { error: string } | 'silent' | 'cut';

export interface SentBatch {
  readonly node: number;
  readonly version: number;
  readonly bytes: Buffer;
}

export interface Script {
  /** Answers to produce requests, in turn. */
  readonly produce: ProduceAnswer[];
  /** Errors or bytes for fetch requests, in turn; then nothing new. */
  readonly fetch: ({ error: string } | { bytes: Buffer })[];
  /** How many times the topic is said to be missing, before it is said to be there. */
  missing: number;
  leader: number;
  leaderEpoch: number;
  topicId: string;
  /** Highest version of Produce. */
  produceVersion: number;
}

export class ScriptedBrokers {
  readonly script: Script;
  readonly sent: SentBatch[] = [];
  readonly producerIds: bigint[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #ports: number[] = [];

  constructor(script: Partial<Script> = {}) {
    this.script = {
      produce: [],
      fetch: [],
      missing: 0,
      leader: 0,
      leaderEpoch: 5,
      topicId: '01234567-89ab-cdef-0123-456789abcdef',
      produceVersion: 13,
      ...script,
    };
  }

  async start(count = 1, tls?: { readonly key: string; readonly cert: string }): Promise<string[]> {
    for (let node = 0; node < count; node++) {
      const serve = (socket: Socket): void => this.#serve(socket, node);
      const server = tls ? createTlsServer(tls, serve) : createServer(serve);
      server.on('tlsClientError', () => undefined);
      this.#servers.push(server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    this.#ports = this.#servers.map((server) => (server.address() as AddressInfo).port);
    return this.#ports.map((port) => `127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #serve(socket: Socket, node: number): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    let pending = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      pending = Buffer.concat([pending, data]);
      while (pending.length >= 4 && pending.length - 4 >= pending.readInt32BE(0)) {
        const size = pending.readInt32BE(0);
        this.#answer(socket, node, Reader.from(Buffer.from(pending.subarray(4, 4 + size))));
        pending = pending.subarray(4 + size);
      }
    });
  }

  #answer(socket: Socket, node: number, reader: Reader): void {
    const key = reader.readInt16();
    const version = reader.readInt16();
    const correlationId = reader.readInt32();
    reader.readNullableString(false);
    reader.readTaggedFields();
    const answer = Writer.create().appendInt32(correlationId);
    if (key !== api.apiVersions) answer.appendTaggedFields();
    const body = this.#body(key, version, node, reader);
    if (body === 'cut') socket.destroy();
    else if (body !== 'silent') socket.write(answer.appendFrom(body).prependLength().buffer);
  }

  #body(key: number, version: number, node: number, reader: Reader): Writer | 'silent' | 'cut' {
    switch (key) {
      case api.apiVersions:
        return this.#apiVersions();
      case api.metadata:
        return this.#metadata(reader);
      case api.initProducerId:
        this.producerIds.push(BigInt(7000 + this.producerIds.length));
        return Writer.create()
          .appendInt32(0)
          .appendInt16(0)
          .appendInt64(this.producerIds.at(-1) ?? 0n)
          .appendInt16(0)
          .appendTaggedFields();
      case api.produce:
        return this.#produce(version, node, reader);
      case api.fetch:
        return this.#fetch();
      default:
        return 'cut';
    }
  }

  #apiVersions(): Writer {
    const versions = [
      [api.produce, 3, this.script.produceVersion],
      [api.fetch, 4, 17],
      [api.metadata, 0, 13],
      [api.apiVersions, 0, 4],
      [api.initProducerId, 0, 5],
    ] as const;
    return Writer.create()
      .appendInt16(0)
      .appendArray([...versions], (writer, [key, min, max]) => writer.appendInt16(key).appendInt16(min).appendInt16(max))
      .appendInt32(0)
      .appendTaggedFields();
  }

  #metadata(reader: Reader): Writer {
    const names = reader.readArray((reader) => (reader.readUUID(), reader.readString()));
    const missing = names.length > 0 && this.script.missing > 0;
    if (missing) this.script.missing -= 1;
    return Writer.create()
      .appendInt32(0)
      .appendArray([...this.#ports.entries()], (writer, [node, port]) =>
        writer.appendInt32(node).appendString('127.0.0.1').appendInt32(port).appendString(null),
      )
      .appendString('cluster')
      .appendInt32(0)
      .appendArray(names, (writer, name) => {
        writer.appendInt16(missing ? code('UNKNOWN_TOPIC_OR_PARTITION') : 0).appendString(name);
        writer.appendUUID(missing ? null : this.script.topicId).appendBoolean(false);
        writer.appendArray(missing ? [] : [0], (writer, partition) => {
          writer.appendInt16(0).appendInt32(partition).appendInt32(this.script.leader).appendInt32(this.script.leaderEpoch);
          for (let list = 0; list < 3; list++) writer.appendArray([], () => undefined, true, false);
        });
        writer.appendInt32(0);
      })
      .appendTaggedFields();
  }

  #produce(version: number, node: number, reader: Reader): Writer | 'silent' | 'cut' {
    reader.readNullableString();
    reader.readInt16();
    reader.readInt32();
    const topics = reader.readArray((reader) => {
      const topic = version >= 13 ? reader.readUUID() : reader.readString();
      return { topic, batches: reader.readArray((reader) => (reader.readInt32(), Buffer.from(reader.readBytes()))) };
    });
    for (const { batches } of topics) for (const bytes of batches) this.sent.push({ node, version, bytes });
    const answer = this.script.produce.shift() ?? 'silent';
    if (answer === 'silent' || answer === 'cut') return answer;
    const offset = 'ok' in answer ? BigInt(answer.ok) : -1n;
    return Writer.create()
      .appendArray(topics, (writer, { topic }) => {
        if (version >= 13) writer.appendUUID(topic);
        else writer.appendString(topic);
        writer.appendArray([0], (writer, partition) => {
          writer
            .appendInt32(partition)
            .appendInt16('error' in answer ? code(answer.error) : 0)
            .appendInt64(offset);
          writer
            .appendInt64(-1n)
            .appendInt64(0n)
            .appendArray([], () => undefined)
            .appendString(null);
        });
      })
      .appendInt32(0)
      .appendTaggedFields();
  }

  #fetch(): Writer {
    const answer = this.script.fetch.shift() ?? { bytes: Buffer.alloc(0) };
    return Writer.create()
      .appendInt32(0)
      .appendInt16(0)
      .appendInt32(0)
      .appendArray([this.script.topicId], (writer, topicId) => {
        writer.appendUUID(topicId).appendArray([0], (writer, partition) => {
          writer.appendInt32(partition).appendInt16('error' in answer ? code(answer.error) : 0);
          writer
            .appendInt64(0n)
            .appendInt64(0n)
            .appendInt64(0n)
            .appendArray(null, () => undefined)
            .appendInt32(-1);
          writer.appendBytes('bytes' in answer ? answer.bytes : null);
        });
      })
      .appendTaggedFields();
  }
}

function code(id: string): number {
  const error = protocolErrors[id];
  if (error === undefined) throw new Error(`no protocol error is called ${id}`);
  return error.code;
}
