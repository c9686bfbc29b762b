/** Pages lead where they say: each link to a file of ours, each link to a heading. A decision has a number of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.md'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => existsSync(join(root, file)));
const text = new Map(pages.map((page) => [page, readFileSync(join(root, page), 'utf8').replaceAll(/^```[^]*?^```/gm, '')]));

/** As GitHub makes them; a heading that comes again gets a number. */
function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = [...(text.get(page) ?? '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
  return new Set(anchors);
}

function isBroken(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const to = file === '' ? page : normalize(join(dirname(page), file));
  if (!existsSync(join(root, to))) return true;
  return anchor !== undefined && text.has(to) && !anchorsOf(to).has(anchor);
}

it('no link leads nowhere', () => {
  const links = pages.flatMap((page) =>
    [...(text.get(page) ?? '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => ({ page, link }))
      .filter(({ link }) => !/^\w+:/.test(link)),
  );
  expect(links.length).toBeGreaterThan(200);
  expect(links.filter(({ page, link }) => isBroken(page, link))).toEqual([]);
});

it('each decision has a number of its own, and its page says it', () => {
  const files = readdirSync(join(root, 'docs/decisions'));
  const numbers = files.map((file) => file.slice(0, 4));
  expect(numbers.filter((number, at) => numbers.indexOf(number) !== at)).toEqual([]);
  expect(files.filter((file) => !text.get(`docs/decisions/${file}`)?.startsWith(`# ${file.slice(0, 4)}: `))).toEqual([]);
});
