/** From the environment, before any decorator asks for it. */
export const topics = needed('LUTRA_TOPIC').split(',');
export const brokers = needed('KAFKA').split(',');
export const registry = { url: needed('LUTRA_CONTROL'), token: needed('LUTRA_API_TOKEN') };
/** Nest adds `-server` to it. */
export const groupId = process.env['GROUP'] ?? 'lutra-rows';

function needed(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set`);
}
