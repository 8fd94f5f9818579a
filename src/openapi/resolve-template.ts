/**
 * Turns the document as built into that of one deployment. A node `{"x-when": {condition: node, …, "else": node}}` is
 * replaced by its first choice whose condition holds, or removed. A condition is a setting and its values, such as
 * `MAIL=inbox|cloudflare`; for a list, any item may match. A name alone means that the setting is set.
 */
import type { Settings } from '../settings.ts';

export type Node = Record<string, unknown>;

function holds(condition: string, settings: Settings): boolean {
  const [name = '', values = ''] = condition.split('=');
  return (
    name === 'else' ||
    (!condition.includes('=') && settings[name as keyof Settings] !== undefined) ||
    [settings[name as keyof Settings]].flat().some((value) => values.split('|').includes(String(value)))
  );
}

function choose(node: unknown, settings: Settings): unknown {
  if (Array.isArray(node)) {
    return node.map((item) => choose(item, settings)).filter((item) => item !== undefined);
  }
  if (typeof node !== 'object' || node === null) return node;
  if ('x-when' in node) {
    const choice = Object.entries(node['x-when'] as Node).find(([condition]) => holds(condition, settings));
    return choice && choose(choice[1], settings);
  }
  return Object.fromEntries(
    Object.entries(node)
      .map(([key, child]) => [key, choose(child, settings)])
      .filter(([, child]) => child !== undefined),
  );
}

/** Also removes components that are no longer referenced. */
export function resolveTemplate(template: Node, settings: Settings): Node {
  const document = choose(template, settings) as { components: Record<string, Node> };
  const { securitySchemes, ...sections } = document.components;
  for (let before = ''; ; ) {
    const text = JSON.stringify(document);
    if (text === before) return document;
    before = text;
    const used = new Set(text.match(/#\/components\/[^"]+/g));
    for (const [section, entries] of Object.entries(sections)) {
      for (const name of Object.keys(entries)) {
        if (!used.has(`#/components/${section}/${name}`)) delete entries[name];
      }
    }
  }
}
