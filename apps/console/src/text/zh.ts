/** Every text of the console, in Chinese; otter's words where it had one. */
import type { Text } from './en.js';
import { zhPages } from './zh-pages.js';
import { zhShell } from './zh-shell.js';

export const zh: Text = { ...zhShell, ...zhPages };
