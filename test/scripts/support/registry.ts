/**
 * A registry of packages on loopback, for `npm install` as a stranger does it: what package-lock.json has installed here,
 * and the given tarballs. Nothing else can be had from it, so a dependency that nobody declared is missed.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Manifest {
  name: string;
  version: string;
  dist: { tarball: string; integrity?: string };
}
interface Package {
  manifest: Omit<Manifest, 'dist'>;
  /** A folder of node_modules. */
  folder?: string;
  tarball?: string;
}

/** All that is installed, by name; of several versions each. */
function installed(): Map<string, Package[]> {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, unknown>;
  };
  const found = new Map<string, Package[]>();
  for (const path of Object.keys(packages)) {
    const name = path.split('node_modules/').at(-1) ?? '';
    if (name !== '') found.set(name, [...(found.get(name) ?? []), { folder: join(root, path) } as Package]);
  }
  return found;
}

const readManifest = (text: string) => JSON.parse(text) as Package['manifest'];

/** Answers its URL, and how to end it. */
export async function startRegistry(tarballs: readonly string[]) {
  const packages = installed();
  for (const tarball of tarballs) {
    const { stdout } = spawnSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' });
    const manifest = readManifest(stdout);
    packages.set(manifest.name, [{ manifest, tarball }]);
  }

  const server = createServer((request, response): unknown => {
    const [, name = '', version] =
      /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.+)\.tgz)?$/.exec(decodeURIComponent(request.url ?? '')) ?? [];
    const versions = (packages.get(name) ?? []).flatMap((one) => {
      try {
        const manifest =
          one.manifest ?? readManifest(readFileSync(join(one.folder ?? '', 'package.json'), 'utf8'));
        return [{ ...one, manifest }];
      } catch {
        // For another platform: it is in the lock file, and not here.
        return [];
      }
    });
    if (versions.length === 0) return response.writeHead(404).end('{}');
    if (version !== undefined) {
      const wanted = versions.find(({ manifest }) => manifest.version === version);
      if (wanted?.tarball) return createReadStream(wanted.tarball).pipe(response);
      const folder = wanted?.folder ?? '';
      // No install scripts and no nested packages: npm asks for those by name.
      const tar = spawn('tar', [
        ...['-czf', '-', '--exclude', 'node_modules', '--transform', `s,^${basename(folder)},package,`],
        ...['-C', dirname(folder), basename(folder)],
      ]);
      return tar.stdout.pipe(response);
    }
    const { port } = server.address() as AddressInfo;
    const url = (of: string) => `http://127.0.0.1:${port}/${name}/-/${of}.tgz`;
    return response.end(
      JSON.stringify({
        name,
        'dist-tags': { latest: versions[0]?.manifest.version },
        versions: Object.fromEntries(
          versions.map(({ manifest, tarball }) => [
            manifest.version,
            {
              ...manifest,
              scripts: {},
              dist: {
                tarball: url(manifest.version),
                ...(tarball && {
                  integrity: `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`,
                }),
              },
            },
          ]),
        ),
      }),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => server.close(),
  };
}
