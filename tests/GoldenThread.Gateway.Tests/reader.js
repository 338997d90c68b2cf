// Stands in for the reader of the OpenAPI document.
