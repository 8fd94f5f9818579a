/**
 * Derives a readable accent color from SITE_COLOR, for the light and the dark scheme: a contrast of at least 4.5:1
 * (WCAG 2.2, 1.4.3) with every background of assets/static/theme.css. Pure.
 */

type Rgb = readonly [red: number, green: number, blue: number];

const LEAST_CONTRAST = 4.5;
const STEPS = 50;
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

/** The backgrounds of the theme with the least contrast to text: `--hover` and `--info-back`. */
const LIGHT_BACKGROUNDS = ['#eef2f8', '#e3ecfa'];
const DARK_BACKGROUNDS = ['#222a37', '#1b2e4d'];

const toRgb = (hex: string): Rgb => {
  const bits = Number.parseInt(hex.slice(1), 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
};
const toHex = (color: Rgb): string =>
  `#${color.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;

const mix = (from: Rgb, to: Rgb, share: number): Rgb => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];

/** WCAG 2.2, "relative luminance". */
function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrastOf(one: Rgb, other: Rgb): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** The contrast ratio, from 1 to 21. */
export const contrast = (one: string, other: string): number => contrastOf(toRgb(one), toRgb(other));

/** The color itself if it is readable on all backgrounds, otherwise the nearest one on the way to black or white. */
function readable(color: Rgb, backgrounds: readonly string[], towards: Rgb): string {
  for (let step = 0; ; step++) {
    const hex = toHex(mix(color, towards, step / STEPS));
    if (step === STEPS || backgrounds.every((back) => contrast(hex, back) >= LEAST_CONTRAST)) return hex;
  }
}

/** White or black: one of the two always has a contrast of at least 4.5:1. */
const textOn = (hex: string): string =>
  contrastOf(toRgb(hex), WHITE) >= LEAST_CONTRAST ? toHex(WHITE) : toHex(BLACK);

/** CSS to append to the theme. */
export function accentCss(color: string): string {
  const rgb = toRgb(color);
  const light = readable(rgb, LIGHT_BACKGROUNDS, BLACK);
  const dark = readable(rgb, DARK_BACKGROUNDS, WHITE);
  return `:root {
  --accent: light-dark(${light}, ${dark});
  --on-accent: light-dark(${textOn(light)}, ${textOn(dark)});
  --link: light-dark(${light}, ${dark});
  --bar-accent: ${readable(rgb, ['#1f2a3d', '#0c1017'], WHITE)};
}
`;
}
