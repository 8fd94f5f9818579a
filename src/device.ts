/** Devices as people recognise them, read from the User-Agent. */
/// <reference path="./bowser.d.ts" />

/** Names for display, such as `Chrome, Linux`; '' if unknown. */
export interface Device {
  /** `Chrome`. */
  family: string;
  /** The device, such as `iPhone`, or the operating system. */
  system: string;
  /** With the operating system. */
  name: string;
}

/** Bowser's names; for programs it does not know, the text before the slash, such as `curl`. */
export async function deviceOf(userAgent: string | null): Promise<Device> {
  if (!userAgent) return { family: '', system: '', name: '' };
  // Loaded on demand, as few requests need it. The modules are smaller than the build, which is for old browsers.
  const { default: bowser } = await import('bowser/src/bowser.js');
  const { browser, os, platform } = bowser.parse(userAgent);
  const family = browser.name || (/^[\w.-]+/.exec(userAgent)?.[0] ?? '');
  const system = platform.model || os.name || '';
  return { family, system, name: [family, os.name].filter(Boolean).join(', ') };
}
