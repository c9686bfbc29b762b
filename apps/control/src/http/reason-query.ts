/** Of requests without a body: why, as the history, the audit log and what is wanted of the channel keep it. Read by author.ts. */
export const reasonQuery = { name: 'reason', required: false, schema: { type: 'string' as const, maxLength: 1000 } };
