// Swagger UI over the Worker's own document. Tokens stay in memory: nothing is kept for the next visit, and no
// other origin is asked for anything.
window.SwaggerUIBundle({
  // Beside the folder of this script, which may be below a path of its own.
  url: new URL('../openapi.json', document.currentScript.src).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
