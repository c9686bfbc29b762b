/**
 * Kafka Connect, Debezium's JDBC sink and the converter of connect/, ready to run: from Maven Central by the user's own `mvn`, once per
 * user and content of the converter.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from '../servers/cache.js';
import { run } from '../servers/command.js';
import { type Artifact, copyJars } from '../servers/maven.js';

const converter = fileURLToPath(new URL('connect/RegistryConverter.java', import.meta.url));

/** Of two versions of a jar Maven takes that of the nearest, then of the first artifact. */
const artifacts: readonly Artifact[] = [
  { group: 'com.fasterxml.jackson.core', id: 'jackson-databind', version: '2.21.2' },
  { group: 'org.apache.kafka', id: 'connect-runtime', version: '4.3.0' },
  { group: 'org.slf4j', id: 'slf4j-simple', version: '1.7.36' },
  // Of 3.6 a dependency is not on Maven Central.
  { group: 'io.debezium', id: 'debezium-connector-jdbc', version: '3.5.0.Final' },
  { group: 'org.apache.avro', id: 'avro', version: '1.12.0' },
  // AvroData, and the one class of the other that it names: without the rest of Apicurio's registry.
  { group: 'io.apicurio', id: 'apicurio-registry-utils-converter', version: '2.6.13.Final', alone: true },
  { group: 'io.apicurio', id: 'apicurio-registry-serdes-avro-serde', version: '2.6.13.Final', alone: true },
];

/** A compiler that a Java runtime without javac can run. */
const compiler: Artifact = { group: 'org.eclipse.jdt', id: 'ecj', version: '3.37.0' };

/** Resolves to a class path. @throws MissingToolError, CommandError with what Maven or the compiler says */
export async function connectClassPath(): Promise<string> {
  const digest = createHash('sha256')
    .update(JSON.stringify([artifacts, compiler]))
    .update(await readFile(converter))
    .digest('hex')
    .slice(0, 12);
  const folder = await cached(`connect-${digest}`, async (draft) => {
    await copyJars(artifacts, join(draft, 'libs'));
    await copyJars([compiler], join(draft, 'compiler'));
    await compile(draft);
  });
  return `${folder}/classes:${folder}/libs/*`;
}

async function compile(folder: string): Promise<void> {
  const jars = (await readdir(join(folder, 'libs'))).map((jar) => join(folder, 'libs', jar));
  const main = 'org.eclipse.jdt.internal.compiler.batch.Main';
  const options = ['-17', '-nowarn', '-cp', jars.join(':'), '-d', join(folder, 'classes')];
  await run('java', ['-cp', `${folder}/compiler/*`, main, ...options, converter]);
}
