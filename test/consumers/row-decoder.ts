/**
 * Values of Lutra's topics → JavaScript, with public packages only: copy it. It knows Avro, Confluent's wire format and Debezium's
 * envelope, and nothing of Lutra. Nothing is lost on the way: a 64-bit number is a bigint, a decimal its text with all fraction digits,
 * bytes a Buffer.
 */
import avsc from 'avsc';

export type Value = null | number | bigint | string | Buffer;
export type Row = Readonly<Record<string, Value>>;

export interface RowEvent {
  /** Created, updated, deleted; read: copied by a backfill. */
  readonly op: 'c' | 'u' | 'd' | 'r';
  readonly before: Row | null;
  readonly after: Row | null;
  readonly source: { readonly db: string; readonly table: string; readonly ts_us: bigint; readonly origin: string };
  readonly transaction: { readonly id: string; readonly total_order: bigint; readonly last: boolean };
}

/** A control record, which `lutra-kind` tells from a row event: its fields are those of schemas/<kind>.avsc. */
export type ControlRecord = Readonly<Record<string, unknown>>;

export interface RegistryAccess {
  /** Control's address. */
  readonly url: string;
  readonly token: string;
}

const bytesOfId = 4;
const bytesBeforeBody = 1 + bytesOfId;

export class RowDecoder {
  readonly #registry: RegistryAccess;
  readonly #types = new Map<number, Promise<avsc.Type>>();

  constructor(registry: RegistryAccess) {
    this.#registry = registry;
  }

  async decode(value: Buffer): Promise<RowEvent | ControlRecord> {
    if (value.length < bytesBeforeBody || value[0] !== 0) throw new Error("the value has not Confluent's wire format");
    const type = await this.#typeOf(value.readUInt32BE(1));
    return type.fromBuffer(value.subarray(bytesBeforeBody)) as RowEvent | ControlRecord;
  }

  /** An id means the same schema for ever: each is asked for once. */
  #typeOf(id: number): Promise<avsc.Type> {
    let type = this.#types.get(id);
    if (!type) {
      type = this.#fetchType(id);
      type.catch(() => this.#types.delete(id)); // the next record tries again
      this.#types.set(id, type);
    }
    return type;
  }

  async #fetchType(id: number): Promise<avsc.Type> {
    const { url, token } = this.#registry;
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}/schemas/ids/${id}`, { headers, signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`schema ${id}: ${response.status} ${await response.text()}`);
    const { schema } = (await response.json()) as { schema: string };
    return avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema, { logicalTypes: { decimal: DecimalText }, typeHook: exactLong });
  }
}

/** avsc reads a long as a JavaScript number, and throws above 2^53. */
// oxlint-disable-next-line no-underscore-dangle -- avsc's name for it
const long = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (one: bigint, other: bigint) => (one < other ? -1 : Number(one > other)),
});

function exactLong(schema: avsc.Schema): avsc.Type | undefined {
  return schema === 'long' || (typeof schema === 'object' && 'type' in schema && schema.type === 'long') ? long : undefined;
}

/** The unscaled number in two's complement, big-endian. Also BIGINT UNSIGNED, whose values do not fit a long. */
class DecimalText extends avsc.types.LogicalType {
  readonly #scale: number;

  constructor(schema: avsc.Schema, options?: object) {
    super(schema, options);
    this.#scale = (schema as { scale?: number }).scale ?? 0;
  }

  protected override _fromValue(bytes: Buffer): string {
    const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x0${bytes.toString('hex')}`));
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(this.#scale + 1, '0');
    const point = digits.length - this.#scale;
    const fraction = this.#scale > 0 ? `.${digits.slice(point)}` : '';
    return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`;
  }

  protected override _toValue(): never {
    throw new Error('these topics are read, not written');
  }
}
