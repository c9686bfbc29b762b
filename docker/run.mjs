/** Starts the app that the container's command names; `lutra` is the command line, with the words behind it. */
const apps = ['capture', 'loader', 'files', 'control'];
const [app] = process.argv.slice(2);

if (app === 'configure') {
  await import('./configure.mjs');
} else if (app === 'lutra') {
  process.argv.splice(2, 1); // the verb comes first
  await import('../dist/cli/lutra.js');
} else if (apps.includes(app)) {
  await import(`../dist/apps/${app}/src/main.js`);
} else {
  console.error(`usage: ${[...apps, 'configure', 'lutra'].join(' | ')}; got ${app === undefined ? 'nothing' : JSON.stringify(app)}`);
  process.exitCode = 64;
}
