/**
 * Which paths belong to the schema registry: there errors have Confluent's shape, and Basic credentials are taken. Also parts of
 * Confluent's API that are not served: its clients ask for them unasked (which subject is associated with a topic) and go on after a 404,
 * but not after a 401.
 */
const own = /^\/(?:$|(?:subjects|schemas|config|associations|mode|compatibility|contexts)(?:\/|$))/i;

export function isSchemaRegistry(path: string): boolean {
  return own.test(path);
}
