// Swagger UI over the Worker's own document. Tokens stay in memory: nothing is kept for the next visit, and no
// other origin is asked for anything.
window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
