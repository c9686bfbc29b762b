export function toRunAgain(failures: readonly { readonly file: string }[], failed: number): readonly string[];
