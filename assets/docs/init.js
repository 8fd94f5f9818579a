// Swagger UI over the Worker's own document, in the colors of the console. The access token that somebody authorizes
// with is kept for a reload of this tab (sessionStorage) until they log out of it or close the tab; nothing is kept
// beyond, and no other origin is asked for anything.
const KEPT = 'hono-accounts.docs.access';
const SCHEME = 'bearerAuth';

function store(change) {
  try {
    return change(sessionStorage);
  } catch {
    return null; // Storage that is switched off: a reload forgets.
  }
}
const keep = (token) =>
  store((area) => (token ? area.setItem(KEPT, token) : area.removeItem(KEPT)));

// Swagger UI goes dark by a class.
const dark = matchMedia('(prefers-color-scheme: dark)');
const colors = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', colors);
colors();

// After a sign-up, a sign-in or a refresh: one click authorizes with the token of the answer.
const offer = document.querySelector('#offer');
const offered = offer.querySelector('span');
const accept = offer.querySelector('button');
let token = null;

const scheme = () =>
  ui.specSelectors.specJson().getIn(['components', 'securitySchemes', SCHEME]).toJS();

// Not preauthorizeApiKey: it knows the actions as they were before the plugin below.
const authorizeWith = (value) =>
  ui.authActions.authorize({ [SCHEME]: { name: SCHEME, schema: scheme(), value } });

function offerToken(response) {
  const access = response.ok ? response.obj?.access : undefined;
  // Where the header has another scheme than Bearer it is typed as a whole.
  if (typeof access === 'string' && scheme().type === 'http') {
    token = access;
    offered.textContent = 'The response has an access token.';
    accept.hidden = false;
    offer.hidden = false;
  }
  return response;
}

accept.addEventListener('click', () => {
  authorizeWith(token);
  accept.hidden = true;
  offered.textContent = 'Authorized: “Try it out” now sends this token.';
});

const keepsToken = () => ({
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (authorize) => (given) => {
          keep(given[SCHEME]?.value);
          return authorize(given);
        },
        logout: (logout) => (names) => {
          keep(null);
          offer.hidden = true;
          return logout(names);
        },
      },
    },
  },
});

const ui = window.SwaggerUIBundle({
  // Beside the folder of this script, which may be below a path of its own.
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
  plugins: [keepsToken],
  responseInterceptor: offerToken,
  onComplete: () => {
    const kept = store((area) => area.getItem(KEPT));
    if (kept) authorizeWith(kept);
  },
});
