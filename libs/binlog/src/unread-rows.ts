/** Rows of an event that are decoded when somebody asks for them. */
import type { FilePosition, ImageBytes, RowImage, SourceItem } from '@lutra/model';

type Rows = Extract<SourceItem, { kind: 'rows' }>;

export class UnreadRows implements Rows {
  readonly kind = 'rows';
  readonly table: Rows['table'];
  readonly op: Rows['op'];
  readonly flags: number;
  readonly at: FilePosition;
  readonly bytes: number;
  readonly images: ImageBytes;
  readonly #decode: () => readonly RowImage[];
  #rows: readonly RowImage[] | null = null;

  constructor({ table, op, flags, at, bytes }: Omit<Rows, 'kind' | 'rows'>, images: ImageBytes, decode: () => readonly RowImage[]) {
    this.table = table;
    this.op = op;
    this.flags = flags;
    this.at = at;
    this.bytes = bytes;
    this.images = images;
    this.#decode = decode;
  }

  get rows(): readonly RowImage[] {
    return (this.#rows ??= this.#decode());
  }
}
