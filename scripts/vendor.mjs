/**
 * Bundles the packages that cost an app most of its start: hundreds of small modules each, and a Kafka client that compiles 38 validators
 * of which Lutra calls none. One module per package below dist/vendor/; what they share stands once. All other packages stay in
 * node_modules, so do those that Nest looks for and may lack. docs/decisions/0030-start-time.md has the measurements.
 */
/** NestJS as a whole: two copies of one of its packages would not know each other's classes. */
const bundled = /^(@nestjs\/[a-z-]+|@platformatic\/kafka|reflect-metadata|rxjs|zod)$/;

/** Loaded by a path beside themselves, or required by name at run time, as Nest does with kafkajs: libs/host changes that very copy. */
const apart = [/^@platformatic\/wasm-utils/, /^@node-rs\//, /^kafkajs(\/|$)/, /^swagger-ui-dist(\/|$)/];

/** Where a package stands below dist/; undefined: in node_modules. */
export function vendored(specifier) {
  return bundled.test(specifier) ? `vendor/${specifier.replace('@', '').replace('/', '-')}.js` : undefined;
}

/**
 * @param uses Package → names that are imported from it; none: it is imported for its effects.
 * @param root Folder with the node_modules that the packages are taken from.
 * @returns {Promise<ReadonlyMap<string, string>>} File below dist/ → text.
 */
export async function bundle(uses, root) {
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(
      [...uses.keys()].map((specifier) => [vendored(specifier).slice('vendor/'.length, -'.js'.length), `${entry}${specifier}`]),
    ),
    platform: 'node',
    external: apart,
    plugins: [entries(uses, root)],
    treeshake: {
      moduleSideEffects: [{ test: /[\\/]@platformatic[\\/]kafka[\\/]/, sideEffects: false }],
      // A validator that is compiled and never called is left out, and ajv with the last of them.
      manualPureFunctions: ['ajv', 'Ajv2020'],
    },
    onLog: (level, log) => {
      // Nest's transports, its class validator and its WebSockets are optional packages.
      if (level === 'warn' && log.code !== 'UNRESOLVED_IMPORT') throw new Error(`the packages cannot be bundled: ${log.message}`);
    },
  });
  try {
    // Decorators of Nest run while its modules load: reflect-metadata must have run before.
    const { output } = await build.generate({ format: 'esm', entryFileNames: '[name].js', strictExecutionOrder: true });
    return new Map(output.map(({ fileName, code }) => [`vendor/${fileName}`, code]));
  } finally {
    await build.close();
  }
}

const entry = '\0vendor:';

/** For each package a module that passes on what is used of it. */
function entries(uses, root) {
  return {
    name: 'vendor',
    resolveId(id, importer) {
      if (id.startsWith(entry)) return id;
      return importer?.startsWith(entry) ? this.resolve(id, `${root}/package.json`) : null;
    },
    load(id) {
      if (!id.startsWith(entry)) return null;
      const specifier = id.slice(entry.length);
      return { code: `export { ${[...uses.get(specifier)].join(', ')} } from '${specifier}';`, moduleSideEffects: 'no-treeshake' };
    },
  };
}
