/** Bar charts for the README, as SVG. The greys are readable on light and dark pages. */

interface Bar {
  name: string;
  value: number;
  ours: boolean;
}
interface Group {
  name: string;
  bars: readonly Bar[];
}

const WIDTH = 720;
const LEFT = 150;
const RIGHT = 150;
const TOP = 62;
const BAR = 18;
const GAP = 16;

const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function bars(
  title: string,
  note: string,
  groups: readonly Group[],
  show: (value: number) => string,
): string {
  const most = Math.max(...groups.flatMap((group) => group.bars.map((bar) => bar.value)));
  const lines: string[] = [];
  let y = TOP;
  for (const group of groups) {
    const middle = y + (group.bars.length * BAR) / 2 + 5;
    lines.push(
      `<text x="${LEFT - 12}" y="${middle}" text-anchor="end" class="name">${escapeXml(group.name)}</text>`,
    );
    for (const { name, value, ours } of group.bars) {
      const width = Math.max(2, (value / most) * (WIDTH - LEFT - RIGHT));
      lines.push(
        `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 3}" rx="2" class="${ours ? 'ours' : 'theirs'}"/>`,
        `<text x="${(LEFT + width + 7).toFixed(1)}" y="${y + 12}" class="value">${escapeXml(`${show(value)} ${name}`)}</text>`,
      );
      y += BAR;
    }
    y += GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${escapeXml(title)}">
<title>${escapeXml(title)}</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #656d76 }
.title { font-weight: 600; font-size: 15px; fill: #656d76 }
.note, .value { font-size: 12px }
.ours { fill: #f6821f }
.theirs { fill: #9aa4af }
@media (prefers-color-scheme: dark) { text { fill: #9da7b3 } .title { fill: #e6edf3 } .theirs { fill: #6e7781 } }
</style>
<text x="16" y="24" class="title">${escapeXml(title)}</text>
<text x="16" y="44" class="note">${escapeXml(note)}</text>
${lines.join('\n')}
</svg>
`;
}
