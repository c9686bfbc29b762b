/** Every text of the console, in English. zh.ts has the same shape: a text that is missing there does not compile. */
import { enPages } from './en-pages.js';
import { enShell } from './en-shell.js';

export const en = { ...enShell, ...enPages };
export type Text = typeof en;
