/** axe-core in the page that is open: the ids of what is serious or worse. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as {
        axe: {
          run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }>;
        };
      }
    ).axe.run();
    return violations
      .filter(({ impact }) => /serious|critical/.test(impact))
      .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

/** How much wider than its window a page is, at each width. */
export async function overflowAt(page: Page, widths: readonly number[]): Promise<[number, number][]> {
  const found: [number, number][] = [];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (over > 0) found.push([width, over]);
  }
  return found;
}
