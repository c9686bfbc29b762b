/**
 * A server that is not the one it is taken for: it speaks as much of MySQL's protocol as it takes to ask a client for its password, or for
 * a file, and keeps what it is told. https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
 */
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export type Trick = 'caching_sha2_password' | 'sha256_password' | 'mysql_clear_password' | 'mysql_old_password' | 'local infile';

const scramble = Buffer.from('12345678901234567890');
/** Protocol 4.1 with plugins; no TLS. */
const capabilities = 0x000a_a681; // LONG_PASSWORD LOCAL_FILES INTERACTIVE PROTOCOL_41 TRANSACTIONS SECURE_CONNECTION MULTI_RESULTS PLUGIN_AUTH
const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0]);

export class Stranger {
  /** Everything that clients said after their greeting. */
  readonly heard: Buffer[] = [];
  readonly #trick: Trick;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

  private constructor(trick: Trick) {
    this.#trick = trick;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(trick: Trick): Promise<Stranger> {
    const stranger = new Stranger(trick);
    await once(stranger.#server.listen(0, '127.0.0.1'), 'listening');
    return stranger;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A key of whom it pretends to be. */
  get publicKey(): string {
    return this.#keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  /** Whether the text was said in clear or encrypted for a key that is ours. */
  knows(secret: string): boolean {
    return this.heard.some((packet) => packet.includes(secret) || this.#decrypted(packet).startsWith(secret));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #decrypted(packet: Buffer): string {
    if (packet.length !== 256) return '';
    try {
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      const mixed = privateDecrypt({ key: this.#keys.privateKey, padding, oaepHash: 'sha1' }, packet);
      return Buffer.from(mixed.map((byte, at) => byte ^ (scramble[at % scramble.length] ?? 0))).toString();
    } catch {
      return '';
    }
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket.on('error', () => undefined));
    let rest = Buffer.alloc(0);
    let step = 0;
    send(socket, 0, greeting());
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUIntLE(0, 3)) {
        const end = 4 + rest.readUIntLE(0, 3);
        const packet = Buffer.from(rest.subarray(4, end));
        if (step > 0) this.heard.push(packet);
        const answer = this.#answer(step++, packet);
        if (answer) send(socket, rest.readUInt8(3) + 1, answer);
        rest = rest.subarray(end);
      }
    });
  }

  /** Step 0 is the login. */
  #answer(step: number, packet: Buffer): Buffer | null {
    switch (this.#trick) {
      case 'caching_sha2_password':
        if (step === 0 && !packet.includes(this.#trick)) return this.#switch();
        if (packet.length === 32 || step === 0) return Buffer.from([1, 4]);
        return packet.length === 1 ? this.#key() : null;
      case 'sha256_password':
        return step === 0 ? this.#switch() : packet.length === 1 ? this.#key() : null;
      case 'mysql_clear_password':
        return step === 0 ? this.#switch() : null;
      case 'mysql_old_password':
        return step === 0 ? Buffer.from([0xfe]) : null;
      case 'local infile':
        return step === 0 ? ok : step === 1 ? Buffer.concat([Buffer.from([0xfb]), Buffer.from('/etc/hostname')]) : ok;
    }
  }

  #switch(): Buffer {
    return Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${this.#trick}\0`), scramble, Buffer.from([0])]);
  }

  #key(): Buffer {
    return Buffer.concat([Buffer.from([1]), Buffer.from(this.publicKey)]);
  }
}

function greeting(): Buffer {
  const head = Buffer.concat([
    Buffer.from([10]),
    Buffer.from('8.0.15\0'),
    Buffer.from([1, 0, 0, 0]),
    scramble.subarray(0, 8),
    Buffer.from([0]),
  ]);
  const middle = Buffer.alloc(18);
  middle.writeUInt16LE(capabilities & 0xffff, 0);
  middle.writeUInt8(45, 2); // utf8mb4_general_ci
  middle.writeUInt16LE(2, 3);
  middle.writeUInt16LE(capabilities >>> 16, 5);
  middle.writeUInt8(21, 7);
  return Buffer.concat([head, middle, scramble.subarray(8), Buffer.from('\0caching_sha2_password\0')]);
}

function send(socket: Socket, sequence: number, payload: Buffer): void {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(sequence, 3);
  socket.write(Buffer.concat([head, payload]));
}
