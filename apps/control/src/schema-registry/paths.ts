/** Which paths belong to the schema registry: there errors have Confluent's shape, and Basic credentials are taken. */
const own = /^\/(?:$|(?:subjects|schemas|config)(?:\/|$))/i;

export function isSchemaRegistry(path: string): boolean {
  return own.test(path);
}
