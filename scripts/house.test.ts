/** What a compiler and a linter do not look at: what lies at the top, what was left by a merge, what nobody uses, what stands twice. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { conflictPolicies } from '@lutra/model';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((file) => existsSync(`${root}${file}`));
const texts = files.filter((file) => /\.(tsx?|css|html|mjs|md|json|sh|sql|ya?ml|example)$|Dockerfile$|\.ci\/run$/.test(file));
const code = files.filter((file) => /\.(tsx?|mjs)$/.test(file));
const product = code.filter((file) => /^(apps|libs)\/[^/]+\/src\/(?!testing\/)/.test(file) && !/\.test\.tsx?$|fixture\.ts$/.test(file));

/** Without comments; a barrel uses nothing by passing it on. */
const bare = new Map(
  product.map((file) => {
    const text = read(file)
      .replaceAll(/\/\*[^]*?\*\//g, '')
      .replaceAll(/\/\/ .*$/gm, '');
    return [file, file.endsWith('/index.ts') ? text.replaceAll(/^export .* from .*$/gm, '') : text];
  }),
);

it('nothing lies at the top that is not known', () => {
  const known = [
    '.ci',
    '.dockerignore',
    '.gitignore',
    '.npmrc',
    '.oxfmtrc.json',
    '.oxlintrc.json',
    'CHANGELOG.md',
    'CONTRIBUTING.md',
    'LICENSE',
  ].concat(
    ['README.md', 'apps', 'docker', 'docs', 'libs', 'nest-cli.json', 'package-lock.json', 'package.json', 'schemas', 'scripts', 'test'],
    ['tsconfig.json', 'vitest.config.ts'],
  );
  expect([...new Set(files.map((file) => file.split('/')[0] ?? ''))].filter((name) => !known.includes(name))).toEqual([]);
});

it('no merge has left its markers', () => {
  expect(texts.filter((file) => /^(<{7}|\|{7}|>{7})( |$)|^={7}$/m.test(read(file)))).toEqual([]);
});

it('no line of a comment is wider than the code', () => {
  const wide = code.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => (/^\s*(\*|\/\*|\/\/)/.test(line) && line.length > 140 ? `${file}:${i + 1}` : [])),
  );
  expect(wide.filter((place) => !place.startsWith('scripts/positions-doc.ts'))).toEqual([]); // it holds Markdown
});

it('what a conflict policy is, its entry says: nobody asks for one by its name', () => {
  const named = new RegExp(`\\bpolicy[ )]*[!=]== '(${conflictPolicies.join('|')})'`);
  expect(product.filter((file) => named.test(bare.get(file) ?? ''))).toEqual([]);
});

it('each lib and app has a rule for what it imports', () => {
  const rules = JSON.parse(read('.oxlintrc.json')) as { overrides: { files: string[]; rules: Record<string, unknown> }[] };
  const ruled = rules.overrides.filter(({ rules: of }) => Array.isArray(of['no-restricted-imports'])).flatMap(({ files: of }) => of);
  const names = new Set(files.flatMap((file) => /^libs\/([^/]+)\//.exec(file)?.[1] ?? []));
  const isRuled = (name: string): boolean => ruled.some((glob) => new RegExp(`^libs/(\\{.*\\b${name}\\b.*\\}|${name})/`).test(glob));
  expect([...names].filter((name) => !isRuled(name))).toEqual([]);
  expect(ruled).toContain('apps/**');
});

it('each package is used', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  // Used without an import: tools and their parts, types, what another package asks for, and the stand-in that sends nothing home.
  const byOthers = [
    '@lezer/highlight',
    '@lezer/lr',
    '@nestjs/cli',
    '@scarf/scarf',
    '@types/node',
    '@types/react',
    '@types/react-dom',
    'node',
    'oxfmt',
    'oxlint',
    'oxlint-tsgolint',
    'tsx',
  ].concat(['typescript', 'kafkajs']);
  const all = code.map(read).join('\n');
  const names = Object.keys({ ...dependencies, ...devDependencies });
  expect(names.filter((name) => !byOthers.includes(name) && !new RegExp(`['"]${name}(/[^'"]*)?['"]`).test(all))).toEqual([]);
});

it('what the product exports, the product uses: nothing is there for its tests alone', () => {
  const counts = new Map<string, number>();
  for (const text of bare.values()) for (const word of text.match(/[\w$]+/g) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  const exported = /^export (?:async )?(?:function\*?|const|class) ([\w$]+)/gm;
  const alone = [...bare].flatMap(([file, text]) =>
    [...text.matchAll(exported)].flatMap(([, name = '']) => (counts.get(name) === 1 ? [`${file}: ${name}`] : [])),
  );
  expect(alone).toEqual([]);
});

describe('a list of names or numbers', () => {
  const list = /\[\s*((?:'[^'\n]*'|\d+)(?:,\s*(?:'[^'\n]*'|\d+)){3,},?)\s*\]/g;

  it('stands once: of two, one is discarded when the other grows', () => {
    const places = [...bare].flatMap(([file, text]) =>
      [...text.matchAll(list)].map(([, items = '']) => ({
        file,
        key: items
          .match(/'[^'\n]*'|\d+/g)!
          .toSorted()
          .join(),
      })),
    );
    const twice = [...Map.groupBy(places, ({ key }) => key)].filter(([, found]) => new Set(found.map(({ file }) => file)).size > 1);
    // What a user is granted is asked for where it is needed: one table may come to need less than another.
    const known = ["'INSERT','SELECT','TRIGGER','UPDATE'"];
    expect(twice.filter(([key]) => !known.includes(key)).map(([key, found]) => [key, ...found.map(({ file }) => file)])).toEqual([]);
  });
});
