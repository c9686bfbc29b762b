/** Full size by default; on a smaller machine or in a hurry: less. LUTRA_SEED repeats a run's random choices. */
export const settings = {
  /** Of all tables of a run. */
  rows: numberOf('LUTRA_SEEDED_ROWS', 2_000_000),
  kills: numberOf('LUTRA_SEEDED_KILLS', 12),
  damaged: numberOf('LUTRA_DAMAGED_ROWS', 500),
  tables: numberOf('LUTRA_SEEDED_TABLES', 1_000),
} as const;

function numberOf(name: string, otherwise: number): number {
  const number = Number(process.env[name] ?? otherwise);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${name}: a whole number`);
  return number;
}
