/** Starts the app that the container's command names. */
const apps = ['capture', 'loader', 'files', 'control'];
const [app] = process.argv.slice(2);

if (app === 'configure') {
  await import('./configure.mjs');
} else if (apps.includes(app)) {
  await import(`../dist/apps/${app}/src/main.js`);
} else {
  console.error(`usage: ${[...apps, 'configure'].join(' | ')}; got ${app === undefined ? 'nothing' : JSON.stringify(app)}`);
  process.exitCode = 64;
}
