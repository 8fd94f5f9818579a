/**
 * `npm run build:assets`: generates files in `assets`: the template of the OpenAPI document (docs/adr/0005-openapi.md),
 * the files of Swagger UI, the client for pages without a bundler, and the scripts of the account pages. They are
 * committed, so that the Worker needs no build step; test/unit/openapi.test.ts, client-build.test.ts and
 * pages-build.test.ts fail when they are out of date.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleClient, SERVED } from './build-client.ts';
import { bundlePages } from './build-pages.ts';
import { openapiTemplate } from './openapi/document.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const docs = join(root, 'assets/docs');
for (const folder of ['openapi', 'swagger-ui']) mkdirSync(join(docs, folder), { recursive: true });

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const template = await openapiTemplate(version);
writeFileSync(join(docs, 'openapi/template.json'), `${JSON.stringify(template, null, 2)}\n`);

const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
for (const file of [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt',
  'LICENSE',
  'NOTICE',
]) {
  copyFileSync(join(swaggerUi, file), join(docs, 'swagger-ui', file));
}

for (const [file, text] of Object.entries(await bundleClient('client'))) {
  writeFileSync(join(root, 'assets/static', file), text);
}
mkdirSync(join(root, 'assets/static/client'), { recursive: true });
for (const entry of SERVED) {
  for (const [file, text] of Object.entries(await bundleClient(entry))) {
    writeFileSync(join(root, 'assets/static/client', file), text);
  }
}
for (const [file, text] of Object.entries(await bundlePages())) {
  writeFileSync(join(root, 'assets/static', file), text);
}
