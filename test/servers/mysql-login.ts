/**
 * The shortest proof that a MySQL or MariaDB lets a passwordless user in: greeting, login, OK.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
 */
import { connect, type Socket } from 'node:net';

const boundMs = 5000;
const greetingV10 = 0x0a;
const ok = 0x00;
const authSwitch = 0xfe;
const quit = Buffer.from([0x01]);
const capabilities = 0x1 | 0x200 | 0x8000 | 0x80000; // LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH

export async function logsIn(port: number, user: string): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, signal: AbortSignal.timeout(boundMs) });
  try {
    for await (const { sequence, payload } of packets(socket)) {
      if (payload[0] === greetingV10 && sequence === 0) send(socket, 1, login(user));
      else if (payload[0] === authSwitch) send(socket, sequence + 1, Buffer.alloc(0)); // the answer for no password
      else {
        send(socket, 0, quit); // or the server's log warns of an aborted connection
        return payload[0] === ok;
      }
    }
    return false;
  } finally {
    socket.destroy();
  }
}

async function* packets(socket: Socket): AsyncGenerator<{ sequence: number; payload: Buffer }> {
  let bytes = Buffer.alloc(0);
  for await (const part of socket) {
    bytes = Buffer.concat([bytes, part as Buffer]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUIntLE(0, 3)) {
      const end = 4 + bytes.readUIntLE(0, 3);
      yield { sequence: bytes.readUInt8(3), payload: bytes.subarray(4, end) };
      bytes = bytes.subarray(end);
    }
  }
}

function login(user: string): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(capabilities, 0);
  head.writeUInt32LE(0x0100_0000, 4); // largest packet
  head.writeUInt8(45, 8); // utf8mb4_general_ci
  return Buffer.concat([head, Buffer.from(`${user}\0\0mysql_native_password\0`, 'latin1')]);
}

function send(socket: Socket, sequence: number, payload: Buffer): void {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(sequence, 3);
  socket.write(Buffer.concat([head, payload]));
}
