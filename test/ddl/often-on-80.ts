/** Golden files that are played on MySQL 8.0 each time: character sets, defaults, modes, and what it does not do in one piece. */
export const oftenOn80: ReadonlySet<string> = new Set(['clients', 'create', 'defaults', 'drop', 'foreign-keys', 'rename', 'sql-modes']);
