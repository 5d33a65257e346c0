// Starts the viewer of the OpenAPI document. The token that is entered under "Authorize" stays in
// this page and is forgotten when it is closed.

window.SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  // Without this the viewer asks a server on the Internet to validate the document.
  validatorUrl: null,
});
