/** Both formats of apt's list of archives. */
import { expect, test } from 'vitest';
import { fromLines, fromStanzas } from './apt-sources.js';

test('one-line sources give archive and key, not deb-src, comments or other components', () => {
  const text = `# deb http://commented.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib
deb-src http://source.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] https://signed.example/debian bookworm main # why
deb https://other.example/apt stable tools # not main`;
  expect(fromLines(text)).toEqual([
    { uri: 'http://mirror.example/debian', signedBy: undefined },
    { uri: 'https://signed.example/debian', signedBy: '/usr/share/keyrings/a.gpg' },
  ]);
});

test('stanzas give every archive of theirs, and a key only when it is a path', () => {
  const text = `Types: deb deb-src
# a comment in between
URIs: http://one.example/debian https://two.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/a.gpg

Types: deb
URIs: http://off.example/debian
Suites: sid
Components: main
Enabled: no

Types: deb
URIs: http://inline.example/debian
Suites: sid
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
`;
  expect(fromStanzas(text)).toEqual([
    { uri: 'http://one.example/debian', signedBy: '/usr/share/keyrings/a.gpg' },
    { uri: 'https://two.example/debian', signedBy: '/usr/share/keyrings/a.gpg' },
    { uri: 'http://inline.example/debian', signedBy: undefined },
  ]);
});
