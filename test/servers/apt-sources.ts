/**
 * The package archives that this machine's apt uses, in both of apt's formats. No archive's address is written in our code: a
 * machine may sit behind a mirror. https://manpages.debian.org/bookworm/apt/sources.list.5.en.html
 */
import { glob, readFile } from 'node:fs/promises';

export interface AptSource {
  readonly uri: string;
  /** Path of the keyring, when the source names one. */
  readonly signedBy: string | undefined;
}

/** Archives with a component `main`, Debian's or not; security archives have no suite sid. */
export async function machineSources(): Promise<AptSource[]> {
  const files = ['/etc/apt/sources.list'];
  for await (const file of glob('/etc/apt/sources.list.d/*.{list,sources}')) files.push(file);
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    sources.push(...(file.endsWith('.sources') ? fromStanzas(text) : fromLines(text)));
  }
  const byUri = new Map(sources.map((source) => [source.uri, source]));
  return [...byUri.values()].filter(({ uri }) => !uri.includes('security'));
}

/** `deb [signed-by=/key option=x] URI suite component …` */
export function fromLines(text: string): AptSource[] {
  const lines = text.matchAll(/^[ \t]*deb[ \t]+(?:\[([^\]]*)\][ \t]+)?(\S+)[ \t]+\S+[ \t]+(.*)$/gm);
  return Array.from(lines).flatMap(([, options = '', uri = '', components = '']) =>
    /\bmain\b/.test(components.replace(/#.*/, '')) ? [{ uri, signedBy: /signed-by=(\S+)/.exec(options)?.[1] }] : [],
  );
}

/** Stanzas of `Field: values`, with comment lines in between. A key that is spelled out in the file is left to apt's own keyrings. */
export function fromStanzas(text: string): AptSource[] {
  const stanzas = text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/);
  return stanzas.flatMap((stanza) => {
    const field = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(stanza)?.[1]?.trim() ?? '';
    if (!/\bdeb\b/.test(field('Types')) || !/\bmain\b/.test(field('Components')) || /^no$/i.test(field('Enabled'))) return [];
    const signedBy = field('Signed-By').startsWith('/') ? field('Signed-By') : undefined;
    return field('URIs')
      .split(/\s+/)
      .filter(Boolean)
      .map((uri) => ({ uri, signedBy }));
  });
}
