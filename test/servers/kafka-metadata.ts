/**
 * The shortest proof that a Kafka node serves clients: a Metadata request whose answer names a broker. The port opens before the
 * controller lets the broker in; until then the list of brokers is empty. https://kafka.apache.org/protocol#The_Messages_Metadata
 */
import { connect } from 'node:net';

const boundMs = 5000;
const metadataV1 = Buffer.from([
  0,
  0,
  0,
  14, // size of what follows
  0,
  3,
  0,
  1, // Metadata, version 1
  0,
  0,
  0,
  1, // correlation id
  0xff,
  0xff, // no client id
  0,
  0,
  0,
  0, // no topics
]);

export async function knowsItsBroker(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, signal: AbortSignal.timeout(boundMs) });
  try {
    socket.write(metadataV1);
    let bytes = Buffer.alloc(0);
    for await (const part of socket) {
      bytes = Buffer.concat([bytes, part as Buffer]);
      if (bytes.length >= 12) return bytes.readInt32BE(8) > 0; // size, correlation id, count of brokers
    }
    return false;
  } finally {
    socket.destroy();
  }
}
