/** Deployments whose OpenAPI documents differ, and the document of each. */
import template from '../../assets/docs/openapi/template.json' with { type: 'json' };
import { type Node, resolveTemplate } from '../../src/openapi/resolve-template.ts';
import { loadSettings, type Settings } from '../../src/settings.ts';

export function settingsOf(vars: Record<string, string>): Settings {
  const loaded = loadSettings({ EMAIL: {}, ...vars });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.settings;
}

export const DEPLOYMENTS: Record<string, Record<string, string>> = {
  'as it is': {},
  'in development': { ENVIRONMENT: 'development' },
  'with mail': { MAIL: 'cloudflare', MAIL_FROM: 'a@example.com', PUBLIC_URL: 'https://accounts.example.com' },
  'in cookie mode': { ENVIRONMENT: 'development', REFRESH_TRANSPORT: 'cookie' },
  'with sign-up by mail': { ENVIRONMENT: 'development', SIGN_UP: 'verify' },
  'with sign-up closed': { SIGN_UP: 'closed' },
  'without rotation': { ROTATE_REFRESH_TOKENS: 'false' },
  'with djoser and dj-rest-auth': {
    ENVIRONMENT: 'development',
    COMPAT: 'djoser,dj-rest-auth',
  },
  'with another scheme': { AUTH_HEADER_TYPES: 'JWT' },
  'with everything else': {
    ENVIRONMENT: 'development',
    REFRESH_TRANSPORT: 'cookie',
    SIGN_UP: 'verify',
    ROTATE_REFRESH_TOKENS: 'false',
  },
};

export const textOf = (vars: Record<string, string>) =>
  JSON.stringify(resolveTemplate(template as unknown as Node, settingsOf(vars)));
